"""The run ledger on a real pg_cron with pg_net's worker and a real endpoint: every run has its true verdict."""

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from components.catalogue.job import Job
from components.catalogue.settings import RetentionConfig
from components.cron_job import CronJobProvider
from components.database.connection import Database
from components.declaration.command import compile_command
from components.declaration.declared_objects import runs_sweep_job
from components.errors import Conflict
from components.run_ledger import RunLedgerProvider
from components.runs.history import history as runs_of
from tests.integration.components.conftest import at_once
from tests.integration.components.endpoint import Answer, Asked, Endpoint

STACK = "supabase-cron/test"
LEDGER = {"schema_name": "public", "owner": STACK}
RETENTION = RetentionConfig()

Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]


@pytest.fixture(autouse=True)
def installed(install: Callable[..., None], provide: Provide, clean: None, superuser: Connection) -> None:
    install()
    provide(RunLedgerProvider).create(LEDGER)
    superuser.execute("DELETE FROM cron.job_run_details")


class Run(NamedTuple):
    """A row of the history."""

    job: str
    state: str
    status_code: int | None
    detail: str | None
    response: str | None
    runid: int | None


def command(
    url: str, name: str = "nightly", timeout: float = 5, active_between: dict[str, Any] | None = None, **http: Any
) -> str:
    action = {"url": url, "timeout": timeout, **http}
    job = Job.model_validate(
        {"description": "d", "schedule": "0 1 * * *", "http": action, "active_between": active_between}
    )
    return compile_command(name, job, stack=STACK, schema="public")


def fire(postgres: Connection, url: str, **http: Any) -> int:
    """What pg_cron does when the job is due; returns the run."""
    row = postgres.execute(command(url, **http).encode()).fetchone()
    assert row is not None
    run: int = row[0]
    return run


def settle(postgres: Connection) -> None:
    """Sweep, with each step; test_sweep.py has which of them a sweep leaves out."""
    every_step_is_due(postgres)
    postgres.execute(at_once(runs_sweep_job("public", STACK, RETENTION).command))
    assert failed_steps(postgres) == []


def every_step_is_due(postgres: Connection) -> None:
    postgres.execute("UPDATE public.cron_sweeps SET ended_at = least(ended_at, now() - interval '11 minutes')")


def failed_steps(postgres: Connection) -> list[tuple[str, str]]:
    """The steps of the sweeps that failed when they were last taken, with why."""
    return postgres.execute(
        "SELECT step, detail FROM public.cron_sweeps WHERE failed_at > coalesce(ended_at, '-infinity')"
    ).fetchall()


def settled(postgres: Connection, seconds: float = 30) -> None:
    """Let the sweep come by until nothing is on its way."""
    deadline = time.monotonic() + seconds
    while postgres.execute("SELECT FROM public.cron_runs WHERE settled_at IS NULL").rowcount:
        assert time.monotonic() < deadline, "a run without an end"
        time.sleep(0.1)
        settle(postgres)


def history(postgres: Connection) -> list[Run]:
    columns = ", ".join(Run._fields)
    query = f"SELECT {columns} FROM public.cron_run_history WHERE job NOT LIKE 'cron-%-sweep-%' ORDER BY fired_at"
    return [Run(*row) for row in postgres.execute(query.encode()).fetchall()]


ANSWERS = {
    "/ok": Answer(200, '{"success": true}'),
    "/unauthorized": Answer(401, '{"message": "Invalid JWT"}'),
    "/boot": Answer(503, "boot error"),
    "/slow": Answer(200, delay=3),
    "/false": Answer(200, '{"success": false}'),
    "/not-json": Answer(200, "<html>"),
}


def as_asked(asked: Asked) -> Answer:
    return ANSWERS[asked.path]


