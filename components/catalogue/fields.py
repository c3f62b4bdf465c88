"""The domain's types: one annotated line each, its check a plain function that can be tried alone."""

import math
import re
from collections.abc import Collection, Iterator
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, JsonValue, Strict, StringConstraints, ValidationInfo

from components.values.address import host_of, is_container
from components.values.duration import seconds
from components.values.exact_number import MAX_DIGITS
from components.values.limits import NAME_BYTES, VALUE_BYTES
from components.values.loopback import is_loopback
from components.values.schema_name import schema_name
from components.values.template import KEY, Literal, SecretRef, parse_template

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, token
HEADER_WITH_VALUE = re.compile(r"([^:=]*)[:=].*", re.DOTALL)
"""What is no name because the header's value is part of it, which nobody is to be shown: ``X-Api-Key:…``."""

_UNSENT = re.compile(r"[\s\\]|[^\x00-\x7f]")
"""What no address may hold: each program reads it in its own way, or refuses it."""

_AFTER_SECRET = re.compile(r"(?::[0-9]+)?(?:[/?].*)?", re.DOTALL)
_NO_STATEMENT = re.compile(r"\s+|;|--[^\n]*|/\*.*?\*/", re.DOTALL)
_PORT = re.compile(r":[0-9]+$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DOT_SEGMENT = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_SIGNABLE_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*")  # RFC 3986, path
_SIGNABLE_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&()*+,;=:@/?-]|%[0-9A-F]{2})+")  # RFC 3986, query without '


def printable(value: str) -> str:
    """Refuse control characters; ValueError says where."""
    if found := _CONTROL.search(value):
        raise ValueError(f"holds a control character at position {found.start() + 1}")
    return value


def no_blanks_around(value: str) -> str:
    """Refuse blanks at the ends, which nobody sees and some programs take away."""
    if value != value.strip():
        raise ValueError("has blanks at its ends; write it without")
    return value


def fits_name(value: str) -> str:
    """Refuse what PostgreSQL would cut silently at 63 bytes."""
    size = len(value.encode())
    if size > NAME_BYTES:
        raise ValueError(f"is {size} bytes long; PostgreSQL cuts names at {NAME_BYTES}, shorten it")
    return value


def role_name(value: str) -> str:
    """Refuse what stands for every role, or for none."""
    if value.lower() in {"public", "none"}:
        raise ValueError(f"{value!r} is no role but a word for every role, or none; name the roles themselves")
    return value


def own_role_name(value: str) -> str:
    """Refuse also what PostgreSQL keeps for its own roles, where a role is to be made."""
    if role_name(value).startswith("pg_"):
        raise ValueError(f"{value!r} begins with pg_, as only PostgreSQL's own roles may; choose another name")
    return value


def statement(value: str) -> str:
    """Refuse SQL in which nothing is to be done, which pg_cron would run with success."""
    if not _NO_STATEMENT.sub("", value):
        raise ValueError("holds no statement; write one, or remove the job")
    return value


def header_name(value: str) -> str:
    """Refuse what is no HTTP header name (RFC 9110)."""
    if found := HEADER_WITH_VALUE.fullmatch(value):
        raise ValueError(f"{found[1]!r} has its value in its name; write them apart, with ': ' between")
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError(f"{value!r} is not a header name; use letters, digits and '-'")
    return value


def template(value: str) -> str:
    """Refuse text whose braces are neither ``{secret}`` nor doubled, and control characters."""
    parse_template(printable(value))
    return value


def header_value(value: str) -> str:
    """Like :func:`template`; refuse what would not arrive as it is written (RFC 9110), or with the request at all."""
    no_blanks_around(template(value))
    if not value:
        raise ValueError("is empty, and a header without a value is not sent; leave it out")
    if len(value.encode()) > VALUE_BYTES:
        raise ValueError(f"is longer than {VALUE_BYTES} bytes, more than a header may be")
    return value


BESIDE = "a container beside a database on this machine"


