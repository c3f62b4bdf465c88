"""The domain's types, one annotated line each.

Each check is a plain function that returns its value and raises ValueError with the end of a sentence.
"""

import math
import re
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Annotated, Protocol

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetPydanticSchema,
    JsonValue,
    Strict,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import core_schema

from components.catalogue.address_rules import container, host_name, url_template
from components.values.duration import seconds
from components.values.exact_number import MAX_DIGITS
from components.values.limits import MAX_ARGUMENTS, NAME_BYTES, VALUE_BYTES
from components.values.schema_name import schema_name
from components.values.template import KEY, Template, parse_template

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, token
HEADER_WITH_VALUE = re.compile(r"([^:=]*)[:=].*", re.DOTALL)
"""A header's name with the value in it, which must not be shown: ``X-Api-Key:…``; the group is the name alone."""

_NO_STATEMENT = re.compile(r"\s+|;|--[^\n]*|/\*.*?\*/", re.DOTALL)
_RANGE = re.compile(r"([1-5][0-9]{2})-([1-5][0-9]{2})")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
"""A control character."""


class _Parsed(Protocol):
    @property
    def text(self) -> str: ...


def parsed_by(parse: Callable[[str], _Parsed]) -> GetPydanticSchema:
    """The schema of a field that is a text in files and dumps, and in the model the object that ``parse`` returns."""
    text = core_schema.str_schema()
    dump = core_schema.plain_serializer_function_ser_schema(attrgetter("text"), return_schema=text)
    schema = core_schema.no_info_after_validator_function(parse, text, serialization=dump)
    return GetPydanticSchema(lambda _type, _handler: schema)


def printable(value: str) -> str:
    """Refuse control characters; the error gives the position of the first."""
    if control := CONTROL.search(value):
        raise ValueError(f"holds a control character at position {control.start() + 1}")
    return value


def no_blanks_around(value: str) -> str:
    """Refuse blanks at the ends, which nobody sees and some programs remove."""
    if value != value.strip():
        raise ValueError("has blanks at its ends; write it without")
    return value


def fits_name(value: str) -> str:
    """Refuse a name that PostgreSQL would cut silently at 63 bytes."""
    size = len(value.encode())
    if size > NAME_BYTES:
        raise ValueError(f"is {size} bytes long; PostgreSQL cuts names at {NAME_BYTES}, shorten it")
    return value


def role_name(value: str) -> str:
    """Refuse the words that stand for every role, or for none."""
    if value.lower() in {"public", "none"}:
        raise ValueError(f"{value!r} is no role but a word for every role, or none; name the roles themselves")
    return value


def own_role_name(value: str) -> str:
    """Refuse also a name with the prefix of PostgreSQL's own roles, for a role that this project makes."""
    if role_name(value).startswith("pg_"):
        raise ValueError(f"{value!r} begins with pg_, as only PostgreSQL's own roles may; choose another name")
    return value


def statement(value: str) -> str:
    """Refuse SQL without a statement, which pg_cron would run with success."""
    if not _NO_STATEMENT.sub("", value):
        raise ValueError("holds no statement; write one, or remove the job")
    return value


