"""A shell's variables and what ``${name…}`` makes of them, in a world where answers of calls are facts. Pure."""

import re
from collections.abc import Callable

from tree_sitter import Node

from components.workflows.arithmetic import NoNumber, calculate
from components.workflows.expansions import cut, in_case, replaced, substring
from components.workflows.lifting import default_words
from components.workflows.outcome import Note, Place, Reason, Refused
from components.workflows.patterns import glob
from components.workflows.script_source import Source
from components.workflows.shell_state import Fact, State
from components.workflows.value import Answer, Field, Known, Opaque, Value, known, text_of

_OF_THE_RUNNER = re.compile(
    r"(?:GITHUB|RUNNER|ACTIONS|AGENT|ANDROID|AZURE|CHROME|DOTNET|EDGE|GECKO|GOROOT|HOMEBREW|IMAGE|JAVA|POWERSHELL|"
    r"SELENIUM|VCPKG|XDG|STATS|SYSTEMD|INVOCATION|JOURNAL)\w*|CI|HOME|PATH|PWD|OLDPWD|USER|LANG|SHELL|SHLVL|HOSTNAME|"
    r"Image\w+|CONDA|RANDOM|SECONDS|EPOCHSECONDS|EPOCHREALTIME|UID|PPID|BASH\w*|LINENO|TMPDIR|LOGNAME|TERM|IFS"
)
_EXPANSION = re.compile(
    rb"\$\{(?P<mark>[!#]?)(?P<name>\w+|[?@*#])(?P<index>\[[^\]]*\])?(?P<operator>:?[-=?+]|%%?|##?|:|//?|\^\^?|,,?)?",
    re.DOTALL,
)


class Failed(Exception):
    """The script ends with a status."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(str(status))


def unescaped(text: bytes) -> bytes:
    """A text without quotes, its backslashes taken out."""
    return re.sub(rb"\\(.)", rb"\1", text, flags=re.DOTALL)


def _of_a_pattern(text: bytes) -> bytes:
    return unescaped(text.replace(rb"$'\n'", b"\n"))


class Variables:
    """The variables of one source; ``substitute`` runs a command substitution and gives what it prints."""

    def __init__(self, source: Source, state: State, substitute: Callable[[Node], Value]) -> None:
        self.source, self.state, self.substitute = source, state, substitute

    def line(self, node: Node) -> int:
        """The line of a node in the workflow's file."""
        return self.source.line(node.start_byte)

    def raw(self, node: Node) -> str:
        """The text of a node as it stands."""
        return self.source.text[node.start_byte : node.end_byte].decode(errors="replace")

    def span(self, start: int, end: int, nodes: list[Node], clean: Callable[[bytes], bytes]) -> Value:
        """The text between two bytes with the expansions among some nodes in it."""
        raise NotImplementedError

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

    def braced(self, node: Node) -> Value:
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
        rest = self.span(
            node.start_byte + found.end(),
            node.end_byte - 1,
            [child for child in node.named_children if child.start_byte >= node.start_byte + found.end()],
            _of_a_pattern,
        )
        if operator.strip(":") in {"-", "=", "?", "+"}:
            return self._default(name, value, operator, rest, line)
        if value is None:
            return known("")
        raw_rest = raw[found.end() : -1]
        quotes = re.search(rb"[\"'\\]", raw_rest.replace(rb"$'\n'", b""))
        if quotes and (operator[0] == "/" or re.search(rb"[*?\[]", raw_rest)):
            return (Opaque(Reason.RUN_TIME, (": it cuts by a pattern that is not read here",)),)
        return self._cut(value, operator, rest, line)

    def _default(self, name: str, value: Value | None, operator: str, rest: Value, line: int) -> Value:
        kind = operator.strip(":")
        if value is not None and len(value) == 1 and isinstance(place := value[0], Place) and kind in {"-", "="}:
            default = text_of(rest)
            if default is None:
                return (Opaque(Reason.RUN_TIME, (": it has a default that is not known here",)),)
            words = default_words(place.original, default, is_secret=place.kind == "github_secret") if default else ""
            if words is None:
                return (Opaque(Reason.KEY_IN_CLEAR, (f"a default of {place.original}",)),)
            return (place._replace(otherwise=words),) if words else value
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

    def _cut(self, value: Value, operator: str, rest: Value, line: int) -> Value:  # noqa: PLR0911 - a line a kind
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
                if not old or old[0] in "#%":
                    return (Opaque(Reason.RUN_TIME, (": it cuts by a pattern that is not read here",)),)
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
