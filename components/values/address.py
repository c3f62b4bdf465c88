"""Web addresses: one pattern for the catalogue, for a secret's value and for the functions in the database.

Python and PostgreSQL both match with the pattern, so it uses only syntax that means the same in both.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

from components.values.template import SecretRef, Template

_HOST = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]"
_LOOPBACK = r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]"

_CONTAINER = re.compile(r"[a-z][a-z0-9_-]*(?:(?:\.[a-z0-9_-]+)*\.internal)?")

ADDRESS = (
    rf"^(?:https://(?:[A-Za-z0-9._~!$&'()*+,;=:%-]+@)?({_HOST})|http://({_LOOPBACK}))(?::[0-9]{{1,5}})?(?:[/?#]\S*)?$"
)
"""An address with https, or with http to this machine, where no key is lost on the way; one of the groups is its host.

Nothing but these characters may stand before the path: programs disagree on a backslash or a second @, so one of them
would send keys to another host.
"""

ANY_SCHEME = r"^[A-Za-z][A-Za-z0-9+.-]*://"
"""The beginning of every value that somebody could take for an address."""


PLAIN = "http://"
"""The beginning of an address without https; in the database, also of a host that a stack allows without https."""


def host_of(address: str, plain_http: Collection[str] = ()) -> str | None:
    """The host of an address that fits ADDRESS, in lower case and without a dot at its end; None for another text.

    ``plain_http`` are hosts that requests may reach without https as well: containers beside the database.
    """
    match = re.fullmatch(ADDRESS, address)
    if match is None and plain_http and address.startswith(PLAIN):
        host = host_of(f"https://{address.removeprefix(PLAIN)}")
        return host if host in plain_http else None
    return (match[1] or match[2]).lower().removesuffix(".") if match else None


def is_container(host: str) -> bool:
    """Whether a host has the name of a container, or of the machine for its containers: no name of the internet."""
    return _CONTAINER.fullmatch(host) is not None


def is_address(value: str) -> bool:
    """Whether a value begins like an address of any scheme."""
    return re.match(ANY_SCHEME, value) is not None


class Origin(NamedTuple):
    """The keys of the secrets in the template of an address on which its host depends.

    ``first`` is the secret at the beginning, or None; ``within`` are secrets at places where the host may still go on.
    """

    first: str | None
    within: tuple[str, ...]


def origin_of(template: Template) -> Origin:
    """The secrets on which the host of an address depends."""
    parts = template.parts
    first = parts[0].key if parts and isinstance(parts[0], SecretRef) else None
    within = []
    for part in parts[1 if first else 0 :]:
        if isinstance(part, SecretRef):
            within.append(part.key)
        elif re.search(r"[/?#]", part.text.partition("://")[2] if "://" in part.text else part.text):
            break
    return Origin(first, tuple(within))
