"""What all parts of the machine share: the words, the state, and how a statement is run. Pure."""

from collections.abc import Iterator
from contextlib import contextmanager

from tree_sitter import Node

from components.workflows.outcome import Reason, Refused
from components.workflows.script_source import Source
from components.workflows.shell_state import State
from components.workflows.value import Value
from components.workflows.variables import Failed
from components.workflows.words import Words

_SILENT = {"comment", ";", ";;", "\n", "&"}
_NO_END = {
    "list",
    "if_statement",
    "while_statement",
    "for_statement",
    "c_style_for_statement",
    "case_statement",
    "negated_command",
    "function_definition",
}
"""Statements whose parts have ended the script already, or whose failure does not."""


class Jump(Exception):
    """``return``, ``break`` or ``continue``, with its number."""

    def __init__(self, kind: str, value: int) -> None:
        self.kind, self.value = kind, value
        super().__init__(kind)


class Base:
    """A run of one script, whose calls and questions are written to the state's trace."""

    def __init__(self, source: Source, state: State) -> None:
        self.source, self.state = source, state
        self.words = Words(source, state, self.substitute)
        self.functions: dict[str, Node] = {}
        self.frames: list[int] = []
        self.locals: list[dict[str, Value | list[Value] | None]] = []
        self.substituted = 0

    def substitute(self, node: Node) -> Value:
        """What a command substitution prints."""
        raise NotImplementedError

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
        ends = kind not in _NO_END
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

    def _command(self, node: Node, more: list[Node] | None = None) -> int:
        raise NotImplementedError

    def _array_or_fields(self, nodes: list[Node]) -> list[Value]:
        raise NotImplementedError
