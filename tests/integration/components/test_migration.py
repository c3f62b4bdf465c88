"""The exported script, run by psql as the deploying login: it makes what pulumi would, but for the secrets' values."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from components.catalogue.stack_config import Config, load_config
from components.cron_job import CronJobProvider
from components.database.connection import Database
from components.declaration.declared_objects import by_kind, declare
from components.declaration.migration import migration
from components.errors import Conflict, InvalidConfiguration
from components.objects.all_kinds import KINDS
from components.objects.args import Args
from components.objects.object_kind import Objects, Reading
from components.objects.stack_mark import StackName
from components.run_ledger import RunLedgerProvider
from components.secret import SecretProvider
from components.secret_store import SecretStoreProvider
from tests.integration.components.conftest import PRIVATE
from tests.integration.components.endpoint import Answer, Endpoint

HOSTILE = """it's "quoted" \\ back, $body$ %(key)s %s %% {{x}} :name -- no comment ünïcödé"""

CATALOGUE: dict[str, Any] = {
    "secrets": {
        "base_url": {"description": "Where it is", "format": "url"},
        "token": {
            "description": HOSTILE,
            "format": "token",
            "grace": 3600.5,
            "probe": {
                "url": "{base_url}/probe",
                "auth": {"bearer": "token"},
                "timeout": 5,
                "success": {"status": [204]},
            },
        },
        "signing_key": {"description": "A key that signs", "format": "token"},
    },
    "jobs": {
        "call": {
            "description": "d",
            "schedule": "30 1 1 1 *",
            "http": {"url": "{base_url}/call", "auth": {"bearer": "token"}, "timeout": 5, "body": {"say": HOSTILE}},
        },
        "it's signed": {
            "description": "d",
            "schedule": "30 1 1 1 *",
            "http": {"url": "{base_url}/signed", "auth": {"hmac": "signing_key"}, "timeout": 5},
        },
        "plain": {"description": "d", "schedule": "30 1 1 1 *", "sql": f"SELECT '{HOSTILE.replace(chr(39), '-')}'"},
        "policies": {
            "description": "d",
            "schedule": "30 1 1 1 *",
            "catch_up": "latest",
            "active_between": {"from": -3, "to": -1},
            "http": {
                "url": "{base_url}/call",
                "timeout": 5,
                "retry": {},
                "overlap": "skip",
                "idempotency": "Idempotency-Key",
            },
        },
        "paused": {"description": "d", "schedule": "30 1 1 1 *", "sql": "SELECT 1", "active": False},
    },
    "alerts": {"team": {"http": {"url": "{base_url}/alert", "auth": {"bearer": "token"}}}},
}
PLANTED = {"token": "planted-token", "signing_key": "planted-signing-key-of-32-bytes-and-more"}

Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Config]:
    def load(catalogue: dict[str, Any] = CATALOGUE, **settings: Any) -> Config:
        (tmp_path / "jobs.yaml").write_text(json.dumps(catalogue), encoding="utf-8")
        secrets = {"base_url": "https://planted.example", **PLANTED}
        raw = {"secrets": secrets, "rotators": ["authenticated"], **settings}
        owner = StackName("supabase-cron", "test")
        return load_config(raw, stack=owner, root=tmp_path, environment={}, now=datetime.now(UTC))

    return load


