"""Values in GitHub's expressions, and how they compare: known ones, and pieces that nobody knows yet. Pure."""

import json
from typing import Any, NamedTuple

from components.workflows.lifting import default_words
from components.workflows.outcome import Place, Reason
from components.workflows.value import Known, Opaque, Piece, Value


class Several(NamedTuple):
    """A value of several pieces, which an expression hands on as it is."""

    value: Value


class Result(NamedTuple):
    """What an expression gives: a value that is known (None, bool, number, text, list, mapping), or a piece."""

    value: Any = None
    piece: Piece | Several | None = None
    inputs: frozenset[str] = frozenset()

    @property
    def truth(self) -> bool | None:
        """Whether it counts as true; None where nobody knows."""
        if self.piece is not None:
            return None
        return (
            not (self.value is None or self.value is False or self.value in {0, ""})
            if not isinstance(self.value, dict | list)
            else True
        )

    def as_value(self) -> Value:
        """The text that takes the expression's place."""
        if isinstance(self.piece, Several):
            return self.piece.value
        if self.piece is not None:
            return (self.piece,)
        return (Known(text_of_value(self.value), self.inputs),)


class NoExpression(Exception):
    """A text is no expression that is read here."""


def either(one: Result, other: Result) -> Result:
    """What ``||`` gives."""
    truth = one.truth
    if truth is not None:
        return one if truth else other._replace(inputs=other.inputs | one.inputs)
    if not isinstance(one.piece, Place):
        return one if other.truth is False and not isinstance(one.piece, Opaque) else unknown(one, other)
    if isinstance(other.piece, Place):
        what = f"the {_kind(other.piece)} {other.piece.original}"
    elif other.piece is None:
        text = text_of_value(other.value)
        words = default_words(one.piece.original, text, is_secret=one.piece.kind == "github_secret") if text else ""
        if words is None:
            return Result(piece=Opaque(Reason.KEY_IN_CLEAR, (f"a default of {one.piece.original}",)))
        what = words
    else:
        return unknown(one, other)
    return Result(piece=one.piece._replace(otherwise=what))


def _kind(place: Place) -> str:
    return "secret" if place.kind == "github_secret" else "variable"


def same(one: Result, other: Result) -> Result:
    """Whether two values are the same to GitHub: texts without regard to case, different types as numbers."""
    if one.piece or other.piece:
        return unknown(one, other)
    if isinstance(one.value, str) and isinstance(other.value, str):
        return Result(one.value.lower() == other.value.lower())
    return Result(
        (type(one.value) is type(other.value) and one.value == other.value)
        or number_of(one.value) == number_of(other.value)
    )


def unknown(*results: Result) -> Result:
    """A value that nobody knows, for the reason of the first of some that is one."""
    piece = next(each.piece for each in results if each.piece is not None)
    if isinstance(piece, Several):
        piece = next(each for each in piece.value if not isinstance(each, Known))
    if isinstance(piece, Place):
        return Result(piece=Opaque(Reason.CONDITION, (f"the {_kind(piece)} {piece.original} is what is asked for",)))
    return Result(piece=piece)


def number_of(value: Any) -> float:  # noqa: ANN401 - JSON
    """A value as the number that GitHub compares."""
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def text_of_value(value: Any) -> str:  # noqa: ANN401 - JSON
    """A value as the text that takes its place."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.15g}"
        case str():
            return value
    return json.dumps(value, ensure_ascii=False)
