"""The conninfo to connect with: chosen, completed by libpq, with TLS by tls_rule.py.

libpq completes it, since a service or a variable of the environment may name the host as well as the conninfo.
"""

import functools
import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from components.database.tls_rule import is_socket, with_tls
from components.errors import InvalidConfiguration
from components.values.variables import URL_VARIABLE

PORT = 5432
"""The port of a conninfo without one."""

CONNECT_TIMEOUT = 10
"""Seconds after which an attempt to connect fails."""

APPLICATION_NAME = "supabase-cron"

UNENCODED = (
    "the database url has an @ or / in its user name or password that is taken for the end of it, or no number as "
    "port; percent-encode special characters, @ as %40 and / as %2F: postgresql://user:password@host:5432/postgres"
)
"""The sentence for a conninfo that may have a part of the password in its host or port, so it cannot be quoted."""

_URL = re.compile(r"postgres(?:ql)?://(?P<rest>.*)", re.DOTALL)
_PARAMETER = re.compile(r"\?([a-z_]+)=")
_ODD_IN_HOST = re.compile(r"[\s@/]")
_PORT = re.compile(r"[0-9]{1,5}")

_SENTINEL = {"channel_binding": "unresolved"}
"""A parameter with a value that libpq refuses after it has completed the conninfo and before it connects."""

_NOT_EXPANDED = {"passfile", *_SENTINEL}
_lending = threading.Lock()


def resolve_conninfo(
    configured: str | None, environment: Mapping[str, str], *, allow_unverified_tls: bool = False
) -> str:
    """The complete conninfo: URL_VARIABLE of ``environment`` or, without it, ``configured``, with timeout and TLS.

    It has ``sslmode=verify-full`` unless each host that libpq would try is loopback or a local socket, or
    ``allow_unverified_tls`` is set. Raises InvalidConfiguration where there is no conninfo, where it cannot be read,
    where it has a lesser sslmode, and where its service cannot be read.
    """
    given = environment.get(URL_VARIABLE) or configured
    if not given:
        raise _invalid(
            f"no database to connect to; set {URL_VARIABLE} in the environment, or run: "
            "pulumi config set --secret databaseUrl"
        )
    parameters = _parsed(given)
    parameters = {**_added_by_libpq(given, parameters, environment), **parameters}
    if _has_odd_place(parameters):
        raise _invalid(UNENCODED)
    parameters = with_tls(parameters, environment, allow_unverified_tls=allow_unverified_tls)
    parameters.setdefault("connect_timeout", str(CONNECT_TIMEOUT))
    parameters.setdefault("application_name", APPLICATION_NAME)
    return make_conninfo("", **parameters)


def is_misread(conninfo: str) -> bool:
    """Whether libpq would read a part of the user name or password as host, port or database."""
    if (url := _URL.match(conninfo)) and _has_unencoded(url["rest"]):
        return True
    return _has_odd_place({key: str(value) for key, value in conninfo_to_dict(conninfo).items()})


def _parsed(given: str) -> dict[str, str]:
    if (url := _URL.match(given)) and _has_unencoded(url["rest"]):
        raise _invalid(UNENCODED)
    try:
        return {key: str(value) for key, value in conninfo_to_dict(given).items()}
    except (psycopg.ProgrammingError, UnicodeEncodeError):
        # libpq's text may quote a part of the conninfo, password included
        raise _invalid(
            "the database url is no PostgreSQL conninfo; write postgresql://user:password@host:5432/postgres, "
            "with special characters of the password percent-encoded"
        ) from None


def _has_unencoded(rest: str) -> bool:
    """Whether a URL has another @ after the first @ or /, where libpq ends user name and password."""
    end = re.search("[@/]", rest)
    if end and end[0] == "@":
        if (parameter := _PARAMETER.search(rest, 0, end.start())) and parameter[1] in _keywords():
            return True  # postgresql://host?password=a@b, where libpq reads b as the host
        rest = rest[end.end() :]
    return "@" in rest.partition("?")[0]


@functools.cache
def _keywords() -> frozenset[str]:
    return frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults())


def _has_odd_place(parameters: Mapping[str, str]) -> bool:
    hosts = [host for key in ("host", "hostaddr") for host in parameters.get(key, "").split(",")]
    ports = [port for port in parameters.get("port", "").split(",") if port]
    return any(_ODD_IN_HOST.search(host) for host in hosts if not is_socket(host)) or not all(
        _PORT.fullmatch(port) for port in ports
    )


def _added_by_libpq(given: str, parameters: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """The parameters that a service, the environment and the login's name add to a conninfo.

    Neither libpq's own defaults are among them nor PGPASSWORD, which stays in the environment.
    """
    with _lent(environment):
        connection = pq.PGconn.connect_start(make_conninfo(given, **_SENTINEL).encode())
        try:
            options = {option.keyword.decode(): option for option in connection.info}
            failure = " ".join(connection.get_error_message().split())
        finally:
            connection.finish()
    if not any(options[key].val for key in _SENTINEL if key in options):
        raise _invalid(
            f"the connection's service cannot be read: {failure}; define it in the file that PGSERVICEFILE names, in "
            "~/.pg_service.conf or in pg_service.conf below PGSYSCONFDIR, or name the host in the database url"
        )
    added = {
        key: option.val.decode()
        for key, option in options.items()
        if option.val and option.val != option.compiled and key not in _NOT_EXPANDED
    }
    if added.get("password") == environment.get("PGPASSWORD") and "password" not in parameters:
        added.pop("password", None)
    return added


@contextmanager
def _lent(environment: Mapping[str, str]) -> Iterator[None]:
    """Give the process the PG* variables of ``environment`` for this block, since libpq reads the process's own."""
    wanted = {name: value for name, value in environment.items() if name.startswith("PG")}
    with _lending:
        own = {name: value for name, value in os.environ.items() if name.startswith("PG")}
        if own == wanted:
            yield
            return
        try:
            _exchange(own, wanted)
            yield
        finally:
            _exchange(wanted, own)


def _exchange(before: Mapping[str, str], after: Mapping[str, str]) -> None:
    for name in before:
        os.environ.pop(name, None)
    os.environ.update(after)


def _invalid(problem: str) -> InvalidConfiguration:
    return InvalidConfiguration([problem])