def test_each_answer_has_its_verdict(postgres: Connection, endpoint: Endpoint) -> None:
    endpoint.answer = as_asked
    success = {"status": [200], "body": "$.success == true"}
    with postgres.transaction():  # one round of the worker
        for path in ANSWERS:
            fire(postgres, endpoint.url + path, name=path[1:], success=success, timeout=1)
        fire(postgres, "http://127.0.0.1:9/", name="nobody")
        fire(postgres, "https://supabase-cron.invalid/", name="nowhere")
    settled(postgres)
    found = {run.job: (run.state, run.status_code, run.detail) for run in history(postgres)}
    unresolved = found.pop("nowhere")
    assert unresolved[:2] == ("failed", None)
    assert "resolve host" in (unresolved[2] or "")
    refused = found.pop("nobody")
    assert refused[:2] == ("failed", None)
    assert "onnect to server" in (refused[2] or "")
    assert found == {
        "ok": ("ok", 200, None),
        "unauthorized": ("failed", 401, "answered with status 401"),
        "boot": ("failed", 503, "answered with status 503"),
        "slow": ("timed_out", None, "no answer within 1 s"),
        "false": ("failed", 200, "answered with status 200 and a body that is no success"),
        "not-json": ("failed", 200, "answered with status 200 and a body that is no success"),
    }
    assert postgres.execute("SELECT FROM public.cron_run_requests").rowcount == 0
    slow = postgres.execute("SELECT milliseconds FROM public.cron_runs WHERE job = 'slow'").fetchone()
    assert slow is not None
    assert 900 < slow[0] < 3000


def test_where_nothing_tells_how_long_an_answer_took_there_is_a_bound(
    postgres: Connection, database: Database, endpoint: Endpoint
) -> None:
    endpoint.answer = lambda _: Answer(delay=0.3)
    fire(postgres, endpoint.url, name="swept", timeout=20)
    settled(postgres)
    fire(postgres, endpoint.url, name="seen-late", timeout=0.9)
    time.sleep(2.5)
    settled(postgres)
    late, swept = runs_of(database, "public")
    assert (late.milliseconds, late.milliseconds_at_most, late.took) == (None, 900, "≤ 900")
    assert 300 <= (swept.milliseconds_at_most or 0) < 20_000


