"""Which hosts need TLS with a verified server: all but loopback and local sockets. Pure."""

from collections.abc import Mapping

from psycopg.conninfo import conninfo_to_dict

from components.errors import InvalidConfiguration
from components.values.loopback import is_loopback

_VERIFIED = "verify-full"
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", _VERIFIED)


def with_tls(
    parameters: Mapping[str, str], environment: Mapping[str, str], *, allow_unverified_tls: bool
) -> dict[str, str]:
    """The parameters of a complete conninfo, with ``sslmode=verify-full`` where a host of them needs it.

    Raises InvalidConfiguration for a lesser sslmode there, whether it is a parameter or PGSSLMODE of ``environment``.
    """
    mode = parameters.get("sslmode") or environment.get("PGSSLMODE") or ""
    if mode and mode not in _SSL_MODES:
        raise InvalidConfiguration([f"the connection has an unknown sslmode; use one of {', '.join(_SSL_MODES)}"])
    if allow_unverified_tls or _stays_here(parameters):
        return dict(parameters)
    if mode not in ("", _VERIFIED):
        raise InvalidConfiguration(
            [
                f"the connection to {parameters.get('host') or parameters.get('hostaddr')} would not verify the server "
                f"(sslmode={mode}); use sslmode=verify-full with sslrootcert, or say allowUnverifiedTls: true in the "
                "stack's configuration"
            ]
        )
    # Without gssencmode libpq may use GSSAPI, which sslmode does not govern.
    return {**parameters, "sslmode": _VERIFIED, "gssencmode": "disable"}


def stays_on_this_machine(conninfo: str) -> bool:
    """Whether each host of a complete conninfo is loopback or a local socket."""
    return _stays_here({key: str(value) for key, value in conninfo_to_dict(conninfo).items()})


def is_socket(host: str) -> bool:
    """Whether libpq takes a host for a local socket: a folder, or an abstract name."""
    return host.startswith(("/", "@"))


def _stays_here(parameters: Mapping[str, str]) -> bool:
    places = f"{parameters.get('host', '')},{parameters.get('hostaddr', '')}".split(",")
    return all(is_socket(place) or is_loopback(place) for place in places if place)  # libpq's own default is a socket
