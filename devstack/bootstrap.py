"""Supabase's layout in a fresh cluster: roles, schemas, default privileges, extensions; all of it or nothing."""

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

_IS_DONE = "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'authenticator')"
_HAS_CRON = "SELECT to_regclass('cron.job') IS NOT NULL"


def bootstrap(settings: Settings) -> bool:
    """Lays out the cluster in one transaction if that was not done before, and answers whether it did.

    Raises:
        ServerFailed: the server refused; nothing is changed.
    """
    with _connected(settings) as connection:
        if _truth(connection, _IS_DONE):
            return False
        connection.execute(scripts.load("roles"))
        for role, password in settings.passwords.items():
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
        connection.execute(scripts.load("default_privileges"))
        if settings.defaults == "new":
            connection.execute(scripts.load("default_privileges_new"))
        connection.execute(scripts.load("extensions"))
        if _truth(connection, "SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements')"):
            connection.execute("CREATE EXTENSION pg_stat_statements SCHEMA extensions")
    return True


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
