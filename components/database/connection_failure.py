"""The sentence for a connection that cannot be made or breaks: the place, libpq's words, and what to do.

libpq and the poolers report a failure as text without a code, so its kind is recognised by phrases.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from psycopg.conninfo import conninfo_to_dict

from components.database.conninfo import CONNECT_TIMEOUT, PORT, UNENCODED, is_misread
from components.values.variables import URL_VARIABLE

_QUOTED = re.compile(r'"([^"]*)"')
_POOLER = re.compile(r"\.pooler\.supabase\.[a-z]+$")
_DIRECT = re.compile(r"^db\.[a-z0-9]+\.supabase\.[a-z]+$")
_DOWNLOAD = "download the server's (Dashboard, Settings, Database) and name it as sslrootcert in the database url"
_UNTRUSTED = "no verified TLS connection to the database at {place}: "


class _Kind(NamedTuple):
    """A kind of failure: its text has one of ``phrases`` in lower case; ``sentence`` is a template for the message."""

    phrases: tuple[str, ...]
    sentence: str


# The first kind whose phrase occurs is taken. None of the sentences for a server with TLS advises less verification.
_KINDS = (
    _Kind(
        ("tenant or user not found", "(enotfound)", "(enoidentifier)", "user not found in the database"),
        "the pooler at {place} does not know {user}; write the user as postgres.REF, REF being the project's "
        "reference, and take the host of the project's region from Dashboard, Connect (a paused project is unknown "
        "as well)",
    ),
    _Kind(
        (
            "password authentication failed",
            "no password supplied",
            "wrong password",
            "sasl authentication failed",
            "28p01",
        ),
        f"the {{server}} at {{place}} refuses the password of {{user}}; correct it in {URL_VARIABLE} or databaseUrl"
        "{patience}",
    ),
    _Kind(
        ("no encryption", "ssl connection is required"),
        "the database at {place} takes TLS connections alone ({words}); take sslmode out of the database url",
    ),
    _Kind(
        ("no pg_hba.conf entry", "pg_hba.conf rejects", "not in tenant allow_list"),
        "the database at {place} does not let {user} in from here ({words}); check the network restrictions "
        "(Dashboard, Settings, Database) or pg_hba.conf",
    ),
    _Kind(
        ("(ecircuitbreaker)", "circuit breaker", "too many authentication"),
        "the {server} at {place} lets nobody in for a while, after too many wrong passwords; correct that of {user} in "
        f"{URL_VARIABLE} or databaseUrl, and try again in some minutes",
    ),
    _Kind(
        ("too many clients", "connection slots are reserved", "max client connections", "max clients reached"),
        "the database at {place} has no connection left ({words}); end some, or raise the limit, and try again",
    ),
    _Kind(
        (
            "failed to resolve host",
            "could not translate host name",
            "network is unreachable",
            "no route to host",
            "cannot assign requested address",
            "address family",
        ),
        "no way from here to the database at {place} ({words}); {way}",
    ),
    _Kind(
        ("timeout", "timed out"),
        "no answer from the database at {place} within {seconds} s; check host, port and network "
        "(a direct Supabase connection is IPv6 only, the session pooler is not)",
    ),
    _Kind(
        (
            "closed the connection unexpectedly",
            "connection has been closed unexpectedly",
            "unexpected eof",
            "eof detected",
            "connection reset",
            "broken pipe",
            "the connection is closed",
            "the connection is lost",
            "terminating connection",
        ),
        "the connection to the database at {place} was cut ({words}); try again, and check port and network if it "
        "happens again",
    ),
    _Kind(
        (
            "valid client certificate",
            "private key file",
            "could not read certificate file",
            "could not open certificate file",
            "alert certificate required",
            "alert unknown ca",
            "alert bad certificate",
        ),
        "the database at {place} gets no client certificate that it takes ({words}); check sslcert and sslkey in the "
        "database url",
    ),
    _Kind(
        ("does not match host name",),
        f"{_UNTRUSTED}the certificate is for {{quoted}}; check the host in the database url, and go no further if it "
        "is right, since somebody may stand in between",
    ),
    _Kind(
        ("root certificate file",),
        f"{_UNTRUSTED}there is no usable root certificate in {{quoted}}; {_DOWNLOAD}",
    ),
    _Kind(("certificate verify failed",), f"{_UNTRUSTED}{{fault}}"),
    _Kind(
        ("does not support ssl",),
        f"{_UNTRUSTED}the server has none to offer; turn TLS on there, or, if that cannot be and the network in "
        "between is yours, say allowUnverifiedTls: true",
    ),
    _Kind(
        ("ssl", "certificate", "tls"),
        f"{_UNTRUSTED}{{words}}; check host and port, and which versions of TLS the server allows",
    ),
    _Kind(
        ("does not exist",),
        "the database at {place} refuses the connection: {words}; check user and database in the url",
    ),
    _Kind(
        ("",),
        f"no database at {{place}}: {{words}}; check that it runs, and {URL_VARIABLE} or databaseUrl",
    ),
)

_UNKNOWN_ISSUER = f"its certificate was issued by none that sslrootcert names; {_DOWNLOAD}"
_FAULTS = {
    2: _UNKNOWN_ISSUER,
    9: "its certificate is not valid yet; check the clock of this machine, or have the certificate renewed",
    10: "its certificate has expired; whoever runs the server must renew it, if the clock of this machine is right",
    18: _UNKNOWN_ISSUER,
    19: _UNKNOWN_ISSUER,
    20: _UNKNOWN_ISSUER,
    21: _UNKNOWN_ISSUER,
    23: "its certificate was revoked; go no further, whoever runs the server must replace it",
}
"""What is wrong with a server's certificate, and what to do, by OpenSSL's code (``X509_V_ERR_*``)."""

_SOME_FAULT = (
    "its certificate does not pass; name the root certificate of the server as sslrootcert in the database url, and "
    "have the certificate renewed where it has expired or was revoked"
)


def connection_sentence(exc: Exception, conninfo: str, certificate_fault: int | None = None) -> str:
    """The sentence for an error of psycopg's and the conninfo that it came from: the place, libpq's words, what to do.

    ``certificate_fault`` is OpenSSL's code of what is wrong with the server's certificate, where it is known. The
    sentence holds no password.
    """
    if is_misread(conninfo):
        return UNENCODED
    parameters = {key: str(value) for key, value in conninfo_to_dict(conninfo).items()}
    text = " ".join(str(exc).split())
    recognised = _QUOTED.sub('""', text).lower()  # a database may be called ssl
    kind = next(kind for kind in _KINDS if any(phrase in recognised for phrase in kind.phrases))
    quoted = _QUOTED.search(_last_words(text))
    return kind.sentence.format(
        place=_place(parameters),
        user=parameters.get("user", "the default user"),
        words=_last_words(text),
        quoted=quoted[1] if quoted else "its usual place",
        seconds=parameters.get("connect_timeout", CONNECT_TIMEOUT),
        fault=_FAULTS.get(certificate_fault or 0, _SOME_FAULT),
        way=_way(parameters),
        **_pooler(parameters),
    )


def is_unexplained(exc: Exception) -> bool:
    """Whether libpq has refused the server's certificate, which it does without a reason."""
    return "certificate verify failed" in str(exc)


def _way(parameters: Mapping[str, str]) -> str:
    if any(_DIRECT.match(host) for host in parameters.get("host", "").split(",")):
        return "a direct Supabase connection is IPv6 only; use the session pooler (Dashboard, Connect)"
    return "check the host in the database url, and the network"


def _pooler(parameters: Mapping[str, str]) -> dict[str, str]:
    if _POOLER.search(parameters.get("host", "")):
        return {"server": "pooler", "patience": " (a pooler may take a minute to learn a new one)"}
    return {"server": "database", "patience": ""}


def _place(parameters: Mapping[str, str]) -> str:
    hosts = (parameters.get("host") or parameters.get("hostaddr") or "localhost").split(",")
    ports = (parameters.get("port") or str(PORT)).split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    # strict=False: libpq refuses a conninfo with another number of ports than hosts, and this may be the message
    return ", ".join(f"{host or 'localhost'}:{port or PORT}" for host, port in zip(hosts, ports, strict=False))


def _last_words(text: str) -> str:
    """The text of a failure, without the place in front of it and without libpq's guesses behind it."""
    words = text.rsplit("failed: ", 1)[-1].removeprefix("FATAL: ").partition(" This probably means")[0]
    return words.strip().rstrip(".")
