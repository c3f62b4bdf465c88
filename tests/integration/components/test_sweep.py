"""Which steps a sweep takes: those that have work, each one every ten minutes, and again what failed."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from components.catalogue.settings import RetentionConfig
from components.cron_job import CronJobProvider
from components.declaration.declared_objects import catch_up_job, runs_sweep_job
from components.run_ledger import RunLedgerProvider
from tests.integration.components.conftest import STACK, Provide, at_once
from tests.integration.components.endpoint import Endpoint
from tests.integration.components.test_run_ledger import LEDGER, command, failed_steps

Connection = psycopg.Connection[tuple[Any, ...]]
RETENTION = RetentionConfig()
STEPS = {
    *("settle_cron_runs", "settle_cron_job_runs", "retry_cron_runs", "watch_cron_jobs", "purge_cron_runs"),
    *("purge_cron_job_runs", "sweep_cron_secrets"),
}
NEVER = "0 0 1 1 *"

A_RUN = "INSERT INTO public.cron_runs (job, state, fired_at, settled_at, retry_at, policy) VALUES ('nightly', {})"
A_STAGE = "INSERT INTO public.cron_secret_stages (key, value, stage, expires_at) VALUES ('some_key', 'planted', {})"
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
    assert steps(superuser) == STEPS


def steps(superuser: Connection, *, watch: bool = False) -> set[str]:
    """The steps that the next sweep takes, by the server's count of calls."""
    return calls_of(superuser, at_once(runs_sweep_job("public", STACK, RETENTION, watch=watch).command)) & STEPS


def catch_up(superuser: Connection, *names: str) -> set[str]:
    """What the job that catches up calls of the steps, and of catch_up_cron_runs."""
    text = catch_up_job("public", STACK, [(name, None, None) for name in names]).command
    return calls_of(superuser, text.encode()) & {*STEPS, "catch_up_cron_runs"}


def calls_of(superuser: Connection, statements: bytes) -> set[str]:
    calls = "SELECT funcname::text, calls FROM pg_stat_xact_user_functions"  # with what was not flushed before
    with superuser.transaction():
        superuser.execute("SET LOCAL track_functions = 'all'")
        before: dict[str, int] = dict(superuser.execute(calls.encode()).fetchall())
        superuser.execute(statements)
        after: dict[str, int] = dict(superuser.execute(calls.encode()).fetchall())
    return {name for name, count in after.items() if count > before.get(name, 0)}


def test_a_minute_without_work_takes_no_step(superuser: Connection) -> None:
    assert steps(superuser) == set()
    assert steps(superuser, watch=True) == set()
    assert catch_up(superuser, "nightly") == {"catch_up_cron_runs"}
    assert catch_up(superuser) == set()


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
        (A_STAGE.format("'previous', now() - interval '1 second'"), {"sweep_cron_secrets"}),
        (A_STAGE.format("'previous', now() + interval '1 hour'"), set()),
        (A_STAGE.format("'pending', NULL"), {"sweep_cron_secrets"}),
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


@pytest.mark.parametrize("by_catch_up", [False, True])
def test_a_job_that_is_changed_is_watched_anew_where_somebody_asks(
    by_catch_up: bool, postgres: Connection, superuser: Connection
) -> None:
    postgres.execute("SELECT cron.alter_job(jobid, active := false) FROM cron.job WHERE jobname = 'nightly'")
    assert steps(superuser) == set()
    if by_catch_up:
        assert catch_up(superuser, "nightly") == {"watch_cron_jobs", "catch_up_cron_runs"}
        assert catch_up(superuser, "nightly") == {"catch_up_cron_runs"}
    else:
        assert steps(superuser, watch=True) == {"watch_cron_jobs"}
    assert steps(superuser, watch=True) == set()


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