def test_a_request_that_waits_is_queued_and_nothing_else(postgres: Connection, endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: Answer(delay=1)
    fire(postgres, endpoint.url)
    settle(postgres)
    assert [run.state for run in history(postgres)] == ["queued"]
    settled(postgres)
    assert [run.state for run in history(postgres)] == ["ok"]


def test_an_answer_that_a_stranger_wrote_first_is_not_believed(
    postgres: Connection, superuser: Connection, endpoint: Endpoint
) -> None:
    endpoint.answer = lambda _: Answer(503, delay=1)
    fire(postgres, endpoint.url)
    superuser.execute("INSERT INTO net._http_response (id, status_code) SELECT request, 200 FROM public.cron_runs")
    settle(postgres)
    assert [run.state for run in history(postgres)] == ["queued"]
    superuser.execute("DELETE FROM net._http_response WHERE status_code = 200")
    settled(postgres)
    assert [run.state for run in history(postgres)] == ["failed"]


@pytest.mark.parametrize("created", ["infinity", "294000-01-01", "1970-01-01"])
def test_no_time_of_an_answer_stops_the_verdicts_of_others(
    created: str, postgres: Connection, superuser: Connection, endpoint: Endpoint
) -> None:
    endpoint.answer = lambda _: Answer(delay=1)
    fire(postgres, endpoint.url, name="odd")
    superuser.execute(
        "WITH taken AS (DELETE FROM net.http_request_queue RETURNING id) "
        "INSERT INTO net._http_response (id, status_code, created) SELECT id, 200, %s FROM taken",
        [created],
    )
    endpoint.answer = lambda _: Answer()
    fire(postgres, endpoint.url, name="even")
    settled(postgres)
    assert ("even", "ok") in {(run.job, run.state) for run in history(postgres)}
    superuser.execute("DELETE FROM net._http_response WHERE NOT isfinite(created) OR created > now()")


def test_an_answer_that_came_twice_is_not_believed(
    postgres: Connection, superuser: Connection, endpoint: Endpoint
) -> None:
    superuser.execute(
        "INSERT INTO net._http_response (id, status_code) SELECT last_value + 1, 200 FROM net.http_request_queue_id_seq"
    )
    endpoint.answer = lambda _: Answer(500)
    fire(postgres, endpoint.url)
    settled(postgres)
    (run,) = history(postgres)
    assert run.state == "failed"
    assert run.detail == "has more than one answer, and pg_net writes one: somebody may have forged it"


def test_an_answer_without_a_status_is_none(postgres: Connection, superuser: Connection, endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: Answer(200)
    fire(postgres, endpoint.url)
    deadline = time.monotonic() + 20
    ours = "UPDATE net._http_response SET status_code = NULL WHERE id = (SELECT request FROM public.cron_runs)"
    while not superuser.execute(ours).rowcount:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    settled(postgres)
    assert [(run.state, run.detail) for run in history(postgres)] == [("failed", "answered with status none")]


def test_a_statement_that_fails_leaves_no_row(postgres: Connection) -> None:
    with pytest.raises(psycopg.errors.NoDataFound):
        fire(postgres, "{supabase_url}/x")
    assert history(postgres) == []
    assert postgres.execute("SELECT FROM net.http_request_queue").rowcount == 0


def test_answers_that_echo_a_secret_are_kept_without_it(postgres: Connection, endpoint: Endpoint) -> None:
    postgres.execute(
        "INSERT INTO public.cron_secrets (key, value) VALUES ('a', 'planted+(1)'), ('b', 'planted+(1)[2]')"
    )
    endpoint.answer = lambda _: Answer(500, "got planted+(1)[2], not planted+(1)!")
    fire(postgres, endpoint.url)
    settled(postgres)
    assert [run.response for run in history(postgres)] == ["got ***, not ***!"]


def echoed(key: str, filling: str) -> str:
    """An answer in which a key stands across the place where it is cut, whatever that is."""
    return filling + f"{key} " * (40_000 // len(key))


@pytest.mark.parametrize("filling", ["", "x" * 1000, "x" * 1020, *("x" * (16_384 - gap) for gap in range(0, 40, 7))])
def test_no_part_of_a_key_remains_where_an_answer_is_cut(
    postgres: Connection, endpoint: Endpoint, filling: str
) -> None:
    key = "planted-key-of-some-length"
    postgres.execute("INSERT INTO public.cron_secrets (key, value) VALUES ('a', %s)", [key])
    endpoint.answer = lambda _: Answer(200, echoed(key, filling))
    fire(postgres, endpoint.url)
    settled(postgres)
    (run,) = history(postgres)
    assert len(run.response or "") <= 1024
    assert "plant" not in (run.response or "")
    assert (run.response or "").startswith((filling + "*** ***")[:1024])


def test_no_part_of_a_long_key_remains_either(postgres: Connection) -> None:
    key = "planted-" + "k" * 8000 + "-end"
    for at in (0, 1000, 8000, 8300, 16_000, 16_383, 16_384):
        for times in (1, 9):
            row = postgres.execute(
                "SELECT public.mask_cron_secrets(%s, %s, 1024)", ["x" * at + key * times + "y" * 20_000, key]
            ).fetchone()
            assert row is not None
            assert set(row[0]) <= set("x*y"), (at, times)


def test_an_error_of_pg_cron_is_kept_without_the_values_that_it_quotes(
    provide: Provide, postgres: Connection, superuser: Connection
) -> None:
    postgres.execute("INSERT INTO public.cron_secrets (key, value) VALUES ('a', 'planted-quoted')")
    text = f"-- supabase-cron: {STACK}/bad\nSELECT public.get_secret('a')::int"
    job = {"name": "bad", "schedule": "0 0 1 1 *", "command": text, "owner": STACK}
    jobid = provide(CronJobProvider).create(job).outs["jobid"]
    superuser.execute(
        "INSERT INTO cron.job_run_details (jobid, runid, username, status, command, start_time, end_time, return_message) "
        "VALUES (%s, nextval('cron.runid_seq'), 'postgres', 'failed', %s, now(), now(), %s)",
        [jobid, text, f'ERROR:  invalid input syntax for type integer: "{"." * 448}planted-quoted"'],
    )
    settle(postgres)
    (run,) = history(postgres)
    assert "***" in (run.detail or "")
    assert "plant" not in (run.detail or "")


def test_an_attempt_that_cannot_be_sent_is_kept_without_the_values_that_its_error_quotes(
    provide: Provide, postgres: Connection
) -> None:
    postgres.execute("INSERT INTO public.cron_secrets (key, value) VALUES ('a', 'planted-quoted')")
    text = f"-- supabase-cron: {STACK}/bad\nSELECT public.get_secret('a')::int -- begin_cron_run"
    job = {"name": "bad", "schedule": "0 0 1 1 *", "command": text, "owner": STACK}
    provide(CronJobProvider).create(job)
    postgres.execute("INSERT INTO public.cron_runs (job, state, retry_at) VALUES ('bad', 'retrying', now())")
    postgres.execute("SELECT public.retry_cron_runs(false)")
    (run,) = history(postgres)
    assert (run.state, run.detail) == ("failed", 'invalid input syntax for type integer: "***"')


def test_a_long_answer_is_kept_in_part(postgres: Connection, endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: Answer(200, "x" * 100_000)
    fire(postgres, endpoint.url)
    settled(postgres)
    assert [run.response for run in history(postgres)] == ["x" * 1024]


def test_an_answer_that_expired_is_lost(postgres: Connection, superuser: Connection, endpoint: Endpoint) -> None:
    run = fire(postgres, endpoint.url)
    deadline = time.monotonic() + 20
    forget = "DELETE FROM net._http_response WHERE id = (SELECT request FROM public.cron_runs)"
    while not superuser.execute(forget).rowcount:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    settle(postgres)
    found = postgres.execute("SELECT run, state FROM public.cron_runs").fetchall()
    assert found == [(run, "lost")]
    assert "forgot" in (history(postgres)[0].detail or "")


@pytest.mark.parametrize("shift", ["1 day", "-1 day"])
def test_a_clock_that_jumps_changes_no_verdict(postgres: Connection, endpoint: Endpoint, shift: str) -> None:
    fire(postgres, endpoint.url)
    postgres.execute(f"UPDATE public.cron_runs SET fired_at = fired_at + interval '{shift}'".encode())
    settled(postgres)
    assert [run.state for run in history(postgres)] == ["ok"]


def test_ids_that_begin_again_do_not_give_an_answer_to_another_run(postgres: Connection, endpoint: Endpoint) -> None:
    postgres.execute(
        'SELECT public.record_cron_run(\'old\', last_value + 1, \'{"timeout": 5, "status": "{[200,300)}"}\') '
        "FROM net.http_request_queue_id_seq"
    )
    fire(postgres, endpoint.url, name="new")
    settled(postgres)
    assert {run.job: run.state for run in history(postgres)} == {"old": "lost", "new": "ok"}


def test_two_sweeps_at_once_do_it_once(postgres: Connection, conninfo: str, endpoint: Endpoint) -> None:
    fire(postgres, endpoint.url)
    with psycopg.connect(conninfo) as other:
        other.execute("SELECT public.settle_cron_runs()")
        assert postgres.execute("SELECT public.settle_cron_runs()").fetchone() == (0,)
    settled(postgres)


def test_no_login_can_hold_what_lets_one_session_at_a_time(
    postgres: Connection, superuser: Connection, conninfo: str
) -> None:
    superuser.execute("DROP ROLE IF EXISTS ledger_stranger")
    superuser.execute("CREATE ROLE ledger_stranger LOGIN PASSWORD 'planted-login'")
    skip = {"overlap": "skip"}
    with postgres.transaction(force_rollback=True), psycopg.connect(conninfo) as looking:
        postgres.execute("SELECT public.settle_cron_runs()")
        postgres.execute("SELECT FROM public.begin_cron_run('nightly', %s)", [json.dumps(skip)])
        advisory = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        assert looking.execute(advisory).fetchone() == (0,)
    url = make_conninfo(conninfo, user="ledger_stranger", password="planted-login")
    with psycopg.connect(url) as stranger, pytest.raises(psycopg.errors.InsufficientPrivilege):
        stranger.execute("SELECT FROM public.cron_locks FOR UPDATE")
    superuser.execute("DROP ROLE ledger_stranger")


def test_old_runs_and_old_details_are_forgotten(postgres: Connection, superuser: Connection) -> None:
    postgres.execute(
        "INSERT INTO public.cron_runs (job, state, fired_at, settled_at) SELECT 'nightly', state, at, settled FROM (VALUES "
        "('ok', now() - interval '31 days', now() - interval '31 days'), ('ok', now(), now()), "
        "('queued', now() - interval '99 days', NULL)) AS t (state, at, settled)"
    )
    superuser.execute(
        "INSERT INTO cron.job_run_details (jobid, runid, username, start_time, end_time) SELECT 1, id, who, at, at "
        "FROM (VALUES (-5, 'postgres', NULL), (-4, 'postgres', now() - interval '8 days'), (-3, 'postgres', NULL), "
        "(-2, 'postgres', now()), (-1, 'somebody', now() - interval '8 days')) AS t (id, who, at)"
    )
    postgres.execute("SELECT public.purge_cron_runs('30 days'), public.purge_cron_job_runs('7 days')")
    left = postgres.execute("SELECT state FROM public.cron_runs ORDER BY run").fetchall()
    assert left == [("ok",), ("queued",)]
    details = superuser.execute("SELECT runid FROM cron.job_run_details WHERE runid < 0 ORDER BY runid").fetchall()
    superuser.execute("DELETE FROM cron.job_run_details WHERE runid < 0")
    assert details == [(-3,), (-2,), (-1,)], "one without a time is older than those after it"


def test_pg_cron_runs_it_and_the_history_tells_the_truth(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    endpoint.answer = as_asked
    jobs = {
        "ok": command(endpoint.url + "/ok", name="ok"),
        "unauthorized": command(endpoint.url + "/unauthorized", name="unauthorized"),
        "statement": command("{missing}/x", name="statement"),
        "by-hand": f"SELECT net.http_post('{endpoint.url}/ok')",
        "sql": "SELECT 1",
    }
    for name, text in jobs.items():
        owned = text if text.startswith("--") else f"-- supabase-cron: {STACK}/{name}\n{text}"
        provide(CronJobProvider).create({"name": name, "schedule": "* * * * *", "command": owned, "owner": STACK})
    deadline = time.monotonic() + 75
    while len({run.job for run in history(postgres)}) < len(jobs):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    settled(postgres)
    time.sleep(1)  # pg_cron writes the end of a run after the run has ended
    settle(postgres)
    found = {run.job: run for run in history(postgres)}
    assert {name: run.state for name, run in found.items()} == {
        "ok": "ok",
        "unauthorized": "failed",
        "statement": "failed",
        "by-hand": "lost",
        "sql": "ok",
    }
    assert all(run.runid is not None for run in found.values())
    assert len(history(postgres)) == len(found)  # no run is told twice
    succeeded = "SELECT count(*) FROM cron.job_run_details WHERE status = 'succeeded' AND command ~ 'unauthorized'"
    assert postgres.execute(succeeded.encode()).fetchone() == (1,)


def test_a_sql_job_is_followed_to_its_end(provide: Provide, postgres: Connection, superuser: Connection) -> None:
    text = f"-- supabase-cron: {STACK}/long\nSELECT 1"
    job = {"name": "long", "schedule": "0 0 1 1 *", "command": text, "owner": STACK}
    jobid = provide(CronJobProvider).create(job).outs["jobid"]
    numbers = [
        row[0] for row in superuser.execute("SELECT nextval('cron.runid_seq') FROM generate_series(1, 4)").fetchall()
    ]
    statuses = ["running", "running", "failed", "starting"]
    for number, status in zip(numbers, statuses, strict=True):
        superuser.execute(
            "INSERT INTO cron.job_run_details (jobid, runid, username, status, command, start_time, return_message) "
            "VALUES (%s, %s, 'postgres', %s, %s, CASE WHEN %s = 'running' THEN now() END, %s)",
            [jobid, number, status, text, status, "connection failed" if status == "failed" else None],
        )
    settle(postgres)
    found = {run.runid: run.state for run in history(postgres)}
    assert found == {numbers[0]: "sent", numbers[1]: "sent", numbers[2]: "failed", numbers[3]: "queued"}
    assert postgres.execute("SELECT count(*) FROM public.cron_runs").fetchone() == (3,)  # a start without time waits
    superuser.execute(
        "UPDATE cron.job_run_details SET status = 'succeeded', end_time = start_time + interval '2 seconds' WHERE runid = %s",
        [numbers[0]],
    )
    superuser.execute("DELETE FROM cron.job_run_details WHERE runid = %s", [numbers[1]])
    settle(postgres)
    ended = postgres.execute("SELECT runid, state, milliseconds FROM public.cron_runs ORDER BY runid").fetchall()
    assert ended[:2] == [(numbers[0], "ok", 2000), (numbers[1], "lost", None)]
    settle(postgres)
    assert postgres.execute("SELECT count(*) FROM public.cron_runs").fetchone() == (3,)


def test_a_run_of_weeks_is_told_and_stops_no_other(
    provide: Provide, postgres: Connection, superuser: Connection
) -> None:
    """Of 24.8 days on, its milliseconds are more than an int holds."""
    provide(CronJobProvider).create(
        {"name": "sql", "schedule": "0 0 1 1 *", "command": f"-- supabase-cron: {STACK}/sql\nSELECT 1", "owner": STACK}
    )
    for took in ("30 days", "-30 days", "2 seconds"):
        superuser.execute(
            "INSERT INTO cron.job_run_details (jobid, username, status, command, start_time, end_time, return_message) "
            "SELECT jobid, username, 'succeeded', command, now() - interval '31 days', "
            "now() - interval '31 days' + %s::interval, '1 row' FROM cron.job",
            [took],
        )
    for _ in range(2):  # as pg_cron tells of them, and as they are kept
        told = postgres.execute("SELECT milliseconds FROM public.cron_run_history ORDER BY runid").fetchall()
        assert told == [(2147483647,), (0,), (2000,)]
        postgres.execute("SELECT public.settle_cron_job_runs()")


def test_a_ledger_of_the_first_version_keeps_its_rows(provide: Provide, postgres: Connection) -> None:
    postgres.execute("DROP VIEW public.cron_run_history, public.cron_job_runs, public.cron_job_standings")
    postgres.execute("DROP TABLE public.cron_watched_jobs, public.cron_alerts")
    for column in ("source", "attempt", "policy", "retry_at", "earlier", "idempotency"):
        postgres.execute(f"ALTER TABLE public.cron_runs DROP COLUMN {column}".encode())
    postgres.execute("INSERT INTO public.cron_runs (job, state) VALUES ('old', 'ok')")
    assert provide(RunLedgerProvider).create(LEDGER).outs["differences"] == []
    assert postgres.execute("SELECT job, source, attempt FROM public.cron_runs").fetchall() == [("old", "schedule", 1)]


def test_it_is_mended_shut_and_removed(provide: Provide, postgres: Connection, defaults: None) -> None:
    provider = provide(RunLedgerProvider)
    postgres.execute(
        "DROP VIEW public.cron_run_history, public.cron_job_runs, public.cron_job_standings; DROP TABLE public.cron_runs, public.cron_run_requests"
    )
    postgres.execute("DROP FUNCTION public.record_cron_run, public.settle_cron_runs, public.purge_cron_runs")
    created = provider.create(LEDGER)
    assert created.outs["differences"] == []
    postgres.execute("GRANT SELECT ON public.cron_runs, public.cron_run_history TO anon")
    postgres.execute("GRANT USAGE ON SEQUENCE public.cron_runs_run_seq TO anon")
    postgres.execute(
        "CREATE OR REPLACE FUNCTION public.record_cron_run(p_job text, p_request bigint, p_rule jsonb) "
        "RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'"
    )
    postgres.execute("INSERT INTO public.cron_runs (job) VALUES ('kept')")
    read = provide(RunLedgerProvider).read(created.id, created.outs)
    assert [each.partition(":")[0] for each in read.outs["differences"]] == [
        "privileges on cron_runs",
        "privileges on cron_run_history",
        "function record_cron_run",
    ]
    updated = provide(RunLedgerProvider).update(created.id, read.outs, LEDGER)
    assert updated.outs["differences"] == []
    assert postgres.execute("SELECT job FROM public.cron_runs").fetchall() == [("kept",)]
    with pytest.raises(Conflict, match="belongs to the stack"):
        provide(RunLedgerProvider).create({**LEDGER, "owner": "supabase-cron/other"})
    provide(RunLedgerProvider).delete(created.id, updated.outs)
    assert postgres.execute("SELECT FROM pg_class WHERE relname ~ '^cron_(run|job)'").rowcount == 0
    assert postgres.execute("SELECT FROM pg_proc WHERE proname LIKE '%cron_run%'").rowcount == 0
