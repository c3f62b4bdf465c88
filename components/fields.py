"""The domain's types: one annotated line each, its check a plain function that can be tried alone."""

import re
from collections.abc import Collection
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo

from components.address import host_of, is_container
from components.duration import seconds
from components.limits import NAME_BYTES
from components.loopback import is_loopback
from components.template import KEY, Literal, SecretRef, parse_template

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, token
HEADER_WITH_VALUE = re.compile(r"([^:=]*)[:=].*", re.DOTALL)
"""What is no name because the header's value is part of it, which nobody is to be shown: ``X-Api-Key:…``."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DOT_SEGMENT = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_SIGNABLE_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*")  # RFC 3986, path
_SIGNABLE_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&()*+,;=:@/?-]|%[0-9A-F]{2})+")  # RFC 3986, query without '


def printable(value: str) -> str:
    """Refuse control characters; ValueError says where."""
    if found := _CONTROL.search(value):
        raise ValueError(f"holds a control character at position {found.start() + 1}")
    return value


def fits_name(value: str) -> str:
    """Refuse what PostgreSQL would cut silently at 63 bytes."""
    size = len(value.encode())
    if size > NAME_BYTES:
        raise ValueError(f"is {size} bytes long; PostgreSQL cuts names at {NAME_BYTES}, shorten it")
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


def http_url(value: str, plain_http: Collection[str] = ()) -> str:
    """Refuse an address that is not http(s), or not https to anything but this machine and the hosts that may be."""
    parts = urlsplit(value)
    try:
        _ = parts.port if "{" not in parts.netloc else None
    except ValueError:
        raise ValueError("has no number as port; percent-encode what is special in a user name or password") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is not a web address; it must start with https:// and name a host")
    if parts.scheme == "http" and not is_loopback(parts.hostname) and host_of(value, plain_http) is None:
        beside = f", or name it in plainHttpHosts if it is {BESIDE}" if is_container(parts.hostname) else ""
        raise ValueError(
            f"goes to {parts.hostname} without https, which would send the keys in clear; use https://{beside}"
        )
    return value


BESIDE = "a container beside a database on this machine"


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
    first = parse_template(template(value))[:1]
    if first and isinstance(first[0], Literal):
        http_url(value, (info.context or {}).get(PLAIN_HTTP, ()))
    elif not first:
        raise ValueError("is empty; write an address such as {supabase_url}/functions/v1/my-function")
    return value


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


Identifier = Annotated[str, StringConstraints(min_length=1), AfterValidator(printable), AfterValidator(fits_name)]
JobName = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(printable)]
AlertName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
SecretKey = Annotated[str, StringConstraints(pattern=rf"^{KEY}$")]
HeaderName = Annotated[str, AfterValidator(header_name)]
Template = Annotated[str, AfterValidator(template)]
UrlTemplate = Annotated[str, AfterValidator(url_template)]
_Written = Annotated[float, Field(gt=0)] | Annotated[str, Field(examples=["30s", "5m", "1 day"])]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False), BeforeValidator(span, json_schema_input_type=_Written)]
HostName = Annotated[str, AfterValidator(host_name)]
ContainerName = Annotated[HostName, AfterValidator(container)]
StatusCode = Annotated[int, Field(ge=100, le=599)]
