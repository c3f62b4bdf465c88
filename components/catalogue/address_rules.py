"""Which addresses and hosts the catalogue takes: each rule a plain function that raises ValueError. Pure."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from pydantic import ValidationInfo

from components.values.address import host_of, is_container
from components.values.loopback import is_loopback
from components.values.template import Literal, SecretRef, Template

PLAIN_HTTP = "plain_http_hosts"
"""Key in the context of a validation: its value are the hosts that the stack allows without https."""

_WORD = "word"
"""The word in the place of each secret while an address is checked, before run time."""

_UNSENT = re.compile(r"[\s\\]|[^\x00-\x7f]")
"""Characters that no address may hold: each program reads them in its own way, or refuses them."""

_AFTER_SECRET = re.compile(r"(?::[0-9]+)?(?:[/?].*)?", re.DOTALL)
_PORT = re.compile(r":[0-9]+$")
_DOT_SEGMENT = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_SIGNABLE_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})*")  # RFC 3986, path
_SIGNABLE_QUERY = re.compile(r"(?:[A-Za-z0-9._~!$&()*+,;=:@/?-]|%[0-9A-F]{2})+")  # RFC 3986, query without '


BESIDE = "a container beside a database on this machine"


def http_url(value: str, plain_http: Collection[str] = ()) -> str:
    """Return an address as it is; refuse one that is not http(s), or that would not be sent as written.

    Refuse plain http, too, except to this machine and to the hosts in ``plain_http``.
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


def url_template(value: Template, info: ValidationInfo) -> Template:
    """Return the template of an address as it is; hold its part that is known before run time against http_url."""
    plain_http = (info.context or {}).get(PLAIN_HTTP, ())
    parts = value.parts
    if not parts:
        raise ValueError("is empty; write an address such as {supabase_url}/functions/v1/my-function")
    if isinstance(parts[0], Literal):
        http_url(value.text, plain_http)
        return value
    rest = value.filled(_WORD).removeprefix(_WORD)
    if parts[1:] and isinstance(parts[1], Literal):  # another secret's place is the catalogue's to judge
        if not _AFTER_SECRET.fullmatch(rest):
            raise ValueError(
                f"goes on after {{{parts[0].key}}} without '/', so that its host would be another; write '/' there"
            )
        http_url(f"https://host{rest}")
    return value


def signable_url(value: Template) -> Template:
    """Return the template of an address as it is; refuse one that curl or the receiver may change after it is signed.

    curl takes dot segments out and may write a path's escapes in upper case; the URL class of Edge Functions escapes
    characters that RFC 3986 does not allow, and the apostrophe of a query. A secret counts as one harmless word here;
    ``sign_cron_request_with`` holds its value against the same rule.
    """
    address = value.filled(_WORD)
    if value.parts and isinstance(value.parts[0], SecretRef):
        address = f"https://host{address.removeprefix(_WORD)}"
    address, _, _ = address.partition("#")
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


def container(value: str) -> str:
    """Return a host as it is; refuse one that is no container beside the database, where no network carries a key."""
    if not is_container(value):
        raise ValueError(
            f"{value!r} is none of containers on one machine, such as kong or host.docker.internal; use https"
        )
    return value


def host_name(value: str) -> str:
    """Return a host in lower case and without a dot at its end; refuse a text that is no host of an address."""
    if host_of(f"https://{value}") is None or re.search(
        r"[@:/?#]", value.partition("]")[2] if value[:1] == "[" else value
    ):
        raise ValueError(f"{value!r} is no host; write its name alone, such as abcdefgh.supabase.co")
    return value.lower().removesuffix(".")
