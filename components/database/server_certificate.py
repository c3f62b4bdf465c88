"""Why the certificate of a server is refused: libpq does not report the reason, so a second handshake asks for it."""

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from components.database.conninfo import PORT

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_WILLING = b"S"
_SYSTEM = "system"


class _Place(NamedTuple):
    """The address and port of a server, and the name that it is asked for its certificate by."""

    address: str
    port: int
    name: str


def certificate_fault(parameters: Mapping[str, object], timeout: float) -> int | None:
    """OpenSSL's code (``X509_V_ERR_*``) of what is wrong with the certificate of a conninfo's server.

    ``timeout`` is in seconds, for each host. Returns None where nothing is wrong but the host name, which is not
    compared, and where no server answered.
    """
    try:
        context = _context(parameters)
    except OSError:
        return None
    for place in _places(parameters):
        with contextlib.suppress(OSError):  # an ssl.SSLError is one
            try:
                _shake_hands(place, context, timeout)
            except ssl.SSLCertVerificationError as exc:
                return exc.verify_code
    return None


def _context(parameters: Mapping[str, object]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    root = str(parameters.get("sslrootcert", ""))
    if root == _SYSTEM:
        context.load_default_certs()
    else:
        context.load_verify_locations(root)
    if revoked := parameters.get("sslcrl"):
        context.load_verify_locations(str(revoked))
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    return context


def _shake_hands(place: _Place, context: ssl.SSLContext, timeout: float) -> None:
    with socket.create_connection((place.address, place.port), timeout) as plain:
        plain.sendall(_SSL_REQUEST)
        if plain.recv(1) == _WILLING:
            context.wrap_socket(plain, server_hostname=place.name).close()


def _places(parameters: Mapping[str, object]) -> Iterator[_Place]:
    names, addresses, ports = (str(parameters.get(key) or "").split(",") for key in ("host", "hostaddr", "port"))
    for i in range(max(len(names), len(addresses))):
        name, address = names[i : i + 1], addresses[i : i + 1]
        port = ports[i if len(ports) > 1 else 0]
        if (hosts := (*filter(None, address), *filter(None, name))) and not hosts[0].startswith(("/", "@")):
            yield _Place(hosts[0], int(port or PORT), hosts[-1])
