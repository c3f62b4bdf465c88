"""A text that becomes JSON, with places of values inside of its strings. Pure."""

import json
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from components.importing.call import Json, JsonText, Number, Text
from components.importing.outcome import Broken, NoCall, Place, Reason

_HOLE = "\ue000"
"""What stands for a place while a text is read as JSON; a private character that no command has."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST = 1000
"""Digits of a number at most."""


def parsed(parts: Text) -> Json:
    """The JSON of a text as jsonb would hold it. Raises Broken for a text that is none, or NoCall.

    A value that holds a quote or a backslash would break the JSON where it is joined into it, and cannot here.
    """
    if any(isinstance(part, str) and _HOLE in part for part in parts):
        raise NoCall(Reason.CHARACTER)
    text = "".join(part if isinstance(part, str) else _HOLE for part in parts)
    try:
        read = json.loads(text, parse_int=number, parse_float=number, parse_constant=_refuse)
    except (ValueError, RecursionError):
        if _HOLE in text:
            raise NoCall(Reason.EXPRESSION, "JSON with a value outside of its texts") from None
        raise Broken(Reason.NOT_JSON) from None
    return _with_places(read, iter([part for part in parts if isinstance(part, Place)]))


def number(text: str) -> Number:
    """A number in jsonb's form. Raises NoCall for one that is too long."""
    try:
        decimal = Decimal(text)
    except InvalidOperation:
        raise NoCall(Reason.NUMBER, "one that is too long") from None
    if len(text) > _MOST or abs(decimal.adjusted()) > _MOST:
        raise NoCall(Reason.NUMBER, "one that is too long")
    return Number(format(decimal, "f"))


def _refuse(_: str) -> NoReturn:
    raise ValueError("NaN")


def _with_places(value: Any, places: Any) -> Json:  # noqa: ANN401 - JSON, and an iterator of places
    match value:
        case Number():
            return value
        case str():
            if "\0" in value or _SURROGATE.search(value):
                raise Broken(Reason.NOT_JSON)
            return JsonText(_filled(value, places))
        case dict():
            if any(_HOLE in key for key in value):
                raise NoCall(Reason.EXPRESSION, "the name of a member")
            if any("\0" in key or _SURROGATE.search(key) for key in value):
                raise Broken(Reason.NOT_JSON)
            return {key: _with_places(part, places) for key, part in value.items()}
        case list():
            return [_with_places(part, places) for part in value]
    return value  # type: ignore[no-any-return]


def _filled(text: str, places: Any) -> Text:  # noqa: ANN401
    begin, *rest = text.split(_HOLE)
    parts: list[str | Place] = [begin]
    for after in rest:
        parts += [next(places), after]
    return tuple(part for part in parts if part != "") or ("",)


def sent(value: Json) -> Any:  # noqa: ANN401 - JSON as a YAML file has it
    """JSON without places, as the catalogue says it. Raises NoCall where that would be sent in another form."""
    match value:
        case Number(text):
            return _exactly(text)
        case JsonText(parts):
            if places := [part for part in parts if isinstance(part, Place)]:
                raise NoCall(Reason.PLACE_IN_BODY, places[0].original)
            return "".join(map(str, parts))
        case None | bool():
            return value
        case list():
            return [sent(part) for part in value]
    return {key: sent(part) for key, part in value.items()}


def _exactly(text: str) -> int | float:
    """A number that jsonb writes with the same digits again. Raises NoCall."""
    plain = int(text) if text.lstrip("-").isdigit() else float(text)
    if isinstance(plain, float) and not math.isfinite(plain):
        raise NoCall(Reason.NUMBER, "one that is too long")
    again = json.dumps(plain)
    if format(Decimal(again), "f") != text:
        raise NoCall(Reason.NUMBER, "its digits")
    return plain