def test_where_a_question_fails_every_step_is_taken(postgres: Connection, superuser: Connection) -> None:
    postgres.execute("ALTER FUNCTION public.cron_jobs_have_changed() RENAME TO hidden")
    try:
        assert steps(superuser, watch=True) == STEPS
        assert steps(superuser, watch=True) == STEPS
    finally:
        postgres.execute("ALTER FUNCTION public.hidden() RENAME TO cron_jobs_have_changed")
    (failure,) = failed_steps(postgres)
    assert failure == ("sweep_cron_runs", "function public.cron_jobs_have_changed() does not exist")
    assert steps(superuser, watch=True) == set()
    assert failed_steps(postgres) == []


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
        (10, "sweep_cron_catch_up", 1, False),  # it was looked at when its minute passed by
        (10, "sweep_cron_catch_up", 12, True),
        (10, "catch_up_cron_runs", 12, True),
        (2, "sweep_cron_catch_up", 1, True),  # pg_cron could not start it: the look goes on
    ],
)
def test_what_was_due_since_the_last_look_is_looked_at(
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
    catch_up(superuser, "caught")
    superuser.execute("UPDATE public.cron_watched_jobs SET since = now() - interval '3 hours'")
    superuser.execute(
        f"UPDATE public.cron_sweeps SET ended_at = ended_at - interval '{ago} minutes' WHERE step = '{step}'".encode()
    )
    catch_up(superuser, "caught")
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


def a_rotation_that_is_over(superuser: Connection) -> None:
    superuser.execute("INSERT INTO public.cron_secrets (key, value) VALUES ('some_key', 'planted-current')")
    superuser.execute("INSERT INTO public.cron_secret_declarations (key, owner) VALUES ('some_key', %s)", [STACK])
    superuser.execute(A_STAGE.format("'previous', now() - interval '1 second'").encode())


def test_a_step_that_is_cancelled_undoes_nothing_else(postgres: Connection, superuser: Connection) -> None:
    a_rotation_that_is_over(superuser)
    postgres.execute(
        "CREATE OR REPLACE FUNCTION public.purge_cron_runs(p_runs interval) RETURNS void LANGUAGE sql "
        "AS 'SELECT pg_sleep(5)'"
    )
    superuser.execute(A_RUN.format("'ok', now(), now() - interval '1 year', NULL, NULL").encode())
    postgres.execute("SET statement_timeout = '1s'")
    postgres.execute(at_once(runs_sweep_job("public", STACK, RETENTION).command))
    assert failed_steps(postgres) == [("purge_cron_runs", "canceling statement due to statement timeout")]
    assert postgres.execute("SELECT count(*) FROM public.cron_secret_stages").fetchone() == (0,)


def missed(postgres: Connection, superuser: Connection, name: str, statement: str, due: str = "* * * * *") -> None:
    """A job with own SQL that was due while pg_cron did not run."""
    text = f"-- supabase-cron: {STACK}/{name}\n{statement}"
    if name != "nightly":
        postgres.execute("SELECT cron.schedule(%s, %s, 'SELECT 1')", [name, NEVER])
    superuser.execute("UPDATE cron.job SET command = %s, schedule = %s WHERE jobname = %s", [text, due, name])
    postgres.execute("SELECT public.watch_cron_jobs()")
    superuser.execute("UPDATE public.cron_watched_jobs SET since = now() - interval '3 hours'")


def test_a_command_that_is_made_up_for_and_cancelled_is_a_failed_run_and_undoes_nothing(
    postgres: Connection, superuser: Connection
) -> None:
    """It may take longer than the login's statement_timeout, and what comes after it goes on a minute later."""
    superuser.execute(
        "UPDATE public.cron_watched_jobs SET active = false"
    )  # other tests' time of the day is none of ours
    before = datetime.now(UTC) - timedelta(minutes=20)
    missed(postgres, superuser, "nightly", "SELECT pg_sleep(5)", f"{before.minute} {before.hour} * * *")
    later = before + timedelta(minutes=10)
    missed(postgres, superuser, "other", "SELECT 1", f"{later.minute} {later.hour} * * *")
    text = catch_up_job("public", STACK, [("nightly", None, None), ("other", None, None)]).command.encode()
    postgres.execute("SET statement_timeout = '1s'")
    postgres.execute(text)
    runs = postgres.execute("SELECT job, state, detail, source FROM public.cron_runs").fetchall()
    cancelled = ("nightly", "failed", "canceling statement due to statement timeout", "catch_up")
    assert runs == [cancelled]
    since = postgres.execute("SELECT since FROM public.cron_watched_jobs WHERE job = 'other'")
    ((waiting,),) = since.fetchall()
    postgres.execute(text)
    ((at,),) = postgres.execute("SELECT since FROM public.cron_watched_jobs WHERE job = 'other'").fetchall()
    assert waiting < at
    assert postgres.execute("SELECT count(*) FROM public.cron_runs").fetchone() == (1,), "not once more"
    assert failed_steps(postgres) == []


def test_a_long_command_that_is_made_up_for_holds_up_no_sweep(
    postgres: Connection, superuser: Connection, conninfo: str
) -> None:
    a_rotation_that_is_over(superuser)
    missed(postgres, superuser, "nightly", "SELECT pg_sleep(4)")
    text = catch_up_job("public", STACK, [("nightly", None, None)]).command.encode()
    with psycopg.connect(conninfo, autocommit=True) as other, ThreadPoolExecutor() as pool:
        executed = pool.submit(other.execute, text)
        deadline = time.monotonic() + 3
        while not superuser.execute("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'").rowcount:
            assert time.monotonic() < deadline
        superuser.execute("UPDATE cron.job SET schedule = '1 1 1 1 *' WHERE jobname = 'nightly'")
        superuser.execute("UPDATE public.cron_sweeps SET ended_at = NULL")
        postgres.execute("SET lock_timeout = '100ms'")
        postgres.execute(at_once(runs_sweep_job("public", STACK, RETENTION, watch=True).command))
        assert failed_steps(postgres) == []
        assert not executed.done()
        executed.result()
    assert postgres.execute("SELECT count(*) FROM public.cron_secret_stages").fetchone() == (0,)
    assert steps(superuser, watch=True) == {"watch_cron_jobs"}, "what was held then"


def test_what_ran_is_not_made_up_for_though_no_sweep_has_written_it_down(
    postgres: Connection, superuser: Connection
) -> None:
    missed(postgres, superuser, "nightly", "SELECT 1/0")
    superuser.execute(A_DETAIL.format("'SELECT 1', 'succeeded', now() - interval '80 seconds', now()").encode())
    catch_up(superuser, "nightly")
    assert postgres.execute("SELECT count(*) FROM public.cron_runs").fetchone() == (0,)
    superuser.execute("DELETE FROM cron.job_run_details")
    catch_up(superuser, "nightly")
    assert postgres.execute("SELECT state, source FROM public.cron_runs").fetchall() == [("failed", "catch_up")]


def test_retries_of_own_sql_are_left_to_the_job_that_catches_up(
    provide: Provide, postgres: Connection, superuser: Connection
) -> None:
    policy = '{"retry": {"attempts": 3, "backoff": 1, "max_backoff": 1, "on": ["failed"]}}'
    own = f"-- supabase-cron: {STACK}/nightly\nSELECT FROM public.begin_cron_run('nightly', '{policy}')"
    superuser.execute("UPDATE cron.job SET command = %s WHERE jobname = 'nightly'", [own])
    provide(CronJobProvider).create({**catch_up_job("public", STACK, []).properties(), "schedule": NEVER})
    superuser.execute(A_RUN.format(f"'retrying', now(), NULL, now() - interval '1 second', '{policy}'").encode())
    assert steps(superuser) == {"retry_cron_runs"}
    assert postgres.execute("SELECT state, attempt FROM public.cron_runs").fetchall() == [("retrying", 1)]
    catch_up(superuser)
    assert postgres.execute("SELECT state, attempt FROM public.cron_runs").fetchall() == [("queued", 2)]
    assert failed_steps(postgres) == []


def test_what_became_of_catching_up_is_forgotten_with_its_job(
    provide: Provide, postgres: Connection, superuser: Connection
) -> None:
    job = provide(CronJobProvider)
    made = job.create({**catch_up_job("public", STACK, [("nightly", None, None)]).properties(), "schedule": NEVER})
    superuser.execute("ALTER FUNCTION public.catch_up_cron_runs(text[]) RENAME TO hidden")
    try:
        catch_up(superuser, "nightly")
    finally:
        superuser.execute("ALTER FUNCTION public.hidden(text[]) RENAME TO catch_up_cron_runs")
    ((step, why),) = failed_steps(postgres)
    assert step == "catch_up_cron_runs"
    assert "does not exist" in why
    postgres.execute("SELECT public.watch_cron_jobs()")
    assert len(failed_steps(postgres)) == 1
    job.delete(made.id, made.outs or {})
    postgres.execute("SELECT public.watch_cron_jobs()")
    assert failed_steps(postgres) == []


def test_a_long_command_keeps_no_sweep_from_watching_a_new_job(
    provide: Provide, postgres: Connection, superuser: Connection, conninfo: str
) -> None:
    missed(postgres, superuser, "nightly", "SELECT pg_sleep(4)")
    text = command("http://127.0.0.1:9/", "new")
    new = {"name": "new", "schedule": NEVER, "command": text, "owner": STACK, "ledger": "public"}
    provide(CronJobProvider).create(new)  # which the job that catches up is the first to see
    with psycopg.connect(conninfo, autocommit=True) as other, ThreadPoolExecutor() as pool:
        executed = pool.submit(other.execute, catch_up_job("public", STACK, [("nightly", None, None)]).command.encode())
        deadline = time.monotonic() + 3
        while not superuser.execute("SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'").rowcount:
            assert time.monotonic() < deadline
        postgres.execute("SET lock_timeout = '100ms'")
        postgres.execute(at_once(runs_sweep_job("public", STACK, RETENTION, watch=True).command))
        assert failed_steps(postgres) == []
        assert not executed.done()
        executed.result()
    assert postgres.execute("SELECT FROM public.cron_watched_jobs WHERE job = 'new'").rowcount == 1


def test_nothing_is_made_up_for_while_another_session_watches(
    postgres: Connection, superuser: Connection, conninfo: str
) -> None:
    missed(postgres, superuser, "nightly", "SELECT 1/0")
    superuser.execute("UPDATE cron.job SET schedule = '*/2 * * * *' WHERE jobname = 'nightly'")
    with psycopg.connect(conninfo) as other:
        assert other.execute("SELECT public.watch_cron_jobs()").fetchone() == (True,)
        assert "catch_up_cron_runs" not in catch_up(superuser, "nightly")
    assert postgres.execute("SELECT count(*) FROM public.cron_runs").fetchone() == (0,)


def test_a_retry_of_own_sql_waits_for_the_job_that_catches_up(
    provide: Provide, postgres: Connection, superuser: Connection
) -> None:
    policy = '{"retry": {"attempts": 3, "backoff": 1, "max_backoff": 1, "on": ["failed"]}}'
    own = f"-- supabase-cron: {STACK}/nightly\nSELECT FROM public.begin_cron_run('nightly', '{policy}')"
    provide(CronJobProvider).create(
        {"name": "nightly", "schedule": NEVER, "command": own, "owner": STACK, "ledger": "public"}
    )
    superuser.execute(A_RUN.format(f"'retrying', now(), NULL, now() - interval '1 second', '{policy}'").encode())
    assert "retry_cron_runs" in steps(superuser)
    assert postgres.execute("SELECT state, attempt FROM public.cron_runs").fetchall() == [("retrying", 1)]
    catch_up(superuser)
    assert postgres.execute("SELECT state, attempt FROM public.cron_runs").fetchall() == [("queued", 2)]
