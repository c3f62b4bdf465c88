"""What an expression is by its type in PostgreSQL: an untyped literal, a text, JSON, a number, NULL. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from components.importing.call import Json, JsonText, Number, Text
from components.importing.outcome import NoCall, Place, Reason
from components.importing.sql_text import Node


class Literal(NamedTuple):
    """A literal without a type, which becomes what its place needs."""

    text: str


class TextValue(NamedTuple):
    """A text; ``place`` is that of a value which alone it is."""

    parts: Text


class JsonValue(NamedTuple):
    """JSON; ``is_binary`` tells jsonb from json, which no parameter of pg_net's takes."""

    value: Json
    is_binary: bool


class NullValue(NamedTuple):
    """SQL's NULL."""


Value = Literal | TextValue | JsonValue | NullValue | Number | bool


def constant(node: Node) -> Value:
    """The value of a literal, a number, true, false or NULL. Raises NoCall."""
    if node.isnull:
        return NullValue()
    match node.WhichOneof("val"):
        case "ival":
            return Number(str(node.ival.ival))
        case "fval":
            return _numeric(node.fval.fval)
        case "boolval":
            return bool(node.boolval.boolval)
        case "sval":
            return Literal(node.sval.sval)
    raise NoCall(Reason.EXPRESSION, "a bit string")


def _numeric(text: str) -> Number:
    if not set(text) <= set("0123456789.eE+-") or len(text) > 100 or abs(Decimal(text).adjusted()) > 100:
        raise NoCall(Reason.NUMBER, "a number in another notation")
    return Number(format(Decimal(text), "f"))


def plain(value: Value) -> str | None:
    """The text of a value that has no places."""
    if isinstance(value, Literal):
        return value.text
    if isinstance(value, TextValue) and all(isinstance(part, str) for part in value.parts):
        return "".join(map(str, value.parts))
    return None


def parts_of(value: Value) -> Text:
    """The parts of a value as ``||`` makes a text of it. Raises NoCall where that depends on its type."""
    match value:
        case Literal(text) | Number(text):
            return (text,)
        case TextValue(parts):
            return parts
    raise NoCall(Reason.TEXT_FORM, "a value that is made a text")


def joined(parts: Sequence[str | Place]) -> Text:
    """Parts without empty texts, neighbouring texts joined; one empty text for none."""
    together: list[str | Place] = []
    for part in parts:
        if isinstance(part, str) and together and isinstance(last := together[-1], str):
            together[-1] = last + part
        elif part != "":
            together.append(part)
    return tuple(together) or ("",)


def member(value: Value) -> Json:
    """A value as a member of an object or an array that a function builds."""
    match value:
        case Literal(text):
            return JsonText((text,))
        case TextValue(parts):
            return JsonText(parts)
        case JsonValue(held, _):
            return held
        case NullValue():
            return None
    return value
