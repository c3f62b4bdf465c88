"""Which steps a sweep takes: those that have work, each one every ten minutes, and again what failed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from components.catalogue.settings import RetentionConfig
from components.cron_job import CronJobProvider
from components.declaration.declared_objects import runs_sweep_job, secrets_sweep_job
from components.run_ledger import RunLedgerProvider
from tests.integration.components.conftest import STACK, Provide, at_once
from tests.integration.components.endpoint import Endpoint
from tests.integration.components.test_run_ledger import LEDGER, command, failed_steps

Connection = psycopg.Connection[tuple[Any, ...]]
RETENTION = RetentionConfig()
STEPS = {
    *("settle_cron_runs", "settle_cron_job_runs", "retry_cron_runs", "watch_cron_jobs", "catch_up_cron_runs"),
    *("purge_cron_runs", "purge_cron_job_runs"),
}
NEVER = "0 0 1 1 *"

A_RUN = "INSERT INTO public.cron_runs (job, state, fired_at, settled_at, retry_at, policy) VALUES ('nightly', {})"
A_DETAIL = (
    "INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status, start_time, end_time) "
    "SELECT jobid, nextval('cron.runid_seq'), 'postgres', 'postgres', {} FROM cron.job WHERE jobname = 'nightly'"
)


@pytest.fixture(autouse=True)
def swept(
    install: Callable[..., None], provide: Provide, clean: None, postgres: Connection, superuser: Connection
) -> None:
    """A ledger whose steps were all taken a moment ago, and a job that is never due."""
    install()
    provide(RunLedgerProvider).create(LEDGER)
    superuser.execute("DELETE FROM cron.job_run_details")
    text = command("http://127.0.0.1:9/")
    provide(CronJobProvider).create(
        {"name": "nightly", "schedule": NEVER, "command": text, "owner": STACK, "ledger": "public"}
    )
    assert steps(superuser, "nightly") == STEPS


def steps(superuser: Connection, *catch_up: str) -> set[str]:
    """The steps that the next sweep takes, by the server's count of calls."""
    calls = "SELECT funcname::text, calls FROM pg_stat_xact_user_functions"  # with what was not flushed before
    with superuser.transaction():
        superuser.execute("SET LOCAL track_functions = 'all'")
        before: dict[str, int] = dict(superuser.execute(calls.encode()).fetchall())
        text = runs_sweep_job("public", STACK, RETENTION, catch_up=[(name, None, None) for name in catch_up]).command
        superuser.execute(at_once(text))
        after: dict[str, int] = dict(superuser.execute(calls.encode()).fetchall())
    return {step for step in STEPS if after.get(step, 0) > before.get(step, 0)}


def test_a_minute_without_work_takes_no_step(superuser: Connection) -> None:
    assert steps(superuser) == set()
    assert steps(superuser, "nightly") == {"catch_up_cron_runs"}


def test_a_minute_without_work_is_written_down_as_one_row(superuser: Connection) -> None:
    rows = "SELECT step, xmin::text FROM public.cron_sweeps"
    before: dict[str, str] = dict(superuser.execute(rows).fetchall())
    steps(superuser)
    after: dict[str, str] = dict(superuser.execute(rows).fetchall())
    assert [step for step, version in after.items() if before[step] != version] == ["sweep_cron_runs"]


@pytest.mark.parametrize(
    ("work", "taken"),
    [
        (A_RUN.format("'queued', now(), NULL, NULL, NULL"), {"settle_cron_runs", "settle_cron_job_runs"}),
        (
            A_RUN.format("'sent', now() - interval '3 hours', NULL, NULL, NULL"),
            {"settle_cron_runs", "settle_cron_job_runs"},
        ),
        (A_RUN.format("'retrying', now(), NULL, now() - interval '1 second', '{}'"), {"retry_cron_runs"}),
        (A_RUN.format("'retrying', now(), NULL, now() + interval '1 hour', '{}'"), set()),
        (A_RUN.format("'ok', now() - interval '1 year', now() - interval '1 year', NULL, NULL"), {"purge_cron_runs"}),
        (A_DETAIL.format("'SELECT 1', 'succeeded', now(), now()"), {"settle_cron_job_runs"}),
        (A_DETAIL.format("'SELECT 1', 'running', now(), NULL::timestamptz"), {"settle_cron_job_runs"}),
        (  # in a gap that is shorter than a step stays fresh
            A_DETAIL.format("'SELECT 1', 'succeeded', now() - interval '9 minutes', now() - interval '9 minutes'"),
            {"settle_cron_job_runs"},
        ),
        (A_DETAIL.format("'SELECT 1', 'failed', NULL::timestamptz, NULL::timestamptz"), {"settle_cron_job_runs"}),
        (
            A_DETAIL.format("'SELECT 1', 'succeeded', now() - interval '1 year', now() - interval '1 year'"),
            {"purge_cron_job_runs"},
        ),
    ],
)
def test_a_step_is_taken_where_it_has_work(work: str, taken: set[str], superuser: Connection) -> None:
    superuser.execute(work.encode())
    assert steps(superuser) == taken