@pytest.fixture
def psql(conninfo: str, tmp_path: Path) -> Callable[[str], None]:
    def run(script: str) -> None:
        file = tmp_path / "migration.sql"
        file.write_text(script, encoding="utf-8")
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-f", str(file), conninfo]
        done = subprocess.run(
            command, env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr

    return run


@pytest.fixture(autouse=True)
def answered(endpoint: Endpoint) -> None:
    endpoint.answer = lambda asked: Answer(204 if asked.path == "/probe" else 200)


def differences(database: Database, config: Config) -> dict[str, list[str]]:
    found = {}
    for word, wanted in by_kind(declare(config)).items():
        kind = KINDS[word]
        for args in wanted:
            living = Objects(kind, Reading.of(kind, kind.scope(args))(database))
            live = living.get(kind.identity(args))
            told = ["missing"] if live is None else [each.name for each in kind.differences(args, live)]
            if told:
                found[kind.title(args)] = told
    return found


@pytest.mark.parametrize(
    "settings", [{}, {"schema": PRIVATE}, {"store": "vault"}, {"schema": PRIVATE, "store": "vault"}]
)
def test_it_makes_all_that_is_declared_but_no_value(
    settings: dict[str, Any],
    configured: Callable[..., Config],
    psql: Callable[[str], None],
    conninfo: str,
    postgres: Connection,
) -> None:
    config = configured(**settings)
    script = migration(config)
    assert "planted" not in script
    psql(script)
    database = Database(conninfo)
    unset = {f"secret {key!r}": ["value"] for key in config.catalogue.secrets}
    assert differences(database, config) == unset

    audit = f"SELECT count(*) FROM {config.settings.schema_name}.cron_secret_audit"
    before = postgres.execute(audit.encode()).fetchone()
    ids = postgres.execute("SELECT jobname, jobid FROM cron.job ORDER BY 1").fetchall()
    psql(script)
    assert differences(database, config) == unset, "run again, it changes nothing"
    assert postgres.execute(audit.encode()).fetchone() == before
    assert postgres.execute("SELECT jobname, jobid FROM cron.job ORDER BY 1").fetchall() == ids
    if "store" in settings:
        row = postgres.execute("SELECT count(*) FROM vault.secrets").fetchone()
        assert row == (len(config.catalogue.secrets),)
    database.close()


def test_a_job_sends_nothing_until_its_secrets_are_set(
    configured: Callable[..., Config], psql: Callable[[str], None], postgres: Connection, endpoint: Endpoint
) -> None:
    config = configured()
    psql(migration(config))
    command = declare(config).jobs["call"].command.encode()
    with pytest.raises(psycopg.errors.NoDataFound, match="cron secret 'base_url' is not set"):
        postgres.execute(command)
    assert postgres.execute("SELECT count(*) FROM public.cron_runs").fetchone() == (0,)

    postgres.execute("SELECT public.rotate_cron_secret('base_url', %s)", [endpoint.url])
    with pytest.raises(psycopg.errors.NoDataFound, match="cron secret 'token' is not set"):
        postgres.execute(command)
    script = migration(config)
    psql(script)  # leaves what was set
    assert postgres.execute("SELECT public.get_secret('base_url')").fetchone() == (endpoint.url,)
    assert not endpoint.asked


def test_a_secret_is_set_as_the_script_says(
    configured: Callable[..., Config], psql: Callable[[str], None], postgres: Connection
) -> None:
    script = migration(configured())
    psql(script)
    (line,) = [line for line in script.splitlines() if line.startswith("-- SELECT") and "signing_key" in line]
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="too weak to sign with"):
        postgres.execute(line.removeprefix("-- ").encode())
    postgres.execute(line.removeprefix("-- ").replace("…", PLANTED["signing_key"]).encode())
    assert postgres.execute("SELECT public.get_secret('signing_key')").fetchone() == (PLANTED["signing_key"],)
    assert "-- To set it (after base_url, which its probe reads):" in script


def test_its_comments_are_for_whoever_runs_it(configured: Callable[..., Config]) -> None:
    _, _, steps = migration(configured()).partition("\n\n")
    outside = re.sub(r"\$(\w*)\$.*?\$\1\$", "", steps, flags=re.DOTALL)
    first_words = {line.split()[1] for line in outside.splitlines() if line.startswith("--")}
    titles = {"extension", "secret", "rotation", "function", "grants", "run", "cron"}
    assert first_words <= titles | {"To", "SELECT"}, "none tells how it came to be"


def test_pulumi_takes_up_what_it_made(
    configured: Callable[..., Config], psql: Callable[[str], None], provide: Provide, conninfo: str
) -> None:
    config = configured()
    psql(migration(config))
    declared = declare(config)
    taken: list[tuple[type[Any], Args]] = [
        (SecretStoreProvider, declared.store),
        (RunLedgerProvider, declared.ledger),
        (SecretProvider, declared.secrets["base_url"]),
        (SecretProvider, declared.secrets["signing_key"]),
        *((CronJobProvider, job) for job in declared.jobs.values()),
    ]
    for provider, args in taken:
        props = args.properties()
        assert provide(provider).check({}, props).failures == []
        provide(provider).create(props)
    database = Database(conninfo)
    assert differences(database, config) == {"secret 'token'": ["value"]}
    database.close()


def test_another_value_that_somebody_set_is_not_taken_over(
    configured: Callable[..., Config], psql: Callable[[str], None], provide: Provide, postgres: Connection
) -> None:
    config = configured()
    psql(migration(config))
    postgres.execute("SELECT public.rotate_cron_secret('signing_key', %s)", ["planted-another-signing-key-32-bytes"])
    with pytest.raises(Conflict, match="has another value in the database"):
        provide(SecretProvider).create(declare(config).secrets["signing_key"].properties())


@pytest.mark.parametrize(
    "job", [{"sql": "SELECT 'planted-token'"}, {"http": {"url": "{base_url}/planted-token", "timeout": 5}}]
)
def test_a_value_that_is_written_out_is_refused(job: dict[str, Any], configured: Callable[..., Config]) -> None:
    jobs = {**CATALOGUE["jobs"], "leaky": {"description": "d", "schedule": "0 1 * * *", **job}}
    with pytest.raises(InvalidConfiguration, match="the value of secret 'token' is written out") as refused:
        migration(configured({**CATALOGUE, "jobs": jobs}))
    assert "planted" not in str(refused.value)
