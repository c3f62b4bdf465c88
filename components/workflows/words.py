"""A shell's words as values: quotes, expansions and substitutions, by the tree of tree-sitter-bash and its byte ranges. Pure."""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from components.workflows.arithmetic import NoNumber, calculate
from components.workflows.expansions import cut, in_case, replaced, substring
from components.workflows.outcome import Note, Place, Reason, Refused
from components.workflows.script_source import Source
from components.workflows.shell_state import Fact, State
from components.workflows.value import Answer, Field, Known, Opaque, Value, joined, known, text_of, words_of

PARSER = Parser(Language(tree_sitter_bash.language()))

_OF_THE_RUNNER = re.compile(
    r"(?:GITHUB|RUNNER|ACTIONS|AGENT|ANDROID|AZURE|CHROME|DOTNET|EDGE|GECKO|GOROOT|HOMEBREW|IMAGE|JAVA|POWERSHELL|"
    r"SELENIUM|VCPKG|XDG|STATS|SYSTEMD|INVOCATION|JOURNAL)\w*|CI|HOME|PATH|PWD|OLDPWD|USER|LANG|SHELL|SHLVL|HOSTNAME|"
    r"Image\w+|CONDA|RANDOM|SECONDS|EPOCHSECONDS|EPOCHREALTIME|UID|PPID|BASH\w*|LINENO|TMPDIR|LOGNAME|TERM|IFS"
)
_EXPANSION = re.compile(rb"\$\{(?P<mark>[!#]?)(?P<name>\w+|[?@*#])(?P<index>\[[^\]]*\])?(?P<operator>:?[-=?+]|%%?|##?|:|//?|\^\^?|,,?)?", re.DOTALL)
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "a": "\a", "e": "\x1b", "0": "\0"}


class Part(NamedTuple):
    """A part of a word: quoted, literal (of the script, without quotes), or expanded (a value without quotes)."""

    value: Value
    mode: Literal["quoted", "literal", "expanded"]


def _unescaped(text: bytes) -> bytes:
    return re.sub(rb"\\(.)", rb"\1", text, flags=re.DOTALL)


def _of_a_pattern(text: bytes) -> bytes:
    return _unescaped(text.replace(rb"$'\n'", b"\n"))


def _in_double_quotes(text: bytes) -> bytes:
    return re.sub(rb'\\([$`"\\])', rb"\1", text)


def pattern_of(parts: list[Part]) -> str | None:
    """A shell's pattern as a regular expression, quoted parts meaning themselves; None where a part is not known."""
    made = ""
    for part in parts:
        text = text_of(part.value)
        if text is None:
            return None
        made += re.escape(text) if part.mode == "quoted" else glob(text)
    return made


def glob(text: str) -> str:
    """A pattern of a shell as a regular expression."""
    made, at = "", 0
    while at < len(text):
        bracket = re.match(r"\[(!|\^)?(\]?[^\]]*)\]", text[at:])
        if text[at] in "*?":
            made += ".*" if text[at] == "*" else "."
        elif bracket:
            made += f"[{'^' if bracket[1] else ''}{bracket[2]}]"
            at += bracket.end() - 1
        else:
            made += re.escape(text[at])
        at += 1
    return made


