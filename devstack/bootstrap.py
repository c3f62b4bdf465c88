"""Supabase's layout in a fresh cluster: roles, schemas, default privileges, extensions; all of it or nothing."""

import psycopg
from psycopg import sql

from devstack import sql as scripts
from devstack.cluster import socket_conninfo
from devstack.settings import Settings

_IS_DONE = "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'authenticator')"
_HAS_CRON = "SELECT to_regclass('cron.job') IS NOT NULL"


def bootstrap(settings: Settings) -> bool:
    """Lays out the cluster in one transaction if that was not done before, and answers whether it did.

    Raises:
        psycopg.Error: the server refused; nothing is changed.
    """
    with psycopg.connect(socket_conninfo(settings)) as connection:
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
        psycopg.Error: the server refused.
    """
    with psycopg.connect(socket_conninfo(settings)) as connection:
        if _truth(connection, _HAS_CRON):
            connection.execute(scripts.load("follow_port"))


def _truth(connection: psycopg.Connection[tuple[object, ...]], query: str) -> bool:
    row = connection.execute(query.encode()).fetchone()
    return bool(row and row[0])
