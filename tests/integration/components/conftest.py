"""Providers connected as the dev stack's login, and a database that is clean before and after each test."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import psycopg
import pytest
from psycopg import sql
from pulumi.dynamic import Config, ConfigureRequest

from components.database.connection import Database, database
from components.objects import run_ledger
from components.objects.our_functions import ROTATION_FUNCTIONS
from components.objects.secret_store import TABLES
from components.provider.object_provider import ObjectProvider
from components.rotation import RotationFunctionProvider
from components.secret_store import SecretStoreProvider
from tests.integration.components.command_line import Said, run_cronctl
from tests.integration.components.endpoint import Endpoint, serving

STACK = "supabase-cron/test"
PRIVATE = "jobs_private"
API_ROLES = "anon, authenticated, service_role"

Connection = psycopg.Connection[tuple[Any, ...]]


def at_once(command: str) -> bytes:
    """The sweep's command without its wait for answers to jobs that fired in the same second."""
    kept = [line for line in command.splitlines() if "await_cron_answers" not in line]
    assert len(kept) < len(command.splitlines())
    return "\n".join(kept).encode()


AS_IT_IS = (
    "UPDATE pg_extension AS e SET extversion = a.default_version "
    "FROM pg_available_extensions AS a WHERE a.name = e.extname AND e.extname = 'pg_cron'"
)
"""Takes back what a test has made of pg_cron's version."""


class Install(Protocol):
    def __call__(self, schema: str = ..., **store: Any) -> None: ...


class Provide(Protocol):
    def __call__(self, kind: type[ObjectProvider[Any, Any]], conninfo: str = ...) -> ObjectProvider[Any, Any]: ...


@pytest.fixture
def provide(conninfo: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provide]:
    """A provider as a new engine run would have it: configured, with a pool and snapshots of its own."""
    opened: list[Database] = []

    def configured(kind: type[ObjectProvider[Any, Any]], url: str = conninfo) -> ObjectProvider[Any, Any]:
        for each in opened:  # which has connected for four callers, and has one
            each.close()
        database.cache_clear()
        for told in ("_said", "_faults"):
            monkeypatch.setattr(f"components.provider.messages.{told}", set())
        monkeypatch.setenv("SUPABASE_CRON_DATABASE_URL", url)
        provider = kind()
        provider.configure(ConfigureRequest(Config({}, "supabase-cron")))
        opened.append(provider._database)
        return provider

    yield configured  # type: ignore[misc]
    for each in opened:
        each.close()
    database.cache_clear()


@pytest.fixture
def postgres(conninfo: str) -> Iterator[Connection]:
    """The deploying login, to look and to change things behind the provider's back."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        yield connection


@pytest.fixture(name="database")
def connected(conninfo: str) -> Iterator[Database]:
    """The deploying login's database, as an engine run of its own would see it."""
    made = Database(conninfo)
    yield made
    made.close()


@pytest.fixture
def superuser(superuser_conninfo: str) -> Iterator[Connection]:
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        yield connection


@pytest.fixture(autouse=True)
def clean(superuser_conninfo: str) -> Iterator[None]:
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        _remove_everything(connection)
        yield
        _remove_everything(connection)


def _remove_everything(connection: Connection) -> None:
    connection.execute("SELECT cron.unschedule(jobid) FROM cron.job")
    if connection.execute("SELECT to_regclass('vault.secrets') IS NOT NULL").fetchone() == (True,):
        connection.execute("DELETE FROM vault.secrets")
    connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(PRIVATE)))
    connection.execute("DROP VIEW IF EXISTS public.cron_run_history, public.cron_job_runs")
    for table in (*TABLES, *run_ledger.TABLES, "cron_secret_owners"):
        connection.execute(sql.SQL("DROP TABLE IF EXISTS public.{} CASCADE").format(sql.Identifier(table)))
    functions = connection.execute(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
        "AND (proname LIKE '%cron%' OR proname = 'get_secret')"
    ).fetchall()
    for (function,) in functions:
        connection.execute(f"DROP FUNCTION {function} CASCADE".encode())


@pytest.fixture
def without_cron_timezone(superuser: Connection) -> None:
    """Skips where pg_cron has the setting itself, as from 1.5 on: nothing but the server's start changes it."""
    if superuser.execute("SELECT FROM pg_settings WHERE name = 'cron.timezone' AND context = 'postmaster'").rowcount:
        pytest.skip("this pg_cron knows cron.timezone, which only the server's start sets")


@pytest.fixture
def cron_timezone(
    superuser: Connection, postgres: Connection, without_cron_timezone: None
) -> Iterator[Callable[[str], None]]:
    """Sets cron.timezone, and lets pg_settings show it as where pg_cron knows it: from 1.5 on, at the server's start."""
    superuser.execute("SET allow_system_table_mods = on")
    replace = "CREATE OR REPLACE VIEW pg_catalog.pg_settings AS "
    query = "SELECT rtrim(pg_get_viewdef('pg_catalog.pg_settings'::regclass), ';')"
    ((plain,),) = superuser.execute(query).fetchall()

    def shown(zone: str) -> None:
        setting = sql.Literal(zone).as_string()
        superuser.execute(f"ALTER ROLE postgres SET cron.timezone = {setting}".encode())
        postgres.execute(f"SET cron.timezone = {setting}".encode())
        superuser.execute(
            f"{replace} {plain} UNION ALL SELECT 'cron.timezone', {setting}, NULL, 'Customized Options', '', NULL, "
            f"'postmaster', 'string', 'configuration file', NULL, NULL, NULL, 'GMT', {setting}, NULL, NULL, false".encode()
        )

    yield shown
    superuser.execute("ALTER ROLE postgres RESET cron.timezone")
    superuser.execute((replace + plain).encode())


@pytest.fixture
def install(provide: Provide) -> Install:
    """The store and its rotation functions, as a stack declares them before its secrets."""

    def installed(schema: str = "public", **store: Any) -> None:
        provide(SecretStoreProvider).create({"schema_name": schema, "owner": STACK, **store})
        for name in ROTATION_FUNCTIONS:
            provide(RotationFunctionProvider).create({"schema_name": schema, "owner": STACK, "name": name})

    return installed


@pytest.fixture
def cronctl(conninfo: str) -> Callable[..., Said]:
    """cronctl on the server's database, to its end."""
    return lambda *arguments, **environment: run_cronctl(conninfo, *arguments, **environment)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Where requests go."""
    with serving() as served:
        yield served


@pytest.fixture(params=["new", "old"])
def defaults(request: pytest.FixtureRequest, superuser: Connection) -> Iterator[None]:
    """Supabase's default privileges in both worlds: after October 2026, as the server has them, and before."""
    kinds = {"TABLES": "SELECT, INSERT, UPDATE, DELETE", "FUNCTIONS": "EXECUTE", "SEQUENCES": "USAGE, SELECT"}
    alter = "ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public"
    if request.param == "old":
        for kind in kinds:
            superuser.execute(f"{alter} GRANT ALL ON {kind} TO {API_ROLES}".encode())
    yield
    if request.param == "old":
        for kind, privileges in kinds.items():
            superuser.execute(f"{alter} REVOKE {privileges} ON {kind} FROM {API_ROLES}".encode())