class Words:
    """The words of one source; ``substitute`` runs a command substitution and gives what it prints."""

    def __init__(self, source: Source, state: State, substitute: Callable[[Node], Value]) -> None:
        self.source, self.state, self.substitute = source, state, substitute

    def line(self, node: Node) -> int:
        """The line of a node in the workflow's file."""
        return self.source.line(node.start_byte)

    def raw(self, node: Node) -> str:
        """The text of a node as it stands."""
        return self.source.text[node.start_byte : node.end_byte].decode(errors="replace")

    def value(self, node: Node) -> Value:
        """The value of a word that is not split, as an assignment or a test takes it."""
        return joined(part.value for part in self.parts(node))

    def fields(self, nodes: list[Node]) -> list[Value]:
        """The words that a command gets of nodes; nodes that touch are one word, whatever the tree says."""
        fields: list[Value] = []
        group: list[Node] = []
        for node in [*nodes, None]:
            if node is not None and group and node.start_byte == group[-1].end_byte:
                group.append(node)
                continue
            if group:
                fields += self._split([part for each in group for part in self.parts(each)], self.line(group[0]))
            group = [node] if node is not None else []
        return fields

    def _split(self, parts: list[Part], line: int) -> list[Value]:
        literal = "".join(text_of(part.value) or "" for part in parts if part.mode == "literal")
        if re.search(r"\{[^{}]*(?:,|\.\.)[^{}]*\}", literal) or literal.startswith("~"):
            raise Refused(Reason.SYNTAX, line, ": it has braces or '~' outside of quotes")
        words: list[list[Value]] = []
        begun = False
        for part in parts:
            if part.mode != "expanded":
                words[-1:] = [[*words[-1], part.value]] if begun else [*words[-1:], [part.value]]
                begun = True
                continue
            pieces = words_of(part.value)
            text = text_of(part.value)
            starts_with_blank = text is not None and text[:1].isspace()
            for at, piece in enumerate(pieces):
                if at == 0 and begun and not starts_with_blank:
                    words[-1].append(piece)
                else:
                    words.append([piece])
                begun = True
            if text is not None and text[-1:].isspace():
                begun = False
        return [joined(word) for word in words]

    def parts(self, node: Node) -> list[Part]:  # noqa: PLR0911 - a line for each kind of node
        """The parts of a word. Raises Refused for a word that is not read here."""
        if not node.is_named:  # an operator of a test
            return [Part(known(self.raw(node)), "literal")]
        match node.type:
            case "raw_string":
                return [Part(self.source.pieces(node.start_byte + 1, node.end_byte - 1) or known(""), "quoted")]
            case "ansi_c_string":
                return [Part(self._ansi(node), "quoted")]
            case "string":
                value = self._span(node.start_byte + 1, node.end_byte - 1, node.named_children, _in_double_quotes)
                return [Part(value or known(""), "quoted")]
            case "simple_expansion" | "expansion" | "command_substitution" | "arithmetic_expansion":
                return [Part(self._expanded(node), "expanded")]
            case "concatenation":
                return self._concatenation(node)
            case "word" | "number" | "regex" | "extglob_pattern" | "variable_name" | "test_operator" | "command_name":
                if node.type == "command_name" and node.named_children and node.named_children[0].type != "word":
                    return self.parts(node.named_children[0])
                raw = self.source.text[node.start_byte : node.end_byte]
                if b"\\" in raw:
                    return [
                        Part(self.source.pieces(node.start_byte + found.start(), node.start_byte + found.end(), _unescaped), "quoted" if found[0].startswith(b"\\") else "literal")
                        for found in re.finditer(rb"\\.|[^\\]+", raw, re.DOTALL)
                    ]
                value = self.source.pieces(node.start_byte, node.end_byte)
                return [Part((piece,), "literal" if isinstance(piece, Known) else "expanded") for piece in value]
            case "brace_expression":
                return [Part(self.source.pieces(node.start_byte, node.end_byte), "literal")]
        raise Refused(Reason.SYNTAX, self.line(node), f": it has a {node.type.replace('_', ' ')}")

    def _concatenation(self, node: Node) -> list[Part]:
        parts, at = [], node.start_byte
        for child in node.children:
            if child.start_byte > at:  # what belongs to no node
                parts.append(Part(self.source.pieces(at, child.start_byte, _unescaped), "literal"))
            parts += self.parts(child) if child.is_named else [Part(known(self.raw(child)), "literal")]
            at = child.end_byte
        return parts

    def _span(self, start: int, end: int, nodes: list[Node], clean: Callable[[bytes], bytes]) -> Value:
        """The text between two bytes with the expansions among some nodes in it."""
        values, at = [], start
        for node in nodes:
            if node.start_byte < at or node.type in {"string_content", "heredoc_content", "word", "number", "regex"}:
                continue
            values.append(self.source.pieces(at, node.start_byte, clean))
            values.append(self.value(node))
            at = node.end_byte
        return joined([*values, self.source.pieces(at, end, clean)])

    def _ansi(self, node: Node) -> Value:
        text = self.raw(node)[2:-1]
        if re.search(r"\\[xuUc1-7]", text):
            raise Refused(Reason.SYNTAX, self.line(node), ": it has escapes by number")
        return known(re.sub(r"\\(.)", lambda found: _ANSI.get(found[1], found[0]), text))

    def _expanded(self, node: Node) -> Value:
        if node.type == "command_substitution":
            return self.substitute(node)
        if node.type == "arithmetic_expansion":
            return known(str(self.number(self.raw(node)[3:-2], self.line(node))))
        if node.type == "simple_expansion":
            return self.variable(self.raw(node)[1:], self.line(node))
        return self._braced(node)

    def lookup(self, name: str) -> Value | list[Value] | None:
        """What a variable holds; None where nobody set it."""
        state = self.state
        if name == "?":
            return known(str(state.status))
        if name.isdigit():
            return state.arguments[int(name) - 1] if 0 < int(name) <= len(state.arguments) else None
        if name == "#":
            return known(str(len(state.arguments)))
        if name in {"@", "*"}:
            return list(state.arguments)
        found = state.env.get(name)
        if found is None and _OF_THE_RUNNER.fullmatch(name):
            return (Opaque(Reason.RUN_NUMBER, (f"${name}",)),)
        return found

    def variable(self, name: str, line: int) -> Value:
        """The value of a variable that has to be set, or was never: then it is not known."""
        found = self.lookup(name)
        if found is None:
            return (Opaque(Reason.VARIABLE, (f"${name}",)),)
        if isinstance(found, list):
            if len(found) != 1:
                raise Refused(Reason.SYNTAX, line, ": it takes a part of an array")
            return found[0]
        return found

    def array(self, node: Node) -> list[Value] | None:
        """The values of ``"${name[@]}"`` or ``"$@"``; None of another node."""
        inner = node.named_children[0] if node.type == "string" and len(node.named_children) == 1 else node
        if inner.type not in {"expansion", "simple_expansion"} or (
            inner is not node and inner.end_byte - inner.start_byte != node.end_byte - node.start_byte - 2
        ):
            return None
        found = re.fullmatch(r"\$\{(\w+)\[[@*]\]\}|\$\{?(@)\}?", self.raw(inner))
        value = self.lookup(found[1] or found[2]) if found else None
        return value if isinstance(value, list) else None

    def _braced(self, node: Node) -> Value:
        line, raw = self.line(node), self.source.text[node.start_byte : node.end_byte]
        found = _EXPANSION.match(raw)
        if found is None or found["index"] or found["mark"] == b"!":
            raise Refused(Reason.SYNTAX, line, ": it has an expansion that is not read here")
        name = found["name"].decode()
        value = self.lookup(name)
        if isinstance(value, list):
            value = self.variable(name, line)
        if found["mark"] == b"#":
            text = text_of(value) if value is not None else ""
            return known(str(len(text))) if text is not None else (Opaque(Reason.RULE, (": it counts characters",)),)
        operator = (found["operator"] or b"").decode()
        if not operator:
            return self.variable(name, line)
        rest = self._span(node.start_byte + found.end(), node.end_byte - 1, [
            child for child in node.named_children if child.start_byte >= node.start_byte + found.end()
        ], _of_a_pattern)
        if operator.strip(":") in {"-", "=", "?", "+"}:
            return self._default(name, value, operator, rest, line)
        if value is None:
            return known("")
        return self._cut(name, value, operator, rest, line)

    def _default(self, name: str, value: Value | None, operator: str, rest: Value, line: int) -> Value:
        kind = operator.strip(":")
        if value is not None and len(value) == 1 and isinstance(place := value[0], Place) and kind in {"-", "="}:
            default = text_of(rest)
            if default is None:
                return (Opaque(Reason.RUN_TIME, (": it has a default that is not known here",)),)
            return (place._replace(otherwise=repr(default)),) if default else value
        is_unset = value is None or (operator[0] == ":" and self.is_empty(value, line))
        if kind == "+":
            return known("") if is_unset else rest
        if not is_unset:
            return value or known("")
        if kind == "?":
            raise Failed(1)
        inputs = frozenset(each for piece in value or () if isinstance(piece, Known) for each in piece.inputs)
        made = tuple(
            Known(piece.text, piece.inputs | inputs, piece.status_of) if isinstance(piece, Known) else piece
            for piece in rest
        ) or (Known("", inputs),)
        if kind == "=":
            self.state.env[name] = made
        return made

    def is_empty(self, value: Value, line: int) -> bool:
        """Whether a value is an empty text, in this world."""
        text = text_of(value)
        if text is not None:
            return not text
        if any(isinstance(piece, Known) and piece.text for piece in value):
            return False
        for piece in value:
            match piece:
                case Place():
                    return self.state.ask(Fact("unset", piece.original, line=line))
                case Answer():
                    return self.state.ask(Fact("bare", piece.call, line=line))
                case Field():
                    return self.state.ask(Fact("equals", piece.call, f"{piece.path}\0", line=line))
        return not self.state.ask_opaque(value, line)

    def _cut(self, name: str, value: Value, operator: str, rest: Value, line: int) -> Value:
        literal = text_of(rest)
        if literal is None:
            return (Opaque(Reason.RUN_TIME, (": it cuts a value that is not known here",)),)
        match operator[0]:
            case "%" | "#":
                if literal == "/" and isinstance(value[-1], Place):
                    self.state.tell(Note.CUT_SLASH, line, value[-1].original)
                    return value
                return cut(value, operator, glob(literal), literal)
            case "/":
                old, _, new = literal.partition("/")
                return replaced(value, operator, glob(old), new)
            case "^" | ",":
                return in_case(value, operator)
        start, _, length = literal.partition(":")
        return substring(value, self.number(start or "0", line), self.number(length, line) if length else None)

    def number(self, text: str, line: int) -> int:
        """The value of an arithmetic expression. Raises Refused where it is not known."""

        def get(name: str) -> int:
            value = self.lookup(name)
            text = "0" if value is None else text_of(value) if isinstance(value, tuple) else None
            if text is None or not re.fullmatch(r"-?\d*", text):
                raise NoNumber(name)
            self.state.compared_with_status(value if isinstance(value, tuple) else (), known("*"))
            return int(text or 0)

        try:
            return calculate(text, get, lambda name, value: self.state.env.__setitem__(name, known(str(value))))
        except NoNumber:
            raise Refused(Reason.RUN_TIME, line, ": it calculates with what is not known here") from None


class Failed(Exception):
    """The script ends with a status."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(str(status))
