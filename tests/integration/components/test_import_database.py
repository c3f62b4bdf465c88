"""What an import makes of a job queues the very request that the job queued: both run on the server, byte for byte."""

from collections.abc import Callable
from typing import Any, NamedTuple

import psycopg
import pytest

from components.catalogue.job import Job
from components.cron_job import CronJobProvider
from components.database.connection import Database
from components.declaration.command import compile_command
from components.importing.database import read_jobs, read_server
from components.importing.jobs import outcomes
from components.importing.keys import Keys
from components.importing.outcome import Outcome, Place, Reason
from components.run_ledger import RunLedgerProvider
from tests.integration.components.import_corpus import EXACT, FORGED, KEPT, REFUSED, SETTINGS, VALUES

STACK = "supabase-cron/test"
Connection = psycopg.Connection[tuple[Any, ...]]


class Queued(NamedTuple):
    """A row of pg_net's queue, its header values as the worker sends them."""

    method: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes | None
    timeout: int


@pytest.fixture(autouse=True)
def world(
    install: Callable[..., None], provide: Callable[..., Any], postgres: Connection, superuser: Connection
) -> Any:
    """A database with Vault, settings, a store with its values, and functions that people write to read them."""
    install()
    provide(RunLedgerProvider).create({"schema_name": "public", "owner": STACK})
    superuser.execute("CREATE EXTENSION IF NOT EXISTS supabase_vault CASCADE")
    postgres.execute("CREATE SCHEMA IF NOT EXISTS app_private")
    for key, value in VALUES.items():
        postgres.execute("INSERT INTO public.cron_secrets (key, value) VALUES (%s, %s)", [key, value])
        postgres.execute("SELECT vault.create_secret(%s, %s)", [value, key])
    for name, value in SETTINGS.items():
        postgres.execute("SELECT set_config(%s, %s, false)", [name, value])
    postgres.execute("""
        CREATE TABLE app_private.my_secrets (name text PRIMARY KEY, secret text);
        CREATE FUNCTION app_private.service_key() RETURNS text LANGUAGE sql STABLE AS
            $$ SELECT decrypted_secret FROM vault.decrypted_secrets WHERE name = 'service_role_key' $$;
        CREATE FUNCTION app_private.vault_value(k text) RETURNS text LANGUAGE plpgsql STABLE AS
            $$ BEGIN RETURN (SELECT decrypted_secret FROM vault.decrypted_secrets WHERE name = k); END $$;
        CREATE FUNCTION app_private.notify(what text) RETURNS bigint LANGUAGE sql AS
            $$ SELECT net.http_post('https://hooks.example.com/x', jsonb_build_object('text', what)) $$
    """)
    yield
    superuser.execute("DROP SCHEMA app_private CASCADE")
    superuser.execute("DELETE FROM vault.secrets")


def imported(postgres: Connection, database: Database, *commands: str) -> tuple[list[Outcome], Keys]:
    """What becomes of jobs with these commands, each on the server's own word."""
    for number, command in enumerate(commands):
        postgres.execute("SELECT cron.schedule(%s, '0 1 * * *', %s)", [f"job {number}", command])
    server, keys = read_server(database), Keys()
    return list(outcomes(read_jobs(database, server), server, keys)), keys


def queued(postgres: Connection, command: str) -> list[Queued]:
    """What a command puts into the queue, which nobody else sees of it."""
    with postgres.transaction(force_rollback=True):
        postgres.execute(command.encode())
        rows = postgres.execute("""
            SELECT method, url, ARRAY(SELECT ROW(key, value) FROM jsonb_each_text(headers) ORDER BY 1)::text, body,
                timeout_milliseconds FROM net.http_request_queue ORDER BY id
        """)
        return [Queued(*row) for row in rows]


def value_of(place: Place, keys: Keys) -> str:
    if place.kind == "literal":
        return next(value for value, key in keys._of_value.items() if key == place.key)
    return SETTINGS[place.original] if place.kind == "setting" else VALUES[place.original]


def test_a_job_that_is_taken_over_keeps_its_jobid_and_is_imported_once(
    postgres: Connection, database: Database, provide: Callable[..., Any]
) -> None:
    found, keys = imported(postgres, database, "select net.http_post('https://a.example.com/f')")
    job = Job.model_validate(found[0].job)
    assert job.adopt
    command = compile_command(found[0].name, job, stack=STACK, schema="public")
    props = {"name": found[0].name, "schedule": job.schedule.text, "command": command, "owner": STACK, "adopt": True}
    created = provide(CronJobProvider).create(props)
    assert created.outs["jobid"] == found[0].where.jobid
    server = read_server(database)
    (again,) = outcomes(read_jobs(database, server), server, keys)
    assert (again.kind, [told.what for told in again.reason]) == ("skipped", [Reason.OURS])


def test_a_request_is_queued_as_before(postgres: Connection, database: Database) -> None:
    found, keys = imported(postgres, database, *EXACT)
    assert len(EXACT) >= 40
    differ = []
    for command, outcome in zip(EXACT, found, strict=True):
        assert outcome.kind in {"exact", "noted"}, (command, [told.sentence for told in outcome.reason])
        job = Job.model_validate(outcome.job)
        with postgres.transaction(force_rollback=True):
            before = queued(postgres, command)
            for place in outcome.asks:
                postgres.execute(
                    "INSERT INTO public.cron_secrets (key, value) VALUES (%s, %s) "
                    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    [place.key, value_of(place, keys)],
                )
            after = queued(postgres, compile_command(outcome.name, job, stack=STACK, schema="public"))
        if len(before) != 1 or before != after:
            differ.append((command, before, after))
    assert differ == []


@pytest.mark.parametrize(("command", "reason"), KEPT, ids=range(len(KEPT)))
def test_what_cannot_be_said_exactly_is_kept_to_the_letter(
    command: str, reason: Reason, postgres: Connection, database: Database
) -> None:
    ((outcome,), _) = imported(postgres, database, command)
    assert outcome.kind == "sql", outcome
    assert [told.what for told in outcome.reason] == [reason]
    assert outcome.job is not None
    assert outcome.job["sql"] == command


@pytest.mark.parametrize(("command", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_what_holds_a_key_or_a_placeholder_is_refused(
    command: str, reason: Reason, postgres: Connection, database: Database
) -> None:
    ((outcome,), _) = imported(postgres, database, command)
    assert (outcome.kind, outcome.job) == ("refused", None)
    assert [told.what for told in outcome.reason] == [reason]
    shown = repr(outcome)
    assert not any(key in shown for key in FORGED)
