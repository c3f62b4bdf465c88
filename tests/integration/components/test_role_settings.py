"""What a login or a database has set otherwise changes nothing: deployed, read back and run under each setting."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pulumi.dynamic import Config as EngineConfig
from pulumi.dynamic import ConfigureRequest

from components.catalogue.stack_config import load_config
from components.cron_job import CronJobProvider
from components.database.connection import database
from components.database.conninfo import resolve_conninfo
from components.declaration.declared_objects import Declaration, declare
from components.grants import GrantsProvider
from components.objects.args import Args
from components.objects.stack_mark import StackName
from components.provider.object_provider import ObjectProvider
from components.rotation import RotationFunctionProvider
from components.run_ledger import RunLedgerProvider
from components.secret import SecretProvider
from components.secret_store import SecretStoreProvider
from tests.integration.components.command_line import Said
from tests.integration.components.endpoint import Answer, Endpoint

Connection = psycopg.Connection[tuple[Any, ...]]
Cronctl = Callable[..., Said]

SIGNING = "planted-signing-key-of-32-bytes-and-more"
CATALOGUE: dict[str, Any] = {
    "secrets": {
        "base_url": {"description": "wö ¿ \\ it's", "format": "url"},
        "signing_key": {"description": "s", "format": "token", "grace": 90061.5},
    },
    "jobs": {
        "schön's": {
            "description": "d",
            "schedule": "30 1 1 1 *",
            "active_between": {"from": 1, "to": -1},
            "catch_up": "latest",
            "http": {
                "url": "{base_url}/call",
                "auth": {"hmac": "signing_key"},
                "timeout": 5.125,
                "body": {"say": "\\ 'quoted' ünïcödé", "n": 0.1, "big": 12345678901234567890123},
                "success": {"body": '$.said like_regex "^\\\\w+$"'},
                "retry": {"backoff": 0.25},
                "overlap": "skip",
                "idempotency": "Idempotency-Key",
            },
        },
        "plain": {"description": "d", "schedule": "30 1 1 1 *", "sql": "SELECT '\\d' -- ü"},
    },
    "alerts": {"team": {"http": {"url": "{base_url}/alert"}}},
}

SETTINGS = {
    "DateStyle": ["German", "SQL, DMY", "Postgres, MDY"],
    "IntervalStyle": ["iso_8601", "sql_standard", "postgres_verbose"],
    "TimeZone": ["Asia/Kathmandu", "<+03>-3"],
    "client_encoding": ["LATIN1", "WIN1252", "SQL_ASCII"],
    "quote_all_identifiers": ["on"],
    "extra_float_digits": ["-15"],
    "bytea_output": ["escape"],
    "array_nulls": ["off"],
    "transform_null_equals": ["on"],
    "row_security": ["off"],
    "search_path": ["", "nowhere", "pg_temp, public", "net, cron, public"],
    "default_transaction_isolation": ["serializable", "repeatable read"],
    "default_transaction_deferrable": ["on"],
    "statement_timeout": ["2s"],
    "lock_timeout": ["10ms"],
    "idle_in_transaction_session_timeout": ["20ms"],
    "client_min_messages": ["debug5", "error"],
    "lc_messages": ["C", "de_DE.UTF-8"],
    "lc_numeric": ["de_DE.UTF-8"],
    "lc_time": ["de_DE.UTF-8"],
    "check_function_bodies": ["off"],
    "plpgsql.extra_errors": ["all"],
    "plpgsql.variable_conflict": ["use_column"],
    "plan_cache_mode": ["force_custom_plan", "force_generic_plan"],
    "default_toast_compression": ["pglz"],
    "xmloption": ["document"],
    "exit_on_error": ["on"],
    "synchronous_commit": ["off"],
    "work_mem": ["64kB"],
    "jit_above_cost": ["0"],
    "session_replication_role": ["local"],
}


@pytest.fixture(params=[(name, value) for name, values in SETTINGS.items() for value in values], ids=" ".join)
def setting(request: pytest.FixtureRequest, superuser: Connection) -> Iterator[None]:
    name, value = request.param
    where = [sql.Identifier(part) for part in name.split(".")]
    words = sql.SQL(value) if name == "search_path" and value else sql.Literal(value)
    alter = sql.SQL("ALTER ROLE postgres SET {} = {}").format(sql.SQL(".").join(where), words)
    try:
        superuser.execute(alter)
    except psycopg.errors.InvalidParameterValue as exc:
        pytest.skip(f"this server has no {value}: {exc}")
    yield
    superuser.execute("ALTER ROLE postgres RESET ALL")


@pytest.fixture
def declared(tmp_path: Path, endpoint: Endpoint) -> Declaration:
    (tmp_path / "jobs.yaml").write_text(json.dumps(CATALOGUE), encoding="utf-8")
    raw = {"secrets": {"base_url": endpoint.url, "signing_key": SIGNING}}
    owner = StackName("supabase-cron", "test")
    return declare(load_config(raw, stack=owner, root=tmp_path, environment={}, now=datetime.now(UTC)))


def resources(declared: Declaration) -> list[tuple[type[ObjectProvider[Any, Any]], Args]]:
    return [
        (SecretStoreProvider, declared.store),
        *((RotationFunctionProvider, args) for args in declared.rotation.values()),
        *((GrantsProvider, args) for args in declared.grants.values()),
        *((SecretProvider, args) for args in declared.secrets.values()),
        (RunLedgerProvider, declared.ledger),
        *((CronJobProvider, args) for args in (*declared.own_jobs.values(), *declared.jobs.values())),
    ]


@pytest.fixture
def run(conninfo: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Begins another run of the engine."""
    monkeypatch.setenv("SUPABASE_CRON_DATABASE_URL", conninfo)
    for told in ("_said", "_faults"):
        monkeypatch.setattr(f"components.provider.messages.{told}", set())

    resolved = resolve_conninfo(conninfo, {})

    def begin() -> None:
        database(resolved).close()
        database.cache_clear()

    database.cache_clear()
    yield begin
    begin()