@pytest.mark.parametrize(
    ("status", "taken"),
    [("running", set()), ("succeeded", set()), ("failed", {"settle_cron_job_runs"})],
)
def test_of_the_projects_own_jobs_only_failures_are_work(status: str, taken: set[str], superuser: Connection) -> None:
    text = runs_sweep_job("public", STACK, RETENTION).command.replace("'", "''")
    superuser.execute(A_DETAIL.format(f"'{text}', '{status}', now(), now()").encode())
    assert steps(superuser) == taken


def test_a_hundred_new_runs_may_hide_others(superuser: Connection) -> None:
    text = runs_sweep_job("public", STACK, RETENTION).command.replace("'", "''")
    superuser.execute(A_DETAIL.format("'SELECT 1', 'succeeded', now(), now()").encode())
    for _ in range(100):
        superuser.execute(A_DETAIL.format(f"'{text}', 'succeeded', now(), now()").encode())
    assert steps(superuser) == {"settle_cron_job_runs"}


def test_a_job_that_is_changed_is_watched_anew_where_somebody_asks(postgres: Connection, superuser: Connection) -> None:
    postgres.execute("SELECT cron.alter_job(jobid, active := false) FROM cron.job WHERE jobname = 'nightly'")
    assert steps(superuser) == set()
    assert steps(superuser, "nightly") == {"watch_cron_jobs", "catch_up_cron_runs"}
    assert steps(superuser, "nightly") == {"catch_up_cron_runs"}


def test_a_step_that_failed_is_taken_again(postgres: Connection, superuser: Connection) -> None:
    sound = postgres.execute("SELECT pg_get_functiondef('public.purge_cron_runs(interval)'::regprocedure)").fetchone()
    assert sound
    postgres.execute(
        "CREATE OR REPLACE FUNCTION public.purge_cron_runs(p_runs interval) RETURNS void LANGUAGE plpgsql "
        "AS 'BEGIN RAISE EXCEPTION $$a planted fault$$; END'"
    )
    superuser.execute(A_RUN.format("'ok', now(), now() - interval '1 year', NULL, NULL").encode())
    steps(superuser)  # the server does not count a call that fails
    assert failed_steps(postgres) == [("purge_cron_runs", "a planted fault")]
    postgres.execute("DELETE FROM public.cron_runs")
    postgres.execute(sound[0].encode())
    assert steps(superuser) == {"purge_cron_runs"}, "without work, since it failed"
    assert failed_steps(postgres) == []
    assert steps(superuser) == set()


def test_a_question_that_fails_is_a_failure_of_its_step_alone(postgres: Connection, superuser: Connection) -> None:
    superuser.execute(A_RUN.format("'ok', now(), now() - interval '1 year', NULL, NULL").encode())
    postgres.execute("ALTER TABLE public.cron_alerts RENAME TO hidden")
    try:
        assert steps(superuser) == {"purge_cron_runs"}
    finally:
        postgres.execute("ALTER TABLE public.hidden RENAME TO cron_alerts")
    (failure,) = failed_steps(postgres)
    assert failure == ("watch_cron_jobs", 'relation "public.cron_alerts" does not exist')


@pytest.mark.parametrize("ended", ["now() - interval '11 minutes'", "now() + interval '1 hour'", "NULL"])
def test_every_step_is_taken_every_ten_minutes_and_after_a_clock_was_set_back(
    ended: str, superuser: Connection
) -> None:
    superuser.execute(f"UPDATE public.cron_sweeps SET ended_at = {ended}".encode())
    assert steps(superuser) == STEPS
    assert steps(superuser) == set()


