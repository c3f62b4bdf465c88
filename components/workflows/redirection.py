"""A script's pipes, redirections, here-documents and substitutions. Pure."""

import re
from collections.abc import Callable

from tree_sitter import Node

from components.workflows.machine_base import Base
from components.workflows.outcome import Reason, Refused
from components.workflows.value import Known, Opaque, Value, joined, known, text_of, without_newlines_at_end
from components.workflows.variables import Failed
from components.workflows.words import PARSER


class Redirections(Base):
    """What takes output to another place, or input from one."""

    def _pipeline(self, node: Node) -> int:
        stages = [child for child in node.named_children if child.type != "comment"]
        statuses = []
        content: Value | None = self.state.stdin[-1]
        kept = dict(self.state.env)
        for at, stage in enumerate(stages):
            is_last = at == len(stages) - 1
            self.state.stdin.append(content)
            if not is_last:
                self.state.out.append([])
            try:
                with self.guarded():
                    statuses.append(self.statement(stage))
            except Failed as end:
                statuses.append(end.status)
            finally:
                self.state.stdin.pop()
                if not is_last:
                    content = self.state.printed()
                    self.state.out.pop()
        self.state.env = kept
        failed = [status for status in statuses if status]
        return (failed[-1] if failed else 0) if self.state.pipefail else statuses[-1]

    def _redirected_statement(self, node: Node) -> int:
        body = node.child_by_field_name("body")
        redirects = [child for at, child in enumerate(node.children) if node.field_name_for_child(at) == "redirect"]
        if body is None:
            raise Refused(Reason.SYNTAX, self.words.line(node), ": it has a redirection alone")
        return self._redirected(redirects, lambda more: self._with_more(body, more))

    def _with_more(self, body: Node, more: list[Node]) -> int:
        if not more:
            return int(getattr(self, f"_{body.type}", self._unread)(body))
        if body.type != "command":
            raise Refused(Reason.SYNTAX, self.words.line(body), ": it has words behind a redirection")
        return self._command(body, more)

    def _redirected(self, redirects: list[Node], run: Callable[[list[Node]], int]) -> int:
        """Run with redirections. What stands behind the target of one is a word of the command, as in bash."""
        more: list[Node] = []
        target: tuple[str, bool] | None = None
        content: Value | None = None
        has_input = False
        for redirect in redirects:
            if redirect.type == "herestring_redirect":
                content, has_input = (*self.words.value(redirect.named_children[0]), Known("\n")), True
                continue
            places = [
                child
                for at, child in enumerate(redirect.children)
                if redirect.field_name_for_child(at) == "destination"
            ]
            operator = next(child.type for child in redirect.children if not child.is_named)
            descriptor = next(
                (self.words.raw(child) for child in redirect.children if child.type == "file_descriptor"), ""
            )
            more += self._behind(places)
            if operator == "<":
                content, has_input = self._file(places[0]), True
            elif operator == ">&" and descriptor in {"", "1"} and self.words.raw(places[0]) == "2":
                target = ("/dev/stderr", True)
            elif operator in {">", ">>", "&>", "&>>", ">|"} and descriptor in {"", "1"}:
                name = text_of(self.words.value(places[0]))
                target = (name or "?", operator.endswith(">>"))
        if has_input:
            self.state.stdin.append(content)
        if target:
            self.state.out.append([])
        try:
            return run(more)
        finally:
            if has_input:
                self.state.stdin.pop()
            if target:
                written = self.state.printed()
                self.state.out.pop()
                name, adds = target
                before = self.state.files.get(name, ()) if adds else ()
                if name != "/dev/null":
                    self.state.files[name] = joined([before, written])
                if name == "/dev/stderr":
                    self.state.files.pop(name)

    @staticmethod
    def _behind(places: list[Node]) -> list[Node]:
        """The words behind a redirection's target; nodes that touch are the target itself."""
        at = 1
        while at < len(places) and places[at].start_byte == places[at - 1].end_byte:
            at += 1
        return places[at:]

    def _file(self, node: Node) -> Value | None:
        found = re.fullmatch(r'"Zh(\d+)hZ"', self.words.raw(node))
        if found is None:
            name = text_of(self.words.value(node))
            return self.state.files.get(name) if name else None
        source, expands = self.source.heredocs[int(found[1])]
        if not expands:
            return source.pieces(0, len(source.text))
        root = PARSER.parse(source.text).root_node
        if root.has_error:
            raise Refused(Reason.SYNTAX, source.line(0), " in its here-document")
        inner = type(self)(source, self.state)
        nodes = [root]
        while nodes and nodes[0].type != "string":
            nodes = nodes[0].named_children[:1]
        return inner.words.value(nodes[0]) if nodes else known("")

    def substitute(self, node: Node) -> Value:
        """What a command substitution prints; in it, ``-e`` does not hold."""
        state = self.state
        children = [child for child in node.children if child.type not in {"$(", "`", ")", "<("}]
        kept, errexit = dict(state.env), state.errexit
        state.out.append([])
        state.errexit = False
        try:
            if len(children) == 1 and children[0].type == "file_redirect":
                state.write(self._file(children[0].named_children[-1]) or (Opaque(Reason.FILE, ("",)),))
                state.status = 0
            else:
                self.statements(children)
        except Failed as end:
            state.status = end.status
        finally:
            state.env, state.errexit = kept, errexit
            printed = state.printed()
            state.out.pop()
        self.substituted = state.status
        return without_newlines_at_end(printed)
