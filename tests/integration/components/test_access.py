"""The table of docs/security.md, tried: each role logs in and does what each cell speaks of, in every world."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from components.grants import GrantsProvider
from components.objects import run_ledger, secret_store
from components.objects.our_functions import ROTATION_FUNCTIONS
from components.objects.run_ledger import ALERTS, JOB_DECLARATIONS, LOCKS, REQUESTS, RUNS, SWEEPS, VIEWS, WATCHED
from components.objects.secret_store import AUDIT, DECLARATIONS, PROBES, SECRETS, STAGES, VALUES
from components.provider.object_provider import ObjectProvider
from components.rotation import RotationFunctionProvider
from components.run_ledger import RunLedgerProvider
from components.secret_store import SecretStoreProvider
from components.security.access_table import (
    FUNCTIONS,
    OWNER,
    ROLES,
    TABLE_ACTIONS,
    TABLES,
    VAULT_VIEW,
    Answer,
    Cell,
    access,
    called,
)
from components.values.choices import StoreKind

STACK = "supabase-cron/test"
SCRATCH = "access_scratch"
PASSWORD = "planted-login"
API_ROLES = ("anon", "authenticated", "service_role")
LOGINS = {
    "stranger": ("access_stranger", ""),
    "reader": ("access_reader", "IN ROLE pg_read_all_data"),
    "bypassing reader": ("access_bypassing", "BYPASSRLS IN ROLE pg_read_all_data"),
    "operator": ("access_operator", ""),
}
"""Roles that the test makes: name and attributes, all with LOGIN."""

Connection = psycopg.Connection[tuple[Any, ...]]


PRIMARY_KEYS = {
    STAGES: {"key": "text", "stage": "text"},
    PROBES: {"rotation": "uuid"},
    AUDIT: {"key": "text", "at": "timestamptz", "id": "uuid"},
    RUNS: {"run": "bigint"},
    REQUESTS: {"request": "bigint", "queue": "oid"},
    WATCHED: {"job": "text"},
    ALERTS: {"alert": "text", "job": "text"},
}
"""Those that are not a text column ``key`` alone, with their columns' types."""


COLUMNS = {**secret_store.TABLES, **run_ledger.TABLES}


class Provide(Protocol):
    def __call__(self, kind: type[ObjectProvider[Any, Any]], conninfo: str = ...) -> ObjectProvider[Any, Any]: ...


@pytest.fixture(scope="module")
def logins(superuser_conninfo: str) -> Iterator[None]:
    """Every role that can log in, with a password that this test knows; all as before afterwards."""
    with psycopg.connect(superuser_conninfo, autocommit=True) as superuser:
        for name, attributes in LOGINS.values():
            _drop_role(superuser, name)
            superuser.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}' {attributes}".encode())
        verifier = superuser.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'authenticator'").fetchone()
        superuser.execute(f"ALTER ROLE authenticator PASSWORD '{PASSWORD}'".encode())
        try:
            yield
        finally:
            assert verifier
            restore = sql.SQL("ALTER ROLE authenticator PASSWORD {}").format(sql.Literal(verifier[0]))
            superuser.execute(restore)
            for name, _ in LOGINS.values():
                _drop_role(superuser, name)


def _drop_role(superuser: Connection, name: str) -> None:
    if superuser.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchone() is not None:
        superuser.execute(f"DROP OWNED BY {name} CASCADE".encode())
        superuser.execute(f"DROP ROLE {name}".encode())


@pytest.fixture
def scratch(superuser: Connection) -> Iterator[None]:
    """A schema where everybody may create, with a function that everybody may call and a table for triggers."""
    superuser.execute(f"DROP SCHEMA IF EXISTS {SCRATCH} CASCADE".encode())
    superuser.execute(f"CREATE SCHEMA {SCRATCH}".encode())
    superuser.execute(f"GRANT ALL ON SCHEMA {SCRATCH} TO PUBLIC".encode())
    superuser.execute(
        f"CREATE FUNCTION {SCRATCH}.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'".encode()
    )
    yield
    superuser.execute(f"DROP SCHEMA {SCRATCH} CASCADE".encode())