@pytest.mark.parametrize(
    ("due", "step", "ago", "made_up_for"),
    [
        (10, "sweep_cron_runs", 1, False),  # it was looked at when the sweeps passed by
        (10, "sweep_cron_runs", 12, True),
        (10, "catch_up_cron_runs", 12, True),
        (2, "sweep_cron_runs", 1, True),  # pg_cron could not start it: the sweep goes on
    ],
)
def test_what_was_due_since_the_last_sweep_is_looked_at(
    due: int,
    step: str,
    ago: int,
    made_up_for: bool,
    provide: Provide,
    postgres: Connection,
    superuser: Connection,
    endpoint: Endpoint,
) -> None:
    moment = datetime.now(UTC) - timedelta(minutes=due)
    at = f"{moment.minute} {moment.hour} * * *"
    text = command(endpoint.url, name="caught")
    provide(CronJobProvider).create(
        {"name": "caught", "schedule": at, "command": text, "owner": STACK, "ledger": "public"}
    )
    steps(superuser, "caught")
    superuser.execute("UPDATE public.cron_watched_jobs SET since = now() - interval '3 hours'")
    superuser.execute(
        f"UPDATE public.cron_sweeps SET ended_at = ended_at - interval '{ago} minutes' WHERE step = '{step}'".encode()
    )
    steps(superuser, "caught")
    runs = postgres.execute("SELECT job, source FROM public.cron_runs").fetchall()
    assert runs == ([("caught", "catch_up")] if made_up_for else [])


def test_a_purge_takes_more_while_all_that_it_finds_is_old(postgres: Connection, superuser: Connection) -> None:
    fill = "INSERT INTO public.cron_runs (job, state, settled_at) SELECT 'nightly', {}, {} FROM generate_series(1, {})"
    year = "now() - interval '1 year'"
    for state, settled, many in (("queued", "NULL", 150), ("ok", year, 900), ("ok", "now()", 50), ("ok", year, 10)):
        superuser.execute(fill.format(f"'{state}'", settled, many).encode())
    superuser.execute("SELECT public.purge_cron_runs(interval '30 days')")
    left = postgres.execute(
        "SELECT settled_at IS NULL, settled_at > now() - interval '1 day', count(*) FROM public.cron_runs "
        "GROUP BY 1, 2 ORDER BY 3"
    ).fetchall()
    assert (True, None, 150) in left, "what is open stays, and hides nothing"
    assert (False, True, 50) in left
    assert sum(count for *_, count in left) < 150 + 50 + 900
    superuser.execute("DELETE FROM public.cron_runs WHERE settled_at IS NULL")


def test_a_run_that_ended_late_holds_up_no_purge(postgres: Connection, superuser: Connection) -> None:
    run = "INSERT INTO public.cron_runs (job, state, settled_at) SELECT 'nightly', 'ok', {} FROM generate_series(1, {})"
    superuser.execute(run.format("now() - interval '1 day'", 1).encode())
    superuser.execute(run.format("now() - interval '1 year'", 300).encode())
    assert steps(superuser) == {"purge_cron_runs"}
    assert postgres.execute("SELECT count(*) FROM public.cron_runs").fetchone() == (1,)


def test_a_sweep_that_is_cancelled_undoes_no_rotation(postgres: Connection, superuser: Connection) -> None:
    """A job that is made up for may take longer than the login's statement_timeout, again in each minute."""
    superuser.execute("INSERT INTO public.cron_secrets (key, value) VALUES ('some_key', 'planted-current')")
    superuser.execute("INSERT INTO public.cron_secret_declarations (key, owner) VALUES ('some_key', %s)", [STACK])
    superuser.execute(
        "INSERT INTO public.cron_secret_stages (key, stage, value, expires_at) "
        "VALUES ('some_key', 'previous', 'planted-before', now() - interval '1 second')"
    )
    text = f"-- supabase-cron: {STACK}/nightly\nSELECT pg_sleep(5)"
    superuser.execute("UPDATE cron.job SET command = %s, schedule = '* * * * *' WHERE jobname = 'nightly'", [text])
    postgres.execute("SELECT public.watch_cron_jobs()")
    superuser.execute("UPDATE public.cron_watched_jobs SET since = now() - interval '3 hours'")
    postgres.execute("SET statement_timeout = '1s'")
    with pytest.raises(psycopg.errors.QueryCanceled):
        postgres.execute(
            at_once(runs_sweep_job("public", STACK, RETENTION, catch_up=[("nightly", None, None)]).command)
        )
    postgres.execute(secrets_sweep_job("public", STACK).command.encode())
    assert postgres.execute("SELECT count(*) FROM public.cron_secret_stages").fetchone() == (0,)