def http_url(value: str, plain_http: Collection[str] = ()) -> str:
    """Refuse an address that is not http(s), or not sent as it is written.

    Refuse plain http, too, to anything but this machine and the hosts that may be reached by it.
    """
    try:
        parts = urlsplit(value)
    except ValueError:
        raise ValueError("is not a web address; write its host in plain letters (xn--… for others)") from None
    try:
        port = parts.port if "{" not in parts.netloc else None
    except ValueError:
        if _PORT.search(parts.netloc):
            raise ValueError("has a port above 65535; write another, or none") from None
        raise ValueError("has no number as port; percent-encode what is special in a user name or password") from None
    if port == 0:
        raise ValueError("has 0 as port, where nothing listens; write another, or none")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not a web address; it must start with https:// and name a host")
    if parts.scheme == "http" and not is_loopback(parts.hostname) and host_of(value, plain_http) is None:
        beside = f", or name it in plainHttpHosts if it is {BESIDE}" if is_container(parts.hostname) else ""
        raise ValueError(
            f"goes to {parts.hostname} without https, which would send the keys in clear; use https://{beside}"
        )
    if _UNSENT.search(value):
        raise ValueError("holds a blank or a character beyond ASCII; percent-encode it (a blank is %20)")
    if "#" in value:
        raise ValueError("has a part after #, which is never sent; leave it out, or write %23 for the character")
    return value


def span(value: object) -> object:
    """A text such as ``30s`` or ``1 day`` in seconds; ValueError for another."""
    return seconds(value) if isinstance(value, str) else value


def container(value: str) -> str:
    """Refuse a host that is none of containers on one machine: there, no key is on its way over a network."""
    if not is_container(value):
        raise ValueError(
            f"{value!r} is none of containers on one machine, such as kong or host.docker.internal; use https"
        )
    return value


def host_name(value: str) -> str:
    """Refuse what is no host, as it would have to stand in an address; in lower case."""
    if host_of(f"https://{value}") is None or re.search(
        r"[@:/?#]", value.partition("]")[2] if value[:1] == "[" else value
    ):
        raise ValueError(f"{value!r} is no host; write its name alone, such as abcdefgh.supabase.co")
    return value.lower().removesuffix(".")


PLAIN_HTTP = "plain_http_hosts"
"""In the context of a validation: the hosts that the stack allows to be reached without https."""


def url_template(value: str, info: ValidationInfo) -> str:
    """Like :func:`http_url` for the part of a template that is known before run time."""
    plain_http = (info.context or {}).get(PLAIN_HTTP, ())
    parts = parse_template(template(value))
    if not parts:
        raise ValueError("is empty; write an address such as {supabase_url}/functions/v1/my-function")
    if isinstance(parts[0], Literal):
        http_url(value, plain_http)
        return value
    rest = "".join(part.text if isinstance(part, Literal) else "word" for part in parts[1:])
    if parts[1:] and isinstance(parts[1], Literal):  # another secret's place is the catalogue's to judge
        if not _AFTER_SECRET.fullmatch(rest):
            raise ValueError(
                f"goes on after {{{parts[0].key}}} without '/', so that its host would be another; write '/' there"
            )
        http_url(f"https://host{rest}")
    return value


def whole_milliseconds(value: float) -> float:
    """Refuse what is no whole number of milliseconds, which is what pg_net and the ledger count in."""
    if not math.isclose(value * 1000, round(value * 1000), rel_tol=1e-9):
        raise ValueError("counts less than a millisecond; round it to three decimals")
    return value


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


def signable_url(value: str) -> str:
    """Refuse a template of an address whose path or query curl or the receiver may write otherwise than it is signed.

    curl takes dot segments out and may write a path's escapes in upper case; the URL class of Edge Functions escapes
    what RFC 3986 does not allow, and the apostrophe of a query. A secret counts as one harmless word; its value is held
    against the same rule by ``sign_cron_request_with``.
    """
    parts = parse_template(value)
    origin = "https://host" if parts and isinstance(parts[0], SecretRef) else ""
    words = (part.text if isinstance(part, Literal) else "word" for part in parts[1 if origin else 0 :])
    address, _, _ = (origin + "".join(words)).partition("#")
    rest = address.partition("://")[2]
    path, mark, query = rest.partition("?")
    path = path[path.find("/") :] if "/" in path else "/"
    if any(_DOT_SEGMENT.fullmatch(step) for step in path.split("/")):
        raise ValueError("its path has a '.' or '..' step, which is taken out before it is sent; write it without")
    if not _SIGNABLE_PATH.fullmatch(path) or (mark and not _SIGNABLE_QUERY.fullmatch(query)):
        raise ValueError(
            "its path or query holds what may change on its way and so cannot be signed; write other characters than "
            "letters, digits and /-._~!$&()*+,;=:@ as %XX, in upper case, and no '?' without a query"
        )
    return value


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
UrlTemplate = Annotated[str, AfterValidator(url_template)]
HeaderValue = Annotated[str, AfterValidator(header_value)]
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
