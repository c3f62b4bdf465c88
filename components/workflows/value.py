"""Values that are partly unknown: texts of a workflow and its scripts, in pieces. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from components.workflows.outcome import Place, Reason, Text


@dataclass(frozen=True)
class Known:
    """A text; ``inputs`` are the workflow's inputs that a manual run may put in its place.

    ``status_of`` is the call whose HTTP status it is, if it is one.
    """

    text: str
    inputs: frozenset[str] = frozenset()
    status_of: str | None = None


@dataclass(frozen=True)
class Answer:
    """The body of a call's answer, ``call`` being the place of the call."""

    call: str


@dataclass(frozen=True)
class Field:
    """What jq prints of a member of a call's answer."""

    call: str
    path: str


@dataclass(frozen=True)
class Clock:
    """What date prints, by its arguments."""

    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Opaque:
    """A value that is not known here, for a reason."""

    reason: Reason
    details: tuple[object, ...] = ()


Piece = Known | Place | Answer | Field | Clock | Opaque
Value = tuple[Piece, ...]


def known(text: str, *inputs: str) -> Value:
    """A value that is one text."""
    return (Known(text, frozenset(inputs)),)


def text_of(value: Value) -> str | None:
    """The text of a value that is known as a whole, else None."""
    if any(not isinstance(piece, Known) for piece in value):
        return None
    return "".join(piece.text for piece in value if isinstance(piece, Known))


def inputs_of(value: Value) -> frozenset[str]:
    """The inputs that a value may come from."""
    return frozenset(name for piece in value if isinstance(piece, Known) for name in piece.inputs)


def joined(values: Iterable[Value]) -> Value:
    """Values one after the other, with neighbouring texts as one where they have the same origin."""
    pieces: list[Piece] = []
    for piece in (piece for value in values for piece in value):
        last = pieces[-1] if pieces else None
        if isinstance(piece, Known) and isinstance(last, Known) and _alike(piece, last):
            pieces[-1] = Known(last.text + piece.text, last.inputs, last.status_of)
        else:
            pieces.append(piece)
    return tuple(pieces)


def _alike(one: Known, other: Known) -> bool:
    return one.inputs == other.inputs and one.status_of is None and other.status_of is None


def without_newlines_at_end(value: Value) -> Value:
    """What a command substitution leaves of an output."""
    pieces = list(value)
    while pieces and isinstance(last := pieces[-1], Known):
        text = last.text.rstrip("\n")
        if text or last.inputs:
            pieces[-1] = Known(text, last.inputs, last.status_of)
            break
        pieces.pop()
    return tuple(pieces)


def lines_of(value: Value) -> list[Value]:
    """The lines of a value; line breaks in what is not known do not count."""
    lines: list[list[Piece]] = [[]]
    for piece in value:
        if not isinstance(piece, Known):
            lines[-1].append(piece)
            continue
        first, *others = piece.text.split("\n")
        lines[-1].append(Known(first, piece.inputs, piece.status_of))
        lines.extend([Known(other, piece.inputs, piece.status_of)] for other in others)
    return [tuple(piece for piece in line if not (isinstance(piece, Known) and not piece.text)) for line in lines]


def words_of(value: Value) -> list[Value]:
    """The words into which a shell splits a value that stands without quotes."""
    words: list[list[Piece]] = []
    open_word = False
    for piece in value:
        if not isinstance(piece, Known):
            words[-1:] = [[*words[-1], piece]] if open_word else [*words[-1:], [piece]]
            open_word = True
            continue
        for part in re.findall(r"\s+|\S+", piece.text):
            if part.isspace():
                open_word = False
                continue
            made = Known(part, piece.inputs, piece.status_of)
            words[-1:] = [[*words[-1], made]] if open_word else [*words[-1:], [made]]
            open_word = True
    return [tuple(word) for word in words]


def places_of(value: Value) -> list[Place]:
    """The places of a value that is a text otherwise."""
    return [piece for piece in value if isinstance(piece, Place)]


def as_text(value: Value) -> Text:
    """A value of texts and places alone. Raises ValueError for another, with the piece that is neither."""
    for piece in value:
        if not isinstance(piece, Known | Place):
            raise ValueError(piece)  # noqa: TRY004 - a value of the wrong kind, not of the wrong type
    return tuple(
        piece.text if isinstance(piece, Known) else piece for piece in value if isinstance(piece, Known | Place)
    )