def install(provide: Provide, schema: str, store: StoreKind, postgres: Connection) -> None:
    """Store and ledger as a stack deploys them, with an operator and a row in every table."""
    provide(SecretStoreProvider).create({"schema_name": schema, "owner": STACK, "store": store})
    provide(RunLedgerProvider).create({"schema_name": schema, "owner": STACK})
    for function in ROTATION_FUNCTIONS:
        provide(RotationFunctionProvider).create({"schema_name": schema, "owner": STACK, "name": function})
        grants = {"schema_name": schema, "function": function, "grantees": [LOGINS["operator"][0]]}
        provide(GrantsProvider).create(grants)
    rows = {
        SECRETS: "(key, value) VALUES ('a_key', 'planted-value')",
        DECLARATIONS: f"(key, owner) VALUES ('a_key', '{STACK}')",
        STAGES: "(key, stage, value) VALUES ('a_key', 'previous', 'planted-previous')",
        PROBES: "(rotation, request) VALUES (gen_random_uuid(), 0)",
        RUNS: "(job) VALUES ('a_job')",
        REQUESTS: "(request, run, rule) VALUES (0, 0, '{}')",
        LOCKS: "(name) VALUES ('a_lock')",
        SWEEPS: "(step) VALUES ('a_step')",
        JOB_DECLARATIONS: "(job, schedule, active, command) VALUES ('a_job', '* * * * *', true, '')",
        WATCHED: "(job, schedule, active) VALUES ('a_job', '* * * * *', true)",
        ALERTS: "(alert, job, condition) VALUES ('an_alert', 'a_job', 'ok')",
    }
    for table, row in rows.items():
        postgres.execute(sql.SQL("INSERT INTO {} ").format(sql.Identifier(schema, table)) + sql.SQL(row))
    for table in TABLES:  # the audit trail writes its own
        assert postgres.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(schema, table))).rowcount