def expressions(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Refuse what is no map of SQL expressions, or of such maps; whether each is one expression, the server judges."""
    if not value or len(value) > MAX_ARGUMENTS // 2:
        raise ValueError(f"has {len(value)} keys at one level, and may have 1 to {MAX_ARGUMENTS // 2}")
    for key, part in value.items():
        match part:
            case dict():
                expressions(part)
            case str() if _NO_STATEMENT.sub("", part) and "\0" not in part:
                pass
            case str():
                raise ValueError(f"holds no SQL expression as {key!r}; write one, or remove the key")
            case _:
                raise ValueError(f"has no text as {key!r}; write an SQL expression, or put the value into 'body'")
    return value


def header_name(value: str) -> str:
    """Refuse a text that is no HTTP header name (RFC 9110)."""
    if whole := HEADER_WITH_VALUE.fullmatch(value):
        raise ValueError(f"{whole[1]!r} has its value in its name; write them apart, with ': ' between")
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a header name; use letters, digits and '-'")
    return value


def template(value: str) -> Template:
    """Parse a template; refuse braces that are neither ``{secret}`` nor doubled, and control characters."""
    return parse_template(printable(value))


def header_value(value: Template) -> Template:
    """Refuse a header's value that would not arrive as written (RFC 9110), or that keeps the request from arriving."""
    no_blanks_around(value.text)
    if not value.text:
        raise ValueError("is empty, and a header without a value is not sent; leave it out")
    if len(value.text.encode()) > VALUE_BYTES:
        raise ValueError(f"is longer than {VALUE_BYTES} bytes, more than a header may be")
    return value


def span(value: object) -> object:
    """The seconds of a text such as ``30s`` or ``1 day``; a value that is no text as it is, for the next check."""
    return seconds(value) if isinstance(value, str) else value


def whole_milliseconds(value: float) -> float:
    """Refuse seconds that are no whole number of milliseconds, in which pg_net and the ledger count."""
    if not math.isclose(value * 1000, round(value * 1000), rel_tol=1e-9):
        raise ValueError("counts less than a millisecond; round it to three decimals")
    return value


def with_ranges(value: object) -> object:
    """A list with its ranges, texts such as ``200-399``, as numbers; another value as it is, for the next check."""
    if not isinstance(value, list):
        return value
    numbers: list[object] = []
    for item in value:
        bounds = _RANGE.fullmatch(item) if isinstance(item, str) else None
        numbers += range(int(bounds[1]), int(bounds[2]) + 1) if bounds else [item]
    return numbers


def sendable_json(value: JsonValue) -> JsonValue:
    """Refuse numbers that JSON or PostgreSQL cannot hold."""
    for number in _numbers(value):
        if not math.isfinite(number) if isinstance(number, float) else abs(number) >= 10**MAX_DIGITS:
            raise ValueError(f"holds a number that is not finite, or has more than {MAX_DIGITS} digits; write another")
    return value


def _numbers(value: JsonValue) -> Iterator[int | float]:
    match value:
        case bool():
            return
        case int() | float():
            yield value
        case dict():
            for part in value.values():
                yield from _numbers(part)
        case list():
            for part in value:
                yield from _numbers(part)


PlainText = Annotated[str, AfterValidator(printable)]
Identifier = Annotated[str, StringConstraints(min_length=1), AfterValidator(printable), AfterValidator(fits_name)]
SchemaName = Annotated[Identifier, AfterValidator(schema_name)]
RoleName = Annotated[Identifier, AfterValidator(role_name)]
OwnRoleName = Annotated[Identifier, AfterValidator(own_role_name)]
Statement = Annotated[str, AfterValidator(statement)]
JobName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(printable),
    AfterValidator(no_blanks_around),
]
AlertName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
SecretKey = Annotated[str, StringConstraints(pattern=rf"^{KEY}$")]
HeaderName = Annotated[str, AfterValidator(header_name)]
UrlTemplate = Annotated[Template, parsed_by(template), AfterValidator(url_template)]
HeaderValue = Annotated[Template, parsed_by(template), AfterValidator(header_value)]
BodySql = Annotated[
    dict[str, JsonValue],
    AfterValidator(expressions),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"anyOf": [{"type": "string", "examples": ["now()"]}, {"type": "object"}]},
        }
    ),
]
"""SQL expressions by key, or objects of such."""
Body = Annotated[JsonValue, AfterValidator(sendable_json)]
_Written = Annotated[float, Field(ge=0.001)] | Annotated[str, Field(examples=["30s", "5m", "1 day"])]
Seconds = Annotated[
    float,
    Strict(),
    Field(ge=0.001, allow_inf_nan=False),
    AfterValidator(whole_milliseconds),
    BeforeValidator(span, json_schema_input_type=_Written),
]
Count = Annotated[int, Strict()]
HostName = Annotated[str, AfterValidator(host_name)]
ContainerName = Annotated[HostName, AfterValidator(container)]
StatusCode = Annotated[int, Strict(), Field(ge=100, le=599)]
_CodeOrRange = StatusCode | Annotated[str, Field(pattern=_RANGE.pattern, examples=["200-399"])]
StatusCodes = Annotated[list[StatusCode], BeforeValidator(with_ranges, json_schema_input_type=list[_CodeOrRange])]