def configured(kind: type[ObjectProvider[Any, Any]]) -> ObjectProvider[Any, Any]:
    provider = kind()
    provider.configure(ConfigureRequest(EngineConfig({}, "supabase-cron")))
    return provider


def test_what_is_declared_is_what_there_is_and_runs(
    setting: None,
    declared: Declaration,
    run: Callable[[], None],
    endpoint: Endpoint,
    conninfo: str,
    cronctl: Cronctl,
    capsys: pytest.CaptureFixture[str],
) -> None:
    endpoint.answer = lambda _: Answer(200, '{"said": "words"}')
    state = []
    for kind, args in resources(declared):
        provider = configured(kind)
        checked = provider.check({}, args.properties())
        assert checked.failures == [], args
        state.append((kind, checked.inputs, provider.create(checked.inputs)))
    run()
    for kind, inputs, made in state:
        provider = configured(kind)
        assert made.outs is not None
        assert not provider.diff(made.id, made.outs, inputs).changes, made.id
        found = provider.read(made.id, made.outs)
        assert (found.id, found.inputs) == (made.id, None)
    assert "drift" not in capsys.readouterr().out

    with psycopg.connect(conninfo, autocommit=True, client_encoding="UTF8") as session:  # as pg_cron's own
        session.execute(declared.jobs["schön's"].command.encode())
        session.execute(declared.jobs["plain"].command.encode())
        deadline = time.monotonic() + 20
        while not endpoint.asked and time.monotonic() < deadline:
            time.sleep(0.05)
        verdict = None
        while verdict in {None, "queued", "sent"} and time.monotonic() < deadline:
            for job in declared.own_jobs.values():
                session.execute(job.command.encode())
            row = session.execute("SELECT state FROM public.cron_runs WHERE job = 'schön''s'").fetchone()
            (verdict,) = row or (None,)
            time.sleep(0.1)
    assert verdict == "ok"
    assert json.loads(endpoint.asked[0].body) == CATALOGUE["jobs"]["schön's"]["http"]["body"]

    said = cronctl("history", "schön's", "--json")
    assert said.code == 0, said.talk
    assert '"ok"' in said.data
    assert cronctl("status", "--json").code in {0, 1}
    assert cronctl("failures", "--json").code in {0, 1}
    assert cronctl("report", "--json").code in {0, 1, 2}


@pytest.mark.parametrize(
    ("name", "value"), [("default_transaction_read_only", "on"), ("standard_conforming_strings", "off")]
)
def test_what_no_job_could_run_with_is_told_once_at_preview(
    name: str, value: str, declared: Declaration, run: Callable[[], None], superuser: Connection
) -> None:
    superuser.execute(f"ALTER ROLE postgres SET {name} = {value}".encode())
    try:
        told = [configured(kind).check({}, args.properties()).failures[0].reason for kind, args in resources(declared)]
    finally:
        superuser.execute("ALTER ROLE postgres RESET ALL")
    assert name in told[0]
    assert set(told[1:]) == {"the same fault as told above"}


def test_that_the_database_is_out_of_reach_is_told_once(
    declared: Declaration, run: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPABASE_CRON_DATABASE_URL", "postgresql://postgres@127.0.0.1:1/postgres")
    told = [configured(kind).check({}, args.properties()).failures[0].reason for kind, args in resources(declared)]
    assert told[0].startswith("no database at 127.0.0.1:1: ")
    assert set(told[1:]) == {"the same fault as told above"}