class Trial:
    """One role's connection, and the statements that would do what a cell speaks of."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def answer(self, name: str, action: str) -> Answer:
        """What comes of trying; whatever was done is rolled back."""
        if name in TABLES:
            return self._table(name, action)
        if name in FUNCTIONS:
            return self._function(name)
        if name in VIEWS:
            return self._attempt(sql.SQL("SELECT * FROM {}").format(sql.Identifier(self._schema, name)), looking=True)
        if name == VAULT_VIEW:
            return self._attempt(sql.SQL("SELECT * FROM vault.decrypted_secrets"), looking=True)
        assert name == OWNER
        return self._attempt(sql.SQL("SET LOCAL ROLE postgres"))

    def _table(self, name: str, action: str) -> Answer:
        table, key = sql.Identifier(self._schema, name), COLUMNS[name][0]
        column = sql.Identifier(key)
        statements = {
            "SELECT": "SELECT * FROM {table}",
            "INSERT": "INSERT INTO {table} DEFAULT VALUES",
            "UPDATE": "UPDATE {table} SET {column} = NULL",
            "DELETE": "DELETE FROM {table}",
            "TRUNCATE": "TRUNCATE {table}",
            # unlogged, since a permanent table may not refer to an unlogged one
            "REFERENCES": "CREATE UNLOGGED TABLE {scratch}.other AS SELECT {nulls}; "
            "ALTER TABLE {scratch}.other ADD FOREIGN KEY ({names}) REFERENCES {table}",
            "TRIGGER": "CREATE TRIGGER theirs AFTER INSERT ON {table} EXECUTE FUNCTION {scratch}.nothing()",
        }
        assert set(statements) == set(TABLE_ACTIONS)
        primary = PRIMARY_KEYS.get(name, {key: "text"})
        statement = sql.SQL(statements[action]).format(
            table=table,
            column=column,
            scratch=sql.Identifier(SCRATCH),
            names=sql.SQL(", ").join(map(sql.Identifier, primary)),
            nulls=sql.SQL(", ").join(
                sql.SQL("NULL::{} AS {}").format(sql.SQL(kind), sql.Identifier(each)) for each, kind in primary.items()
            ),
        )
        return self._attempt(statement, looking=action == "SELECT", name=name)

    def _function(self, name: str) -> Answer:
        function = FUNCTIONS[name]
        reference = function.reference(self._schema)
        if function.returns != "trigger":
            arguments = [sql.SQL(_ARGUMENTS[each]) for each in function.argument_types.split(", ") if each]
            call = sql.SQL("SELECT {}({})").format(
                sql.Identifier(self._schema, function.name), sql.SQL(", ").join(arguments)
            )
            return self._attempt(call)
        held = self._held(reference)
        used = self._attempt(
            sql.SQL(
                "CREATE TABLE {scratch}.theirs (); "
                "CREATE TRIGGER theirs AFTER INSERT ON {scratch}.theirs EXECUTE FUNCTION {function}()"
            ).format(scratch=sql.Identifier(SCRATCH), function=sql.Identifier(self._schema, function.name))
        )
        assert held in (None, used is Answer.YES), f"{name}: privilege {held}, but tried: {used}"
        return used

    def _held(self, reference: sql.Composable) -> bool | None:
        """What the catalog says; None where the schema is shut and not even the name is found."""
        query = sql.SQL("SELECT has_function_privilege({}, 'EXECUTE')").format(sql.Literal(reference.as_string()))
        try:
            with self._connection.transaction(force_rollback=True):
                row = self._connection.execute(query).fetchone()
        except psycopg.errors.InsufficientPrivilege:
            return None
        return bool(row and row[0])

    def _attempt(self, statement: sql.SQL | sql.Composed, *, looking: bool = False, name: str = "") -> Answer:
        try:
            with self._connection.transaction(force_rollback=True):
                cursor = self._connection.execute(statement)
                if cursor.description is None:
                    return Answer.NO_ROW if cursor.statusmessage in {"UPDATE 0", "DELETE 0"} else Answer.YES
                rows = cursor.fetchall()
        except psycopg.errors.InsufficientPrivilege as exc:
            # from inside a function it is about something that the function does
            return Answer.YES if exc.diag.context else Answer.NO
        except psycopg.errors.NotNullViolation:
            return Answer.YES
        except psycopg.Error as exc:
            if exc.diag.context:  # a function of ours that was called and finds its arguments wrong
                return Answer.YES
            raise
        if looking and not rows:
            return Answer.NO_ROW
        clear = name not in VALUES or any("planted" in str(row) for row in rows)
        return Answer.YES if clear else Answer.REFERENCES


_ARGUMENTS = {
    "text": "'a_key'",
    "text[]": "ARRAY['a_key']",
    "uuid": "gen_random_uuid()",
    "jsonb": "'{}'::jsonb",
    "date": "'2026-11-25'::date",
    "bytea": "''::bytea",
    "bigint": "0::bigint",
    "integer": "0",
    "boolean": "false",
    "interval": "'1 day'::interval",
    "timestamptz": "now()",
}
"""No NULL: a strict function would not be called."""


@contextmanager
def logged_in(role: str, conninfo: str) -> Iterator[Connection]:
    """A role's own connection; the API's roles come in as PostgREST lets them."""
    if role == "owner":
        name = None
    elif role in LOGINS:
        name = LOGINS[role][0]
    else:
        name = "authenticator"
    url = conninfo if name is None else make_conninfo(conninfo, user=name, password=PASSWORD)
    with psycopg.connect(url, autocommit=True) as connection:
        if role in API_ROLES:
            connection.execute(f"SET ROLE {role}".encode())
        yield connection


def public_privileges(superuser: Connection, schema: str, store: StoreKind) -> dict[Cell, Answer]:
    """PUBLIC cannot log in: what the catalog says that it has. (What that comes to, any stranger tries.)"""
    found = {}
    for cell in access(store):
        if cell.role != "PUBLIC":
            continue
        if cell.object in FUNCTIONS:
            signature = FUNCTIONS[cell.object].reference(schema).as_string()
            query, arguments = "SELECT has_function_privilege('public', %s, 'EXECUTE')", [signature]
        elif cell.object == OWNER:
            found[cell] = Answer.NO
            continue
        else:
            relation = cell.object if cell.object == VAULT_VIEW else f"{schema}.{cell.object}"
            query, arguments = "SELECT has_table_privilege('public', %s, %s)", [relation, cell.action]
        row = superuser.execute(query.encode(), arguments).fetchone()
        found[cell] = Answer.YES if row and row[0] else Answer.NO
    return found


@pytest.mark.usefixtures("logins", "defaults", "scratch")
@pytest.mark.parametrize("schema", ["public", "jobs_private"])
@pytest.mark.parametrize("store", ["table", "vault"])
def test_each_role_can_do_exactly_what_the_table_says(
    *, schema: str, store: StoreKind, provide: Provide, conninfo: str, postgres: Connection, superuser: Connection
) -> None:
    install(provide, schema, store, postgres)
    (jobid,) = postgres.execute("SELECT cron.schedule('access', '0 0 1 1 *', 'SELECT 1')").fetchone() or (0,)
    superuser.execute("DELETE FROM cron.job_run_details WHERE runid = 0")
    superuser.execute(
        "INSERT INTO cron.job_run_details (jobid, runid, username, status, command, start_time) "
        "VALUES (%s, 0, 'postgres', 'succeeded', 'SELECT 1', now())",
        [jobid],
    )
    tried = public_privileges(superuser, schema, store)
    with ExitStack() as stack:
        for role in ROLES:
            if role.name != "PUBLIC":
                trial = Trial(stack.enter_context(logged_in(role.name, conninfo)), schema)
                cells = [cell for cell in access(store) if cell.role == role.name]
                tried |= {cell: trial.answer(cell.object, cell.action) for cell in cells}
    superuser.execute("DELETE FROM cron.job_run_details WHERE runid = 0")
    wrong = [
        f"{cell.role}: {cell.action} {cell.object} is {tried[cell]}, the table says {answer}"
        for cell, answer in access(store).items()
        if tried[cell] is not answer
    ]
    assert wrong == []


def test_authenticator_reads_vault_after_set_role_alone(logins: None, conninfo: str, superuser: Connection) -> None:
    if superuser.execute("SELECT to_regclass('vault.decrypted_secrets')").fetchone() == (None,):
        pytest.skip("the server has no Vault")
    with logged_in("authenticator", conninfo) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT FROM vault.decrypted_secrets")
        connection.execute("SET ROLE service_role")
        connection.execute("SELECT decrypted_secret FROM vault.decrypted_secrets")


@pytest.mark.usefixtures("logins", "scratch")
def test_a_hole_is_seen(provide: Provide, conninfo: str, postgres: Connection) -> None:
    install(provide, "public", "table", postgres)
    postgres.execute("GRANT ALL ON public.cron_secrets TO access_stranger")
    postgres.execute("GRANT EXECUTE ON FUNCTION public.get_secret(text) TO access_stranger")
    with logged_in("stranger", conninfo) as connection:
        trial = Trial(connection, "public")
        seen = {action: trial.answer(SECRETS, action) for action in TABLE_ACTIONS}
        closed = {"SELECT", "UPDATE", "DELETE"}  # row level security still lets nothing through
        assert {action for action, answer in seen.items() if answer is Answer.NO_ROW} == closed
        assert {action for action, answer in seen.items() if answer is Answer.YES} == {
            "TRUNCATE",
            "REFERENCES",
            "TRIGGER",
        }
        assert seen["INSERT"] is Answer.NO
        get_secret = next(name for name in FUNCTIONS if name.startswith("get_secret("))
        assert trial.answer(get_secret, "EXECUTE") is Answer.YES
        assert called(FUNCTIONS[get_secret]) == get_secret
