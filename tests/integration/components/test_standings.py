"""What somebody did to a job, a sweep or an extension by hand is a problem wherever one looks, and one is told of it."""

import json
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from components.catalogue.settings import RetentionConfig
from components.cron_job import CronJobProvider
from components.database.connection import Database
from components.declaration.declared_objects import runs_sweep_job
from components.run_ledger import RunLedgerProvider
from components.runs.health import health
from components.runs.history import history, job_status
from components.security.doctor import examine
from tests.integration.components.command_line import Said
from tests.integration.components.conftest import STACK
from tests.integration.components.endpoint import Endpoint
from tests.integration.components.test_alerts import alert, told
from tests.integration.components.test_run_ledger import fire, settle, settled

Connection = psycopg.Connection[tuple[Any, ...]]
Cronctl = Callable[..., Said]
Provide = Callable[..., Any]

LEDGER = {"schema_name": "public", "owner": STACK}
NEVER = "30 1 1 1 *"
SWEEP = "cron-runs-sweep-public"
BY_HAND = {
    "missing": "SELECT cron.unschedule('nightly')",
    "overwritten": "SELECT cron.schedule('nightly', '30 1 1 1 *', 'SELECT 1')",
    "paused": "SELECT cron.alter_job(jobid, active := false) FROM cron.job WHERE jobname = 'nightly'",
    "changed": "SELECT cron.alter_job(jobid, schedule := '30 2 2 2 *') FROM cron.job WHERE jobname = 'nightly'",
}


@pytest.fixture(autouse=True)
def deployed(install: Callable[..., None], provide: Provide, clean: None, superuser: Connection) -> None:
    """A job, and the sweep of runs at a time that never comes, so that the tests alone take it."""
    install()
    provide(RunLedgerProvider).create(LEDGER)
    superuser.execute("DELETE FROM cron.job_run_details")
    provide(CronJobProvider).create(nightly())
    sweep = runs_sweep_job("public", STACK, RetentionConfig())
    provide(CronJobProvider).create({**sweep.properties(), "schedule": NEVER})


def nightly(**given: Any) -> dict[str, Any]:
    text = "-- supabase-cron: supabase-cron/test/nightly\nSELECT 1"
    return {"name": "nightly", "schedule": NEVER, "command": text, "owner": STACK, "ledger": "public", **given}


def standings(database: Database) -> dict[str, str]:
    return {each.job: each.standing for each in job_status(database, "public")}


def test_what_is_as_declared_is_no_problem(database: Database, postgres: Connection) -> None:
    assert standings(database) == {"nightly": "as declared", SWEEP: "as declared"}
    settle(postgres)
    assert standings(database) == {"nightly": "as declared", SWEEP: "as declared"}


@pytest.mark.parametrize("standing", BY_HAND)
@pytest.mark.parametrize("swept", [False, True])
def test_what_was_done_by_hand_is_a_problem(
    standing: str, swept: bool, database: Database, postgres: Connection, cronctl: Cronctl
) -> None:
    postgres.execute(BY_HAND[standing].encode())
    if swept:
        settle(postgres)
    assert standings(database)["nightly"] == standing
    status = cronctl("status", "--json")
    (job,) = [each for each in json.loads(status.data)["jobs"] if each["job"] == "nightly"]
    assert (status.code, job["standing"]) == (1, standing)
    failures = cronctl("failures", "--json")
    assert failures.code == 1
    assert any("job 'nightly' " in problem for problem in json.loads(failures.data)["problems"])
    assert any(f"job 'nightly' {word}" in cronctl("failures").talk for word in ("is", "was", "has"))
    found = [each.sentence for each in examine(database, "public") if each.level == "problem"]
    assert any(sentence.startswith("job 'nightly' ") for sentence in found)


@pytest.mark.parametrize("standing", ["missing", "overwritten", "paused"])
def test_an_alert_comes(standing: str, postgres: Connection, endpoint: Endpoint) -> None:
    text = alert(endpoint)
    assert told(postgres, endpoint, text) == []
    postgres.execute(BY_HAND[standing].encode())
    settle(postgres)
    ((message),) = told(postgres, endpoint, text)
    words = {"missing": "is gone", "overwritten": "was overwritten", "paused": "is paused, though"}
    assert f"job nightly {words[standing]}" in message["text"]
    assert told(postgres, endpoint, text) == []


