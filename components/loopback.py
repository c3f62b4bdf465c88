"""Which hosts are this machine, to which no key can be lost on the way."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether a host name or address names this machine and nothing else."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
