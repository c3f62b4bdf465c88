"""A shell script run step by step in a world of answers: which calls it makes, and whether it ends well. Pure.

The semantics are bash's own: what ``-e`` ends, what a pipe and a substitution return. What it does not know it refuses.
"""

from collections.abc import Iterator
from contextlib import contextmanager
import re

from tree_sitter import Node

from components.workflows.commands import COMMANDS
from components.workflows.conditions import test_node, test_words
from components.workflows.curl_request import Printing, read_request
from components.workflows.outcome import Note, Reason, Refused
from components.workflows.script_source import Source
from components.workflows.shell_state import Call, State
from components.workflows.value import Known, Opaque, Value, joined, known, lines_of, places_of, text_of, without_newlines_at_end
from components.workflows.words import PARSER, Failed, Part, Words, pattern_of

_SILENT = {"comment", ";", ";;", "\n", "&"}
_DEEPEST = 40


class _Jump(Exception):
    def __init__(self, kind: str, value: int) -> None:
        self.kind, self.value = kind, value
        super().__init__(kind)


class Machine:
    """A run of one script, whose calls and questions are written to the state's trace."""

    def __init__(self, source: Source, state: State) -> None:
        self.source, self.state = source, state
        self.words = Words(source, state, self.substitute)
        self.functions: dict[str, Node] = {}
        self.loops = 0
        self.frames: list[int] = []
        self.substituted = 0

    def run(self) -> int:
        """The script's exit status. Raises Refused for what cannot be read."""
        root = PARSER.parse(self.source.text).root_node
        self._refuse_errors(root)
        try:
            self.statements(root.children)
        except Failed as end:
            self.state.status = end.status
        except _Jump as jump:
            self.state.status = jump.value if jump.kind == "return" else 0
        return self.state.status

    def _refuse_errors(self, root: Node) -> None:
        if not root.has_error:
            return
        left = [root]
        while left:
            node = left.pop()
            if node.is_error or node.is_missing:
                raise Refused(Reason.SYNTAX, self.source.line(node.start_byte), "")
            left += [child for child in reversed(node.children) if child.has_error or child.is_missing]

    def statements(self, nodes: list[Node]) -> int:
        """Run statements in order; the status of the last."""
        for at, node in enumerate(nodes):
            if not node.is_named or node.type in _SILENT:
                if node.type == "&":
                    raise Refused(Reason.BACKGROUND, self.words.line(node))
                continue
            after = nodes[at + 1] if at + 1 < len(nodes) else None
            if after is not None and after.type == "&":
                raise Refused(Reason.BACKGROUND, self.words.line(node))
            self.statement(node)
        return self.state.status

    def statement(self, node: Node) -> int:
        """Run a statement, and end the script where ``-e`` does."""
        self.state.count(self.words.line(node))
        kind = node.type
        status = getattr(self, f"_{kind}", self._unread)(node)
        self.state.status = status
        ends = kind not in {"list", "if_statement", "while_statement", "for_statement", "c_style_for_statement", "case_statement", "negated_command", "function_definition"}
        if ends and not (kind == "compound_statement" and not self.words.raw(node).startswith("((")):
            self._end_on_error(status)
        return status

    def _end_on_error(self, status: int) -> None:
        if status and self.state.errexit and not self.state.guarded:
            raise Failed(status)

    def _unread(self, node: Node) -> int:
        raise Refused(Reason.SYNTAX, self.words.line(node), f": it has a {node.type.replace('_', ' ')}")

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Where a failure does not end the script."""
        self.state.guarded += 1
        try:
            yield
        finally:
            self.state.guarded -= 1

    # what consists of statements

    def _list(self, node: Node) -> int:
        operator = next(child.type for child in node.children if child.type in {"&&", "||"})
        left, right = node.named_children[0], node.named_children[-1]
        with self.guarded():
            status = self.statement(left)
        if (status == 0) is (operator == "||"):
            return status
        return self.statement(right)

    def _negated_command(self, node: Node) -> int:
        with self.guarded():
            return 0 if self.statement(node.named_children[-1]) else 1

    def _compound_statement(self, node: Node) -> int:
        raw = self.words.raw(node)
        if raw.startswith("(("):
            return 0 if self.words.number(raw[2:-2], self.words.line(node)) else 1
        return self.statements(node.children[1:-1])

    def _subshell(self, node: Node) -> int:
        kept = dict(self.state.env)
        try:
            return self.statements(node.children[1:-1])
        except Failed as end:
            return end.status
        finally:
            self.state.env = kept

    def _if_statement(self, node: Node) -> int:
        return self._branches(node, node.children)

    def _branches(self, node: Node, children: list[Node]) -> int:
        then = next(at for at, child in enumerate(children) if child.type == "then")
        with self.guarded():
            holds = self.statements(children[1:then]) == 0
        clauses = [child for child in children if child.type in {"elif_clause", "else_clause"}]
        if holds:
            end = next((at for at, child in enumerate(children) if child.type in {"elif_clause", "else_clause", "fi"}), len(children))
            self.state.status = 0
            return self.statements(children[then + 1 : end])
        for clause in clauses:
            if clause.type == "else_clause":
                self.state.status = 0
                return self.statements(clause.children[1:])
            status = self._elif(clause)
            if status is not None:
                return status
        return 0

    def _elif(self, clause: Node) -> int | None:
        then = next(at for at, child in enumerate(clause.children) if child.type == "then")
        with self.guarded():
            if self.statements(clause.children[1:then]) != 0:
                return None
        self.state.status = 0
        return self.statements(clause.children[then + 1 :])

    def _case_statement(self, node: Node) -> int:
        value = self.words.value(node.child_by_field_name("value") or node.named_children[0])
        text = text_of(value)
        line = self.words.line(node)
        for item in (child for child in node.children if child.type == "case_item"):
            patterns = [child for at, child in enumerate(item.children) if item.field_name_for_child(at) == "value"]
            close = next(at for at, child in enumerate(item.children) if child.type == ")")
            if self._is_case(value, text, patterns, line):
                if any(child.type in {";&", ";;&"} for child in item.children):
                    raise Refused(Reason.SYNTAX, line, ": a case goes on into the next one")
                self.state.status = 0
                return self.statements([child for child in item.children[close + 1 :] if child.type != ";;"])
        return 0

    def _is_case(self, value: Value, text: str | None, patterns: list[Node], line: int) -> bool:
        for pattern in patterns:
            form = pattern_of(self.words.parts(pattern))
            if form == ".*":
                return True
            if form is None or text is None:
                if self.state.ask_opaque(value, line):
                    return True
                continue
            self.state.compared_with_status(value, known(self.words.raw(pattern)))
            if re.fullmatch(form, text, re.DOTALL):
                return True
        return False

    # loops

    def _for_statement(self, node: Node) -> int:
        name = self.words.raw(node.child_by_field_name("variable") or node.named_children[0])
        nodes = [child for at, child in enumerate(node.children) if node.field_name_for_child(at) == "value"]
        line = self.words.line(node)
        if node.children[0].type != "for":
            raise Refused(Reason.LOOP, line, "")
        values: list[Value] = []
        for each in nodes:
            values += self._counted(each) or self._array_or_fields([each])
        for value in values:
            if text_of(value) is None and not places_of(value):
                raise Refused(Reason.LOOP, line, " over what is not known here")
        status = 0
        for value in values:
            self.state.env[name] = value
            stop, status = self._round(node)
            if stop:
                break
        return status

    def _counted(self, node: Node) -> list[Value]:
        found = re.fullmatch(r"\{(\d+)\.\.(\d+)\}", self.words.raw(node))
        if found is None:
            return []
        first, last = int(found[1]), int(found[2])
        if abs(last - first) > 1000:
            raise Refused(Reason.LOOP, self.words.line(node), " of many rounds")
        step = 1 if last >= first else -1
        return [known(str(number)) for number in range(first, last + step, step)]

    def _c_style_for_statement(self, node: Node) -> int:
        found = re.match(r"for\s*\(\((.*?);(.*?);(.*?)\)\)", self.words.raw(node), re.DOTALL)
        line = self.words.line(node)
        if found is None:
            raise Refused(Reason.LOOP, line, "")
        if found[1].strip():
            self.words.number(found[1], line)
        status = 0
        while self.words.number(found[2], line):
            stop, status = self._round(node)
            if stop:
                break
            self.words.number(found[3], line)
        return status

    def _while_statement(self, node: Node) -> int:
        until = node.children[0].type == "until"
        body = next(at for at, child in enumerate(node.children) if child.type == "do_group")
        status = 0
        while True:
            self.state.count(self.words.line(node))
            with self.guarded():
                holds = self.statements(node.children[1:body]) == 0
            if holds is until:
                return status
            stop, status = self._round(node)
            if stop:
                return status

    def _round(self, node: Node) -> tuple[bool, int]:
        """One round of a loop: whether it ends the loop, and its status."""
        body = next(child for child in node.children if child.type == "do_group")
        self.loops += 1
        self.state.count(self.words.line(node))
        try:
            return False, self.statements(body.children[1:-1])
        except _Jump as jump:
            if jump.kind == "return":
                raise
            if jump.value > 1:
                raise _Jump(jump.kind, jump.value - 1) from None
            return jump.kind == "break", 0
        finally:
            self.loops -= 1

    # pipes, redirections, substitutions

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

    def _redirected(self, redirects: list[Node], run: object) -> int:
        """Run with redirections. What stands behind the target of one is a word of the command, as in bash."""
        more: list[Node] = []
        target: tuple[str, bool] | None = None
        content: Value | None = None
        has_input = False
        for redirect in redirects:
            if redirect.type == "herestring_redirect":
                content, has_input = (*self.words.value(redirect.named_children[0]), Known("\n")), True
                continue
            places = [child for at, child in enumerate(redirect.children) if redirect.field_name_for_child(at) == "destination"]
            operator = next(child.type for child in redirect.children if not child.is_named)
            descriptor = next((self.words.raw(child) for child in redirect.children if child.type == "file_descriptor"), "")
            more += self._behind(places)
            if operator == "<":
                content, has_input = self._file(places[0]), True
            elif operator in {">", ">>", "&>", "&>>", ">|"} and descriptor in {"", "1"}:
                name = text_of(self.words.value(places[0]))
                target = (name or "?", operator.endswith(">>"))
        if has_input:
            self.state.stdin.append(content)
        if target:
            self.state.out.append([])
        try:
            return int(run(more))  # type: ignore[operator]
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
        inner = Machine(source, self.state)
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

    # assignments and commands

    def _variable_assignments(self, node: Node) -> int:
        return [self._variable_assignment(child) for child in node.named_children][-1]

    def _variable_assignment(self, node: Node) -> int:
        """An assignment; its status is that of the last substitution in it."""
        self.substituted = 0
        name = self.words.raw(node.named_children[0])
        value = node.child_by_field_name("value")
        adds = any(child.type == "+=" for child in node.children)
        if not name.isidentifier():
            raise Refused(Reason.SYNTAX, self.words.line(node), ": it sets a part of an array")
        made: Value | list[Value]
        if value is not None and value.type == "array":
            made = self._array_or_fields(value.named_children)
            before = self.state.env.get(name, [])
            made = [*before, *made] if adds and isinstance(before, list) else made
        else:
            made = self.words.value(value) if value is not None else known("")
            before = self.state.env.get(name, ())
            made = joined([before, made]) if adds and isinstance(before, tuple) else made
        self.state.env[name] = made or known("")
        return self.substituted

    def _declaration_command(self, node: Node) -> int:
        words = self.words.raw(node).split()
        if words[0] in {"declare", "typeset"} and any(re.match(r"-\w*[aAni]", word) for word in words[1:2]):
            raise Refused(Reason.SYNTAX, self.words.line(node), ": it declares an array")
        for child in node.named_children:
            if child.type == "variable_assignment":
                self._variable_assignment(child)
        return 0

    def _unset_command(self, node: Node) -> int:
        for child in node.named_children:
            self.state.env.pop(self.words.raw(child), None)
        return 0

    def _test_command(self, node: Node) -> int:
        return 0 if test_node(self.words, node) else 1

    def _function_definition(self, node: Node) -> int:
        body = node.child_by_field_name("body")
        if body is not None:
            self.functions[self.words.raw(node.child_by_field_name("name") or node)] = body
        return 0

    def _array_or_fields(self, nodes: list[Node]) -> list[Value]:
        fields: list[Value] = []
        alone: list[Node] = []
        for node in nodes:
            array = self.words.array(node)
            if array is None:
                alone.append(node)
                continue
            fields += self.words.fields(alone)
            fields += array
            alone = []
        return fields + self.words.fields(alone)

    def _command(self, node: Node, more: list[Node] | None = None) -> int:
        redirects = [child for child in node.children if child.type == "herestring_redirect" or child.type == "file_redirect"]
        if redirects:
            return self._redirected(redirects, lambda others: self._simple(node, [*(more or []), *others]))
        return self._simple(node, more or [])

    def _simple(self, node: Node, more: list[Node]) -> int:
        name_node = node.child_by_field_name("name")
        kept: dict[str, Value | list[Value] | None] = {}
        for child in node.named_children:
            if child.type == "variable_assignment":
                name = self.words.raw(child.named_children[0])
                kept[name] = self.state.env.get(name)
                self._variable_assignment(child)
        nodes = [name_node, *(child for at, child in enumerate(node.children) if node.field_name_for_child(at) == "argument"), *more]
        try:
            given = self._array_or_fields([each for each in nodes if each is not None])
            return self.call(given, node) if given else 0
        finally:
            for name, value in kept.items():
                self.state.env.pop(name, None) if value is None else self.state.env.__setitem__(name, value)

    def call(self, given: list[Value], node: Node) -> int:  # noqa: PLR0911, PLR0912 - a line for each builtin
        """Run a command with its words."""
        line, state = self.words.line(node), self.state
        name, arguments = text_of(given[0]), given[1:]
        texts = [text_of(word) for word in arguments]
        match name:
            case None:
                raise Refused(Reason.SYNTAX, line, ": its command is not known here")
            case _ if name in self.functions:
                return self._function(name, arguments, node)
            case "curl":
                return self._curl(arguments, node)
            case "exit":
                raise Failed(self._status(texts))
            case "return" | "break" | "continue":
                raise _Jump(name, self._status(texts) if name == "return" else int(texts[0] or 1) if texts else 1)
            case "set":
                return self._set(texts)
            case "[" | "test":
                return 0 if test_words(self.words, arguments, line) else 1
            case "shift":
                state.arguments = state.arguments[1:]
                return 0
            case "time" | "command" | "builtin":
                return self.call(arguments, node) if arguments else 0
            case "timeout" if len(arguments) > 1:
                return self._timeout(arguments, texts, node)
            case "let":
                return 0 if self.words.number(texts[0] or "", line) else 1
            case _ if name in COMMANDS:
                return COMMANDS[name](state, arguments, line)
        if name in {"]]", "]", "{", "}"} or name.startswith("-"):
            raise Refused(Reason.SYNTAX, line, ": it has a test that its parser does not understand")
        if name in {"eval", "source", ".", "trap", "exec", "read", "mapfile", "readarray", "getopts", "sudo", "env", "xargs", "nohup", "bash", "sh"}:
            if name == "trap":
                raise Refused(Reason.SYNTAX, line, ": it sets a trap")
            raise Refused(Reason.PROGRAM, line, name)
        state.trace.lost.append(Refused(Reason.PROGRAM, line, name))
        state.write((Opaque(Reason.PROGRAM, (name,)),))
        return 0

    def _status(self, texts: list[str | None]) -> int:
        if not texts:
            return self.state.status
        return int(texts[0]) % 256 if texts[0] and texts[0].lstrip("-").isdigit() else 1

    def _set(self, texts: list[str | None]) -> int:
        for at, text in enumerate(texts):
            if text is None or text[:1] not in {"-", "+"}:
                continue
            on = text[0] == "-"
            if "e" in text[1:] and not text.startswith("--"):
                self.state.errexit = on
            if "o" in text[1:]:
                option = texts[at + 1] if at + 1 < len(texts) else ""
                self.state.pipefail = on if option == "pipefail" else self.state.pipefail
                self.state.errexit = on if option == "errexit" else self.state.errexit
        return 0

    def _function(self, name: str, arguments: list[Value], node: Node) -> int:
        kept, self.state.arguments = self.state.arguments, arguments
        self.frames.append(node.start_byte)
        if len(self.frames) > _DEEPEST:
            raise Refused(Reason.LOOP, self.words.line(node), " of a function that calls itself")
        try:
            body = self.functions[name]
            return int(getattr(self, f"_{body.type}", self._unread)(body))
        except _Jump as jump:
            if jump.kind != "return":
                raise
            return jump.value
        finally:
            self.frames.pop()
            self.state.arguments = kept

    def _timeout(self, arguments: list[Value], texts: list[str | None], node: Node) -> int:
        if texts[1] != "curl" or not re.fullmatch(r"\d+s?", texts[0] or ""):
            raise Refused(Reason.PROGRAM, self.words.line(node), "timeout")
        return self._curl([known("--max-time"), known((texts[0] or "").rstrip("s")), *arguments[2:]], node)

    def _curl(self, arguments: list[Value], node: Node) -> int:
        state, line = self.state, self.words.line(node)
        site = ":".join(map(str, (state.step, *self.frames, node.start_byte)))
        slept, state.slept = state.slept, 0
        try:
            request, printing = read_request(arguments, line, self._read)
        except Refused as refused:
            state.trace.calls.append(Call(site, line, None, refused, slept, state.step))
            state.write((Opaque(Reason.FEEDS),))
            return 0
        state.trace.calls.append(Call(site, line, request, None, slept, state.step))
        return self._answered(site, printing)

    def _read(self, name: str) -> Value | None:
        return self.state.stdin[-1] if name in {"-", "/dev/stdin"} else self.state.files.get(name)

    def _answered(self, site: str, printing: Printing) -> int:
        status = self.state.world.status.get(site, 200)
        out, filed = printing.output(site, status)
        self.state.write(out)
        if printing.file is not None and (name := text_of(printing.file)) not in {None, "/dev/null"}:
            self.state.files[name or ""] = filed
        if status == 0:
            return 7
        return 22 if printing.fails and status >= 400 else 0