def test_what_up_mends_or_removes_is_no_problem_any_more(
    provide: Provide, database: Database, postgres: Connection
) -> None:
    created = provide(CronJobProvider).create(nightly())
    postgres.execute(BY_HAND["changed"].encode())
    updated = provide(CronJobProvider).update(created.id, created.outs, nightly(schedule="30 3 3 3 *"))
    assert standings(database)["nightly"] == "as declared"
    paused = provide(CronJobProvider).update(created.id, updated.outs, nightly(active=False))
    assert standings(database)["nightly"] == "as declared"
    postgres.execute("SELECT cron.alter_job(jobid, active := true) FROM cron.job WHERE jobname = 'nightly'")
    assert standings(database)["nightly"] == "resumed"
    provide(CronJobProvider).delete(created.id, paused.outs)
    settle(postgres)
    assert standings(database) == {SWEEP: "as declared"}


def test_one_that_is_gone_already_is_forgotten(provide: Provide, database: Database, postgres: Connection) -> None:
    created = provide(CronJobProvider).create(nightly())
    postgres.execute(BY_HAND["missing"].encode())
    provide(CronJobProvider).delete(created.id, created.outs)
    assert standings(database) == {SWEEP: "as declared"}


def test_another_stacks_jobs_are_not_mixed_in(database: Database, postgres: Connection) -> None:
    postgres.execute(
        "SELECT cron.schedule('theirs', '30 1 1 1 *', %s)", ["-- supabase-cron: supabase-cron/other/theirs\nSELECT 1"]
    )
    settle(postgres)
    assert "theirs" not in standings(database)


@pytest.mark.parametrize("change", ["active := false", "schedule := '30 1 1 1 *'"])
def test_a_sweep_that_stands_still_is_a_problem(
    change: str, postgres: Connection, superuser: Connection, cronctl: Cronctl, database: Database
) -> None:
    settle(postgres)
    superuser.execute(f"SELECT cron.alter_job(jobid, {change}) FROM cron.job WHERE jobname = '{SWEEP}'".encode())
    superuser.execute("UPDATE public.cron_sweeps SET ended_at = ended_at - interval '10 minutes'")
    superuser.execute("UPDATE public.cron_job_declarations SET since = since - interval '20 minutes'")
    said = cronctl("status", "--json")
    problems = json.loads(said.data)["health"]["problems"]
    assert said.code == 1
    assert any("the sweep of runs has not come to its end" in problem for problem in problems)
    found = [each.sentence for each in examine(database, "public") if each.level == "problem"]
    assert any(SWEEP.removesuffix("public") in sentence for sentence in found)


@pytest.mark.parametrize(("age", "told"), [("1 minute", False), ("20 minutes", True)])
def test_what_pg_cron_did_before_the_sweep_was_declared_says_nothing_of_it(
    age: str, told: bool, superuser: Connection, database: Database
) -> None:
    superuser.execute(
        "INSERT INTO cron.job_run_details (jobid, runid, status, start_time)"
        " VALUES (1, nextval('cron.runid_seq'), 'succeeded', now() - interval '9 hours')"
    )
    superuser.execute("UPDATE public.cron_job_declarations SET since = now() - %s::interval", [age])
    problems = health(database, "public").problems()
    assert any("scheduler is not alive" in problem for problem in problems) == told


