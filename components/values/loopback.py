"""Hosts that are this machine, so that no key can be lost on the way."""

import ipaddress

_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


def is_loopback(host: str) -> bool:
    """Whether a host name or address names this machine and nothing else.

    A name below ``localhost`` does not count, since some resolvers ask the network for it. An IPv4 address written as
    an IPv6 one does not count either, in no version of Python.
    """
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return any(address in network for network in _NETWORKS)
