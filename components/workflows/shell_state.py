"""What a script has done so far: its variables, files, output and calls, and the world that it runs in. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from components.workflows.curl_request import Request
from components.workflows.outcome import Note, Reason, Refused
from components.workflows.value import Clock, Known, Opaque, Value, joined, text_of

MAX_STEPS = 4000
"""Statements of a run at most, so that a loop without end is found."""


class Fact(NamedTuple):
    """What a script asks and nobody knows before the run.

    jq, equals, text and bare are about the answer of the call ``subject``; unset is about a variable or secret,
    last_day about the date, unknown about anything else, ``reason`` saying what.
    """

    kind: Literal["jq", "equals", "text", "bare", "json", "unset", "last_day", "unknown"]
    subject: str
    detail: str = ""
    reason: Reason | None = None
    line: int = 0

    @property
    def usual(self) -> bool:
        """What is tried first."""
        return self.kind not in {"unset", "bare"}


ABOUT_ANSWERS = frozenset({"jq", "equals", "text", "bare", "json"})


@dataclass(frozen=True)
class World:
    """What calls answer (200 unless ``status`` says otherwise, 0 being none), and what holds."""

    status: dict[str, int] = field(default_factory=dict)
    facts: dict[Fact, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A call as a script makes it: ``site`` is its place, ``slept`` the seconds of sleep before it.

    It has a ``request``, or was ``refused``.
    """

    site: str
    line: int
    request: Request | None
    refused: Refused | None = None
    slept: float = 0
    step: str = ""
    is_fed_by: frozenset[str] = frozenset()


@dataclass
class Trace:
    """What a run of a workflow's job came to; ``handed`` are the calls whose answers other jobs get."""

    calls: list[Call] = field(default_factory=list)
    lost: list[Refused] = field(default_factory=list)
    notes: list[tuple[Note, int, tuple[object, ...]]] = field(default_factory=list)
    asked: dict[Fact, bool] = field(default_factory=dict)
    constants: set[int] = field(default_factory=set)
    by_pattern: bool = False
    red: bool = False
    handed: set[str] = field(default_factory=set)


@dataclass
class State:
    """A shell while it runs a step. ``env`` holds texts and arrays, ``files`` what the job wrote."""

    world: World
    trace: Trace
    step: str
    env: dict[str, Value | list[Value]]
    files: dict[str, Value]
    line_of: Callable[[int], int]
    errexit: bool = True
    pipefail: bool = False
    guarded: int = 0
    status: int = 0
    slept: float = 0
    steps: int = 0
    shadow: int = 0
    out: list[list[Value]] = field(default_factory=lambda: [[]])
    stdin: list[Value | None] = field(default_factory=lambda: [None])
    arguments: list[Value] = field(default_factory=list)

    def ask(self, fact: Fact) -> bool:
        """Whether a fact holds in this world."""
        answer = self.world.facts.get(fact, fact.usual)
        self.trace.asked[fact] = answer
        return answer

    def ask_unknown(self, reason: Reason, line: int, *details: object) -> bool:
        """The answer to what cannot be known here."""
        shown = details[0] if details else ""
        return self.ask(Fact("unknown", self.step, str(shown), reason, line))

    def ask_opaque(self, value: Value, line: int) -> bool:
        """The answer to a question about a value that is not known, for its own reason."""
        for piece in value:
            if isinstance(piece, Opaque):
                return self.ask_unknown(piece.reason, line, *piece.details)
            if isinstance(piece, Clock):
                return self.ask_unknown(Reason.CLOCK, line, "")
        return self.ask_unknown(Reason.CONDITION, line, "what it asks for holds")

    def tell(self, note: Note, line: int, *details: object) -> None:
        """Note something about the calls to come."""
        self.trace.notes.append((note, line, details))

    def write(self, value: Value) -> None:
        """Print."""
        self.out[-1].append(value)

    def printed(self) -> Value:
        """What was printed since the output was taken to a new place."""
        return joined(self.out[-1])

    def compared_with_status(self, one: Value, other: Value) -> None:
        """Remember with which numbers a call's status is compared."""
        for status, number in ((one, other), (other, one)):
            if any(isinstance(piece, Known) and piece.status_of for piece in status):
                text = (text_of(number) or "").strip().strip("\"'")
                if text.isdigit():
                    self.trace.constants.add(int(text))
                else:
                    self.trace.by_pattern = True

    def count(self, line: int) -> None:
        """Count a statement. Raises Refused where there are too many."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Refused(Reason.LOOP, line, " that does not end here")