def test_runs_that_pg_cron_numbers_anew_reach_the_history(
    database: Database, postgres: Connection, superuser: Connection
) -> None:
    def ran(count: int, message: str) -> None:
        superuser.execute(
            "INSERT INTO cron.job_run_details (jobid, runid, job_pid, database, username, command, status, "
            "return_message, start_time, end_time) SELECT j.jobid, nextval('cron.runid_seq'), 1000 + n, j.database, "
            "j.username, j.command, 'failed', %s, clock_timestamp(), clock_timestamp() "
            "FROM cron.job AS j, generate_series(1, %s) AS n WHERE j.jobname = 'nightly'",
            [message, count],
        )

    ran(7, "ERROR:  before")
    settle(postgres)
    (last,) = superuser.execute("SELECT last_value FROM cron.runid_seq").fetchone() or ()
    superuser.execute("DELETE FROM cron.job_run_details")  # as the extension's removal and creation does
    superuser.execute("ALTER SEQUENCE cron.runid_seq RESTART")
    try:
        ran(5, "ERROR:  after")
        settle(postgres)
        settle(postgres)
        runs = history(database, "public", job="nightly", limit=100)
        assert [run.detail for run in runs] == ["ERROR:  after"] * 5 + ["ERROR:  before"] * 7
    finally:
        superuser.execute("SELECT setval('cron.runid_seq', %s)", [last])


def test_a_pg_net_that_was_made_anew_answers_for_no_older_run(
    postgres: Connection, superuser: Connection, endpoint: Endpoint
) -> None:
    fire(postgres, endpoint.url, name="old")
    superuser.execute("UPDATE public.cron_run_requests SET queue = 1")  # the oid of a table that is gone
    settled(postgres)
    found = postgres.execute("SELECT state, detail FROM public.cron_runs").fetchall()
    assert found == [("lost", "pg_net was made anew while the request was on its way; whether it arrived is not known")]


def test_a_statement_that_somebody_runs_by_hand_is_in_the_history(
    provide: Provide, database: Database, cronctl: Cronctl
) -> None:
    broken = "-- supabase-cron: supabase-cron/test/broken\nSELECT 1 / 0"
    provide(CronJobProvider).create(nightly(name="broken", command=broken))
    assert cronctl("trigger", "nightly").code == 0
    assert cronctl("trigger", "broken").code == 3
    runs = history(database, "public", limit=10)
    assert [(run.job, run.state, run.source, run.detail) for run in runs] == [
        ("broken", "failed", "manual", "ERROR:  division by zero"),
        ("nightly", "ok", "manual", None),
    ]


@pytest.mark.parametrize("arguments", [["failures"], ["history"], ["status"], ["next"], ["logs"]])
def test_a_login_that_rows_are_hidden_from_is_told_so(
    arguments: list[str], superuser: Connection, conninfo: str, cronctl: Cronctl
) -> None:
    superuser.execute("DROP ROLE IF EXISTS ledger_reader")
    superuser.execute("CREATE ROLE ledger_reader LOGIN PASSWORD 'planted-login' IN ROLE pg_read_all_data")
    url = make_conninfo(conninfo, user="ledger_reader", password="planted-login")
    try:
        said = cronctl(*arguments, SUPABASE_CRON_DATABASE_URL=url)
    finally:
        superuser.execute("DROP ROLE ledger_reader")
    assert said.code == 3
    assert "row security hides" in said.talk.replace("\n", " ")


def test_status_without_pg_net_says_that_it_is_not_there(
    superuser: Connection, cronctl: Cronctl, postgres: Connection
) -> None:
    settle(postgres)
    superuser.execute("ALTER SCHEMA net RENAME TO net_away")
    try:
        said = cronctl("status", "--json")
        doctor = cronctl("doctor", "--json")
    finally:
        superuser.execute("ALTER SCHEMA net_away RENAME TO net")
    assert (said.code, doctor.code) == (1, 1)
    assert any("pg_net is not there" in problem for problem in json.loads(said.data)["health"]["problems"])
    assert "pg_net is not there, so no request is sent" in doctor.data


def test_the_verdict_comes_soon_after_the_answer(provide: Provide, postgres: Connection, endpoint: Endpoint) -> None:
    """The sweep's own command, begun in the same second as the job."""
    text = runs_sweep_job("public", STACK, RetentionConfig()).command
    fire(postgres, endpoint.url)
    began = time.monotonic()
    postgres.execute(text.encode())
    assert postgres.execute("SELECT state FROM public.cron_runs").fetchall() == [("ok",)]
    assert 2 <= time.monotonic() - began < 15
