"""Functions of PostgreSQL's whose result is known where their arguments are. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from components.importing.call import Json
from components.importing.json_text import parsed
from components.importing.outcome import Broken, NoCall, Place, Reason
from components.importing.value_kinds import (
    JsonValue,
    Literal,
    NullValue,
    TextValue,
    Value,
    joined,
    member,
    parts_of,
    plain,
)


def _object(binary: bool) -> Callable[[Sequence[Value]], Value]:
    def built(given: Sequence[Value]) -> Value:
        if len(given) % 2:
            raise Broken(Reason.EXPRESSION, "an object of an odd number of arguments")
        keys = [plain(key) if isinstance(key, Literal | TextValue) else None for key in given[::2]]
        if None in keys:
            raise NoCall(Reason.EXPRESSION, "the name of a member")
        return JsonValue(
            {str(key): member(value) for key, value in zip(keys, given[1::2], strict=True)}, is_binary=binary
        )

    return built


def _array(binary: bool) -> Callable[[Sequence[Value]], Value]:
    return lambda given: JsonValue([member(value) for value in given], is_binary=binary)


def _concat(given: Sequence[Value]) -> Value:
    return TextValue(joined([part for value in given if not isinstance(value, NullValue) for part in parts_of(value)]))


def _format(given: Sequence[Value]) -> Value:
    """format() with ``%s``, ``%1$s`` and ``%%`` alone."""
    pattern = plain(given[0]) if given else None
    if pattern is None:
        raise NoCall(Reason.FUNCTION, "format")
    return TextValue(joined(list(_formatted(pattern, given[1:]))))


def _formatted(pattern: str, given: Sequence[Value]) -> Iterator[str | Place]:
    following = 0
    begin, *rest = pattern.split("%")
    yield begin
    pieces = iter(rest)
    for piece in pieces:
        if piece == "":  # %%, whose second part is the next piece
            if (after := next(pieces, None)) is None:
                raise Broken(Reason.FUNCTION, "format")
            yield "%" + after
            continue
        number, dollar, after = piece.partition("$") if piece[:1].isdigit() else ("", "", piece)
        at = int(number) - 1 if dollar and number.isdigit() else following
        if not after.startswith("s") or not 0 <= at < len(given):
            raise NoCall(Reason.FUNCTION, "format")
        following = at + 1
        yield from () if isinstance(given[at], NullValue) else parts_of(given[at])
        yield after[1:]


def _jsonb_of(given: Sequence[Value]) -> Value:
    if len(given) != 1 or isinstance(given[0], Literal | NullValue):
        raise NoCall(Reason.FUNCTION, "to_jsonb")
    return JsonValue(member(given[0]), is_binary=True)


FUNCTIONS: Mapping[str, Callable[[Sequence[Value]], Value]] = {
    "jsonb_build_object": _object(binary=True),
    "jsonb_build_array": _array(binary=True),
    "json_build_object": _object(binary=False),
    "json_build_array": _array(binary=False),
    "to_jsonb": _jsonb_of,
    "concat": _concat,
    "format": _format,
}


def to_json(value: Value, *, is_binary: bool) -> Value:
    """A value that is cast to json or jsonb. Raises NoCall, or Broken for a text that is no JSON."""
    match value:
        case Literal() | TextValue():
            return JsonValue(parsed(parts_of(value)), is_binary)
        case JsonValue(held, _):
            return JsonValue(held, is_binary)
        case NullValue() if is_binary:
            return value
    raise NoCall(Reason.TEXT_FORM, "a cast to JSON")


def merged(left: Value, right: Value) -> Value:
    """Two values of which one is jsonb, joined by ``||``. Raises NoCall."""
    sides: list[Json] = []
    for side in (left, right):
        if isinstance(side, Literal):
            sides.append(parsed((side.text,)))
        elif isinstance(side, JsonValue) and side.is_binary:
            sides.append(side.value)
        else:
            raise NoCall(Reason.TEXT_FORM, "what is joined to JSON")
    first, second = sides
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return JsonValue({**first, **second}, is_binary=True)
    raise NoCall(Reason.EXPRESSION, "what is joined to JSON")
