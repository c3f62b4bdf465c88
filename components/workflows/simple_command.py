"""A script's assignments, functions and commands, curl among them. Pure."""

import re

from tree_sitter import Node

from components.workflows.commands import COMMANDS
from components.workflows.conditions import test_node, test_words
from components.workflows.curl_request import Printing, read_request
from components.workflows.machine_base import Jump
from components.workflows.outcome import Reason, Refused
from components.workflows.redirection import Redirections
from components.workflows.shell_state import Call
from components.workflows.value import Opaque, Value, joined, known, text_of
from components.workflows.variables import Failed

_DEEPEST = 40


class SimpleCommands(Redirections):
    """What is no statement of statements."""

    def _variable_assignments(self, node: Node) -> int:
        return [self._variable_assignment(child) for child in node.named_children][-1]

    def _variable_assignment(self, node: Node) -> int:
        """An assignment; its status is that of the last substitution in it."""
        self.substituted = 0
        name = self.words.raw(node.named_children[0])
        value = node.child_by_field_name("value")
        adds = any(child.type == "+=" for child in node.children)
        if not name.isidentifier() or name == "IFS":
            raise Refused(Reason.SYNTAX, self.words.line(node), ": it sets a part of an array, or IFS")
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
        is_local = words[0] in {"local", "declare", "typeset"} and self.frames and "-g" not in words[1:2]
        for child in node.named_children:
            named = child.named_children[0] if child.type == "variable_assignment" else child
            if is_local and named.type == "variable_name":
                self.locals[-1].setdefault(self.words.raw(named), self.state.env.get(self.words.raw(named)))
                if child is named:
                    self.state.env[self.words.raw(named)] = known("")
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
        redirects = [
            child
            for child in node.children
            if child.type == "herestring_redirect" or child.type == "file_redirect"  # noqa: PLR1714
        ]
        if redirects:
            return self._redirected(redirects, lambda others: self._simple(node, [*(more or []), *others]))
        return self._simple(node, more or [])

    def _simple(self, node: Node, more: list[Node]) -> int:
        name_node = node.child_by_field_name("name")
        arguments = [child for at, child in enumerate(node.children) if node.field_name_for_child(at) == "argument"]
        nodes = [each for each in (name_node, *arguments, *more) if each is not None]
        given = self._array_or_fields(nodes)  # before the assignments in front of the command, as in bash
        kept: dict[str, Value | list[Value] | None] = {}
        for child in node.named_children:
            if child.type == "variable_assignment":
                name = self.words.raw(child.named_children[0])
                kept[name] = self.state.env.get(name)
                self._variable_assignment(child)
        try:
            return self.call(given, node) if given else 0
        finally:
            self._restore(kept)

    def _restore(self, kept: dict[str, Value | list[Value] | None]) -> None:
        for name, value in kept.items():
            if value is None:
                self.state.env.pop(name, None)
            else:
                self.state.env[name] = value

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
                raise Jump(name, self._status(texts) if name == "return" else int(texts[0] or 1) if texts else 1)
            case "set":
                return self._set(texts, line)
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
        if name.startswith("-"):
            raise Refused(
                Reason.SYNTAX, line, f": a line begins with {name.split('=')[0][:20]}, so the one before has ended"
            )
        if name in {"]]", "]", "{", "}"} or name.startswith("-"):
            raise Refused(Reason.SYNTAX, line, ": it has a test that its parser does not understand")
        if name in {
            "eval",
            "source",
            ".",
            "trap",
            "exec",
            "read",
            "mapfile",
            "readarray",
            "getopts",
            "sudo",
            "env",
            "xargs",
            "nohup",
            "bash",
            "sh",
        }:
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

    def _set(self, texts: list[str | None], line: int) -> int:
        for at, text in enumerate(texts):
            if text in {"--", "-"}:
                raise Refused(Reason.SYNTAX, line, ": it sets the words of the script")
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
        self.locals.append({})
        if len(self.frames) > _DEEPEST:
            raise Refused(Reason.LOOP, self.words.line(node), " of a function that calls itself")
        try:
            body = self.functions[name]
            return int(getattr(self, f"_{body.type}", self._unread)(body))
        except Jump as jump:
            if jump.kind != "return":
                raise
            return jump.value
        finally:
            self.frames.pop()
            self._restore(self.locals.pop())
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
