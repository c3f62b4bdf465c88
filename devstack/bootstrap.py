"""Supabase's layout in a cluster: roles, schemas, default privileges, extensions; all that is missing or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from devstack import sql as scripts
from devstack.cluster import socket_conninfo
from devstack.errors import ServerFailed
from devstack.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

EXTENSIONS = ("pg_cron", "pg_net", "pgcrypto", "supabase_vault", "pg_stat_statements")
"""What a project has, as Supabase's after-create scripts leave it (``sql/extensions/``); a file each, in this order."""

_OPTIONAL = "pg_stat_statements"
"""Made only where the server has it."""

_HAS_ROLES = "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'authenticator')"
_MISSING = """
SELECT wanted.name FROM unnest(%s::text[]) WITH ORDINALITY AS wanted (name, position)
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = wanted.name)
   AND (wanted.name <> %s OR EXISTS (SELECT FROM pg_catalog.pg_available_extensions AS a WHERE a.name = wanted.name))
 ORDER BY wanted.position
"""
_HAS_CRON = "SELECT to_regclass('cron.job') IS NOT NULL"


def bootstrap(settings: Settings) -> list[str]:
    """Makes what a new or older cluster lacks, in one transaction, and names what it made.

    Raises:
        ServerFailed: the server refused; nothing is changed.
    """
    made = []
    with _connected(settings) as connection:
        if not _truth(connection, _HAS_ROLES):
            _make_roles(connection, settings)
            made.append("roles and default privileges")
        for (extension,) in connection.execute(_MISSING, [list(EXTENSIONS), _OPTIONAL]).fetchall():
            connection.execute(scripts.load(f"extensions/{extension}"))
            made.append(extension)
    return made


def _make_roles(connection: Connection, settings: Settings) -> None:
    connection.execute(scripts.load("roles"))
    for role, password in settings.passwords.items():
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
    connection.execute(scripts.load("default_privileges"))
    if settings.defaults == "new":
        connection.execute(scripts.load("default_privileges_new"))


def follow_port(settings: Settings) -> None:
    """Makes the jobs that pg_cron has come to where the server listens now.

    Raises:
        ServerFailed: the server refused.
    """
    with _connected(settings) as connection:
        if _truth(connection, _HAS_CRON):
            connection.execute(scripts.load("follow_port"))


@contextmanager
def _connected(settings: Settings) -> Iterator[Connection]:
    """One transaction of the superuser, and the gate where driver errors become ours."""
    try:
        with psycopg.connect(socket_conninfo(settings)) as connection:
            yield connection
    except psycopg.Error as exc:
        raise ServerFailed(
            f"PostgreSQL on port {settings.postgres_port} refused Supabase's layout: {' '.join(str(exc).split())}"
        ) from exc


def _truth(connection: Connection, query: LiteralString) -> bool:
    row = connection.execute(query).fetchone()
    return bool(row and row[0])
