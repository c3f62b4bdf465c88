"""What a web address is: one pattern for the catalogue, for a secret's value and for the functions in the database.

It is read by Python and by PostgreSQL alike, so it uses what both understand in the same way.
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
"""An address, its host as the one group or the other: https, or http to this machine, where no key is lost on the way.

Nothing but these characters may stand before the path: what reads a backslash or a second @ otherwise than the next
program would send keys to another host.
"""

ANY_SCHEME = r"^[A-Za-z][A-Za-z0-9+.-]*://"
"""How every value begins that could be taken for an address."""


PLAIN = "http://"
"""How an address begins that goes there without https, and a host that a stack allows so, in the database."""


def host_of(address: str, plain_http: Collection[str] = ()) -> str | None:
    """The host of an address as ADDRESS has it, in lower case and without a dot at its end; None of anything else.

    ``plain_http`` are hosts that may be reached without https as well: containers beside the database (settings.py).
    """
    found = re.fullmatch(ADDRESS, address)
    if found is None and plain_http and address.startswith(PLAIN):
        host = host_of(f"https://{address.removeprefix(PLAIN)}")
        return host if host in plain_http else None
    return (found[1] or found[2]).lower().removesuffix(".") if found else None


def is_container(host: str) -> bool:
    """Whether a host is named as containers on one machine name each other and it: no name that the internet knows."""
    return _CONTAINER.fullmatch(host) is not None


def is_address(value: str) -> bool:
    """Whether a value begins as an address does, of whatever kind."""
    return re.match(ANY_SCHEME, value) is not None


class Origin(NamedTuple):
    """The secrets in the template of an address that say which host it goes to.

    ``first`` is the one that it begins with; ``within`` are those that stand where the host may still go on.
    """

    first: str | None
    within: tuple[str, ...]


def origin_of(template: Template) -> Origin:
    """Which secrets the host of an address depends on."""
    parts = template.parts
    first = parts[0].key if parts and isinstance(parts[0], SecretRef) else None
    within = []
    for part in parts[1 if first else 0 :]:
        if isinstance(part, SecretRef):
            within.append(part.key)
        elif re.search(r"[/?#]", part.text.partition("://")[2] if "://" in part.text else part.text):
            break
    return Origin(first, tuple(within))
