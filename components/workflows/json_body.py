"""The body of a request as the catalogue says it: a JSON value, and the inputs in it. Pure."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from components.leaks.credential import is_literal_credential
from components.leaks.exposed_key import placed_key_in
from components.values.exact_number import decimal_number, not_finite, whole_number
from components.workflows.outcome import Place, Reason, Refused
from components.workflows.value import Answer, Clock, Field, Known, Opaque, Value
from components.workflows.workflow import Input


def json_of(body: Value, line: int) -> tuple[Any, str]:
    """The JSON value of a body, and its text. Raises Refused."""
    for piece in body:
        if isinstance(piece, Place):
            raise Refused(Reason.SECRET_IN_BODY, line, piece.original)
        refuse_unknown(piece, line)
    text = "".join(piece.text for piece in body if isinstance(piece, Known))
    try:
        value = json.loads(text, parse_int=whole_number, parse_float=decimal_number, parse_constant=not_finite)
    except (ValueError, RecursionError):
        raise Refused(Reason.NO_JSON, line) from None
    if value is None:
        raise Refused(Reason.NULL_BODY, line)
    if placed_key_in(text) or _has_credential(value):
        raise Refused(Reason.KEY_IN_BODY, line)
    return value, text


def refuse_unknown(piece: object, line: int) -> None:
    """Raise Refused for a piece that nobody knows before the run."""
    match piece:
        case Opaque(reason, details):
            raise Refused(reason, line, *(details or ([""] if "{" in reason.value else [])))
        case Answer() | Field():
            raise Refused(Reason.FEEDS, line)
        case Clock():
            raise Refused(Reason.RUN_TIME, line, ", the date")


def _has_credential(value: Any, name: str = "") -> bool:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return any(_has_credential(part, key) for key, part in value.items())
    if isinstance(value, list):
        return any(_has_credential(part, name) for part in value)
    return isinstance(value, str) and is_literal_credential(name, value)


def as_jsonb(value: Any) -> str:  # noqa: ANN401 - JSON
    """A JSON value as PostgreSQL writes jsonb: the shorter names first, a blank after each colon and comma."""
    match value:
        case dict():
            ordered = sorted(value.items(), key=lambda pair: (len(pair[0].encode()), pair[0].encode()))
            return "{" + ", ".join(f"{as_jsonb(name)}: {as_jsonb(part)}" for name, part in ordered) + "}"
        case list():
            return "[" + ", ".join(map(as_jsonb, value)) + "]"
        case float():
            return f"{Decimal(json.dumps(value)):f}"
    return json.dumps(value, ensure_ascii=False)


def inputs_of(body: Value, value: Any, inputs: Mapping[str, Input]) -> dict[str, tuple[str, dict[str, Any]]]:  # noqa: ANN401
    """The members of a body that an input sets alone, each with the input's name and the catalogue's entry for it."""
    if not isinstance(value, dict):
        return {}
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    text = "".join(piece.text for piece in body if isinstance(piece, Known))
    at = 0
    for piece in body:
        if not isinstance(piece, Known):
            continue
        begin, at = at, at + len(piece.text)
        if len(piece.inputs) != 1:
            continue
        name = next(iter(piece.inputs))
        member = _member(text, begin, at, value)
        if member is not None:
            found[member] = name, _spec(inputs.get(name, Input(name)), value[member])
    return found


def _member(text: str, begin: int, end: int, value: dict[str, Any]) -> str | None:
    """The member of an object that is the part of its text between two places alone; None of another part."""
    mark = "\ue000"
    is_quoted = text[:begin].endswith('"') and text[end:].startswith('"')
    marked = text[:begin] + (mark if is_quoted else f'"{mark}"') + text[end:]
    try:
        members = json.loads(marked)
    except ValueError:
        return None
    return next((name for name, part in members.items() if part == mark and name in value), None)


def _spec(given: Input, value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    kinds: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
    kind = kinds.get(type(value), "string" if value is None else "")
    spec: dict[str, Any] = {"type": kind or "string"}
    default = _typed(given.default, kind)
    if default is not None:
        spec["default"] = default
    if given.description:
        spec["description"] = given.description
    return spec


def _typed(text: str | None, kind: str) -> Any:  # noqa: ANN401 - JSON
    if text is None or kind == "string":
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return None
    fits = {"boolean": isinstance(value, bool), "integer": type(value) is int, "number": type(value) in {int, float}}
    return value if fits.get(kind) else None
