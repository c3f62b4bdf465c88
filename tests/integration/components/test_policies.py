"""Retry, overlap, active_between, catch_up and idempotency on a real server, with pg_net's worker and a real endpoint."""

import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from components.catalogue.policy import ActiveBetween
from components.cron_job import CronJobProvider
from components.database.connection import Database
from components.declaration.declared_objects import catch_up_job, runs_sweep_job
from components.objects.our_functions import LEDGER_FUNCTIONS
from components.run_ledger import RunLedgerProvider
from components.runs.history import history
from tests.integration.components.conftest import at_once
from tests.integration.components.endpoint import Answer, Asked, Endpoint
from tests.integration.components.test_run_ledger import (
    LEDGER,
    RETENTION,
    STACK,
    command,
    every_step_is_due,
    settle,
)

Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]
NEVER = "0 0 1 1 *"
TWICE = {"attempts": 2, "backoff": 0.1}


@pytest.fixture(autouse=True)
def installed(install: Callable[..., None], provide: Provide, clean: None, superuser: Connection) -> None:
    install()
    provide(RunLedgerProvider).create(LEDGER)
    superuser.execute("DELETE FROM cron.job_run_details")


Schedule = Callable[..., str]


@pytest.fixture
def schedule(provide: Provide) -> Schedule:
    """Makes a job of pg_cron; returns its command."""

    def made(url: str, name: str = "nightly", at: str = NEVER, **policies: Any) -> str:
        text = command(url, name=name, **policies)
        provide(CronJobProvider).create({"name": name, "schedule": at, "command": text, "owner": STACK})
        return text

    return made


def run(postgres: Connection, text: str, source: str = "schedule") -> int | None:
    """What pg_cron does when the job is due; returns the run, None where it was skipped."""
    with postgres.transaction():
        postgres.execute(f"SET LOCAL supabase_cron.source = '{source}'".encode())
        row = postgres.execute(text.encode()).fetchone()
    return row[0] if row else None


def runs(postgres: Connection, columns: str = "state, attempt") -> list[tuple[Any, ...]]:
    return postgres.execute(f"SELECT {columns} FROM public.cron_runs ORDER BY run".encode()).fetchall()


def until(postgres: Connection, states: list[str], seconds: float = 30) -> None:
    """Let the sweep come by until the runs have these states."""
    deadline = time.monotonic() + seconds
    while [row[0] for row in runs(postgres)] != states:
        assert time.monotonic() < deadline, runs(postgres)
        time.sleep(0.2)
        settle(postgres)


def answers(*codes: int) -> Callable[[Asked], Answer]:
    """One after the other, the last for ever."""
    left = list(codes)
    return lambda _: Answer(left.pop(0) if len(left) > 1 else left[0])


def keys(endpoint: Endpoint) -> list[str]:
    return [asked.headers["Idempotency-Key"] for asked in endpoint.asked]


def test_a_run_is_tried_again_until_it_works(postgres: Connection, endpoint: Endpoint, schedule: Schedule) -> None:
    endpoint.answer = answers(503, 500, 200)
    run(
        postgres,
        schedule(endpoint.url, retry={"attempts": 3, "backoff": 0.1}, idempotency="Idempotency-Key"),
    )
    until(postgres, ["ok"])
    ((attempt, earlier, detail),) = runs(postgres, "attempt, earlier, detail")
    assert attempt == 3
    assert [text.partition(" ")[2] for text in earlier] == [
        "failed: answered with status 503",
        "failed: answered with status 500",
    ]
    assert detail is None
    assert len(endpoint.asked) == 3
    assert len(set(keys(endpoint))) == 1


def test_an_attempt_has_nothing_of_the_one_before(
    postgres: Connection, superuser: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    endpoint.answer = answers(503)
    run(postgres, schedule(endpoint.url, retry={"attempts": 2, "backoff": 0.1}))
    until(postgres, ["retrying"])
    endpoint.answer = lambda _: Answer(delay=2)
    until(postgres, ["queued"])
    assert runs(postgres, "attempt, detail, status_code, response") == [(2, None, None, None)]
    superuser.execute("TRUNCATE public.cron_run_requests, net.http_request_queue")  # as a crash does
    until(postgres, ["exhausted"])
    ((detail, status_code),) = runs(postgres, "detail, status_code")
    assert status_code is None
    assert "crashed" in detail


def test_each_run_has_an_idempotency_key_of_its_own(
    postgres: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    text = schedule(endpoint.url, idempotency="Idempotency-Key")
    run(postgres, text)
    run(postgres, text)
    until(postgres, ["ok", "ok"])
    assert len(set(keys(endpoint))) == 2


def test_attempts_end_as_exhausted(postgres: Connection, endpoint: Endpoint, schedule: Schedule) -> None:
    endpoint.answer = answers(500)
    run(postgres, schedule(endpoint.url, retry=TWICE))
    until(postgres, ["exhausted"])
    assert runs(postgres, "attempt, detail, settled_at IS NOT NULL") == [(2, "answered with status 500", True)]
    time.sleep(0.5)
    settle(postgres)
    assert len(endpoint.asked) == 2


def test_other_verdicts_are_not_tried_again(postgres: Connection, endpoint: Endpoint, schedule: Schedule) -> None:
    endpoint.answer = answers(500)
    run(postgres, schedule(endpoint.url, retry={**TWICE, "on": ["timed_out"]}))
    until(postgres, ["failed"])


def test_backoff_doubles_with_jitter_up_to_its_bound(postgres: Connection) -> None:
    policy = '{"retry": {"attempts": 9, "backoff": 60, "max_backoff": 100, "on": ["failed"]}}'
    for attempt in range(1, 9):
        postgres.execute(
            "INSERT INTO public.cron_runs (job, state, attempt, settled_at, policy) "
            "SELECT 'nightly', 'failed', %s, now(), %s FROM generate_series(1, 50)",
            [attempt, policy],
        )
    postgres.execute("SELECT public.schedule_cron_retries(1)")
    waits = postgres.execute(
        "SELECT attempt, min(w), max(w) FROM (SELECT attempt, extract(epoch FROM retry_at - now()) AS w "
        "FROM public.cron_runs) AS t GROUP BY attempt ORDER BY attempt"
    ).fetchall()
    for attempt, least, most in waits:
        bound = 60 if attempt == 1 else 100
        assert bound * 0.48 < least < bound * 0.7 < most < bound * 1.02


def test_an_attempt_that_cannot_be_sent_counts(postgres: Connection, endpoint: Endpoint, schedule: Schedule) -> None:
    postgres.execute("INSERT INTO public.cron_secrets (key, value) VALUES ('path', 'x')")
    endpoint.answer = answers(500)
    run(postgres, schedule(endpoint.url + "/{path}", retry=TWICE))
    until(postgres, ["retrying"])
    postgres.execute("DELETE FROM public.cron_secrets")
    until(postgres, ["exhausted"])
    ((detail,),) = runs(postgres, "detail")
    assert "cron secret 'path'" in detail
    assert postgres.execute("SELECT current_setting('supabase_cron.run', true)").fetchone() in {("",), (None,)}


@pytest.mark.parametrize(
    "change", ["SELECT cron.unschedule('nightly')", "SELECT cron.alter_job(jobid, active := false) FROM cron.job"]
)
def test_a_run_of_a_job_that_is_gone_or_paused_is_not_tried_again(
    postgres: Connection, endpoint: Endpoint, schedule: Schedule, change: str
) -> None:
    endpoint.answer = answers(500)
    run(postgres, schedule(endpoint.url, retry=TWICE))
    until(postgres, ["retrying"])
    postgres.execute(change.encode())
    until(postgres, ["exhausted"])
    ((detail,),) = runs(postgres, "detail")
    assert detail == ("answered with status 500; not tried again, since its job was paused, changed or removed")


def test_a_run_whose_job_has_become_another_is_not_tried_for_ever(
    postgres: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    endpoint.answer = answers(500)
    run(postgres, schedule(endpoint.url, retry=TWICE))
    until(postgres, ["retrying"])
    postgres.execute("SELECT cron.alter_job(jobid, command := 'SELECT 1 -- begin_cron_run') FROM cron.job")
    until(postgres, ["exhausted"])
    ((detail,),) = runs(postgres, "detail")
    assert detail == ("answered with status 500; not tried again, since the command of its job is another")


def test_a_run_by_hand_is_not_tried_again(postgres: Connection, endpoint: Endpoint, schedule: Schedule) -> None:
    endpoint.answer = answers(500)
    run(postgres, schedule(endpoint.url, retry=TWICE), "manual")
    until(postgres, ["failed"])
    assert runs(postgres, "source") == [("manual",)]


def test_a_second_run_is_skipped_while_one_is_on_its_way(
    postgres: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    endpoint.answer = lambda _: Answer(delay=1.5)
    text = schedule(endpoint.url, overlap="skip")
    first = run(postgres, text)
    assert run(postgres, text) is None
    assert runs(postgres, "state, detail")[1] == ("skipped", f"run {first} is on its way")
    until(postgres, ["ok", "skipped"])
    assert run(postgres, text) is not None
    until(postgres, ["ok", "skipped", "ok"])
    assert len(endpoint.asked) == 2


def test_a_run_that_waits_to_be_tried_again_keeps_others_out(
    postgres: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    endpoint.answer = answers(500, 200)
    text = schedule(endpoint.url, overlap="skip", retry={"attempts": 2, "backoff": 2})
    run(postgres, text)
    until(postgres, ["retrying"])
    assert run(postgres, text) is None
    until(postgres, ["ok", "skipped"])


def test_a_crash_of_pg_net_leaves_nothing_in_flight(
    postgres: Connection, superuser: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    endpoint.answer = lambda _: Answer(delay=2)
    text = schedule(endpoint.url, overlap="skip")
    run(postgres, text)
    superuser.execute("TRUNCATE public.cron_run_requests")  # what a crash does to an unlogged table
    assert run(postgres, text) is not None


def test_two_at_once_are_one(postgres: Connection, conninfo: str, endpoint: Endpoint, schedule: Schedule) -> None:
    endpoint.answer = lambda _: Answer(delay=2)
    text = schedule(endpoint.url, overlap="skip")
    with psycopg.connect(conninfo) as other, psycopg.connect(conninfo, autocommit=True) as third:
        assert other.execute(text.encode()).fetchone() is not None
        third.execute("SET lock_timeout = '300ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            third.execute(text.encode())
        other.commit()
    assert run(postgres, text) is None


@pytest.mark.parametrize(
    ("day", "bounds", "within"),
    [
        ("2026-09-01", ("2026-09-01", "2026-09-30"), True),
        ("2026-09-30", ("2026-09-01", "2026-09-30"), True),
        ("2027-09-30", ("2026-09-01", "2026-09-30"), False),
        ("2026-12-31", ("11-15", "01-15"), True),
        ("2026-01-15", ("11-15", "01-15"), True),
        ("2026-01-16", ("11-15", "01-15"), False),
        ("2026-11-14", ("11-15", "01-15"), False),
        ("2027-03-01", ("02-29", "02-29"), False),
        ("2028-02-29", ("02-29", "02-29"), True),
        ("2026-02-28", ("-1", "-1"), True),
        ("2028-02-28", ("-1", "-1"), False),
        ("2026-02-26", ("-3", "-1"), True),
        ("2026-03-03", ("28", "5"), True),
        ("2026-03-06", ("28", "5"), False),
        ("2026-03-30", ("-2", "3"), True),
        ("2026-03-29", ("-2", "3"), False),
    ],
)
def test_days(postgres: Connection, day: str, bounds: tuple[str, str], within: bool) -> None:
    found = postgres.execute("SELECT public.cron_day_is_within(%s, %s, %s)", [day, *bounds]).fetchone()
    assert found == (within,)


@pytest.mark.parametrize(
    ("bounds", "february", "leap_february", "april", "may"),
    [
        (("29", "-1"), [], [29], [29, 30], [29, 30, 31]),
        (("30", "-1"), [], [], [30], [30, 31]),
        (("31", "-1"), [], [], [], [31]),
        (("31", "31"), [], [], [], [31]),
        (("20", "-12"), [], [], [], [20]),
        (("-28", "3"), [1, 2, 3], [2, 3], [3], []),
        (("-28", "-27"), [1, 2], [2, 3], [3, 4], [4, 5]),
        # over the end in every month, and so declared
        (("25", "2"), [1, 2, *range(25, 29)], [1, 2, *range(25, 30)], [1, 2, *range(25, 31)], [1, 2, *range(25, 32)]),
        (("31", "1"), [1], [1], [1], [1, 31]),
        (("-3", "2"), [1, 2, 26, 27, 28], [1, 2, 27, 28, 29], [1, 2, 28, 29, 30], [1, 2, 29, 30, 31]),
        (("-1", "-27"), [1, 2, 28], [1, 2, 3, 29], [1, 2, 3, 4, 30], [1, 2, 3, 4, 5, 31]),
        (("29", "-27"), [1, 2], [1, 2, 3, 29], [1, 2, 3, 4, 29, 30], [1, 2, 3, 4, 5, 29, 30, 31]),
    ],
)
def test_days_of_the_month_wrap_where_they_do_so_in_every_month(
    postgres: Connection,
    bounds: tuple[str, str],
    february: list[int],
    leap_february: list[int],
    april: list[int],
    may: list[int],
) -> None:
    query = (
        "SELECT extract(day FROM d)::int FROM generate_series(%s::date, %s::date + interval '1 month - 1 day', '1 day') "
        "AS t (d) WHERE public.cron_day_is_within(d::date, %s, %s) ORDER BY d"
    )
    found = [
        [day for (day,) in postgres.execute(query, [first, first, *bounds]).fetchall()]
        for first in ("2027-02-01", "2028-02-01", "2027-04-01", "2027-05-01")
    ]
    assert found == [february, leap_february, april, may]


def test_the_catalogue_and_the_database_agree_on_days(postgres: Connection) -> None:
    rng = random.Random(20261128)  # noqa: S311 - repeatable
    numbers = [*range(-28, 0), *range(1, 32)]
    years = [f"{month:02}-{day:02}" for month in range(1, 13) for day in (1, 15, 28)]
    pairs = [(str(rng.choice(numbers)), str(rng.choice(numbers))) for _ in range(150)]
    pairs += [(rng.choice(years), rng.choice(years)) for _ in range(30)]
    days = [date(2027, 2, 1) + timedelta(days=number) for number in range(450)]
    query = "SELECT d FROM unnest(%s::date[]) AS t (d) WHERE public.cron_day_is_within(d, %s, %s) ORDER BY d"
    for first, last in pairs:
        between = ActiveBetween.model_validate({"from": first, "to": last})
        found = [day for (day,) in postgres.execute(query, [days, first, last]).fetchall()]
        assert found == [day for day in days if between.includes(day)], (first, last)


def test_other_days_are_skipped_but_by_hand(postgres: Connection, endpoint: Endpoint, schedule: Schedule) -> None:
    text = schedule(endpoint.url, active_between={"from": "2020-01-01", "to": "2020-12-31"})
    assert run(postgres, text) is None
    assert run(postgres, text, "manual") is not None
    until(postgres, ["skipped", "ok"])
    ((detail, _),) = [row for row in runs(postgres, "detail, state") if row[1] == "skipped"]
    assert detail.endswith("is not between 2020-01-01 and 2020-12-31")


def set_zone(postgres: Connection, zone: str) -> None:
    """As a server whose pg_cron knows cron.timezone has it; 1.4 does not."""
    (function,) = (each for each in LEDGER_FUNCTIONS if each.name == "cron_zone")
    definition = function.definition("public").as_string()
    postgres.execute(definition.replace(function.body("public"), f"SELECT '{zone}'").encode())


def daily(moment: datetime) -> str:
    return f"{moment.minute} {moment.hour} * * *"


def sweep(postgres: Connection, *catch_up: str, days: tuple[str, str] | tuple[None, None] = (None, None)) -> None:
    every_step_is_due(postgres)
    postgres.execute(at_once(runs_sweep_job("public", STACK, RETENTION).command))
    postgres.execute(catch_up_job("public", STACK, [(name, *days) for name in catch_up]).command.encode())


def test_what_a_downtime_missed_is_made_up_for_once(
    postgres: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    due = datetime.now(UTC) - timedelta(minutes=10)
    schedule(endpoint.url + "/caught", name="caught", at=daily(due))
    schedule(endpoint.url + "/not-asked", name="not-asked", at=daily(due))
    schedule(endpoint.url + "/later", name="later", at=daily(datetime.now(UTC) + timedelta(hours=2)))
    sweep(postgres, "caught", "later")
    assert runs(postgres) == []  # it was not watched yet when it was due
    postgres.execute("UPDATE public.cron_watched_jobs SET since = now() - interval '3 hours'")
    for _ in range(3):
        sweep(postgres, "caught", "later")
    until(postgres, ["ok"])
    assert runs(postgres, "job, source") == [("caught", "catch_up")]
    assert [asked.path for asked in endpoint.asked] == ["/caught"]


@pytest.mark.parametrize(
    ("allowed", "made_up_for"),
    [
        (("-1", "-1"), -1),  # days from today
        (("-2", "-2"), -2),  # of those that were missed the last that was allowed
        (("0", "0"), None),
        (("-9", "-9"), None),  # it was not watched then
    ],
)
def test_what_is_made_up_for_was_due_on_an_allowed_day(
    postgres: Connection,
    database: Database,
    endpoint: Endpoint,
    schedule: Schedule,
    allowed: tuple[str, str],
    made_up_for: int | None,
) -> None:
    tomorrow = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=5) + timedelta(days=1)
    if tomorrow.hour == 0 and tomorrow.minute < 10:
        pytest.skip("what is due in five minutes would be due on another day")
    bounds = [str((tomorrow + timedelta(days=int(days) - 1)).date()) for days in allowed]
    days = (bounds[0], bounds[1])
    schedule(
        endpoint.url, name="caught", at=daily(tomorrow), active_between={"from": days[0], "to": days[1]}, retry=TWICE
    )
    sweep(postgres)
    postgres.execute("UPDATE public.cron_watched_jobs SET since = now() - interval '8 days'")
    for _ in range(3):
        sweep(postgres, "caught", days=days)
    if made_up_for is None:
        assert runs(postgres) == []
        return
    until(postgres, ["ok"])
    due = tomorrow + timedelta(days=made_up_for - 1)
    assert runs(postgres, "source, due_at") == [("catch_up", due)]
    (run,) = history(database, "public")
    assert run.summary == f"made up for {due:%Y-%m-%d %H:%M}"


def test_a_run_that_is_put_off_over_midnight_is_of_the_day_on_which_it_was_due(
    postgres: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    clock = datetime.now(UTC)
    ahead = (5 - clock.hour * 60 - clock.minute) % 1440  # minutes, so that the zone's clock shows 0:05
    ahead -= 1440 if ahead > 720 else 0
    sign = "-" if ahead >= 0 else "+"
    zone = f"<here>{sign}{abs(ahead) // 60:02}:{abs(ahead) % 60:02}"  # POSIX counts to the west
    set_zone(postgres, zone)
    yesterday = (clock + timedelta(minutes=ahead) - timedelta(days=1)).date()
    days = {"from": str(yesterday), "to": str(yesterday)}
    text = schedule(endpoint.url, name="put-off", at="59 23 * * *", active_between=days)
    assert run(postgres, text) is not None
    text = schedule(endpoint.url, name="in-time", at="5 0 * * *", active_between=days)
    assert run(postgres, text) is None
    until(postgres, ["ok", "skipped"])


def test_what_the_ledger_has_forgotten_is_neither_made_up_for_nor_silent(
    postgres: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    due = datetime.now(UTC) - timedelta(hours=13)
    schedule(endpoint.url, name="monthly", at=f"{due.minute} {due.hour} {due.day} * *")
    sweep(postgres)
    postgres.execute("UPDATE public.cron_watched_jobs SET since = now() - interval '2 years'")
    postgres.execute(
        "INSERT INTO public.cron_runs (job, state, fired_at, settled_at) VALUES ('monthly', 'ok', %s, %s)", [due, due]
    )
    sweep(postgres, "monthly")
    postgres.execute("DELETE FROM public.cron_runs")  # as the purge does, in time
    sweep(postgres, "monthly")
    assert runs(postgres) == []
    ((since,),) = postgres.execute("SELECT since FROM public.cron_watched_jobs").fetchall()
    assert since == due
    silent = postgres.execute("SELECT public.cron_job_is_silent(schedule, since, NULL) FROM public.cron_watched_jobs")
    assert silent.fetchone() == (False,)


def test_what_ran_was_paused_or_was_due_elsewhen_is_not_made_up_for(
    postgres: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    due = datetime.now(UTC) - timedelta(minutes=10)
    ran = schedule(endpoint.url, name="ran", at=daily(due))
    schedule(endpoint.url, name="paused", at=daily(due))
    schedule(endpoint.url, name="moved", at=NEVER)
    sweep(postgres)
    postgres.execute("UPDATE public.cron_watched_jobs SET since = now() - interval '3 hours'")
    run(postgres, ran.replace("nightly", "ran"))
    postgres.execute("SELECT cron.alter_job(jobid, active := false) FROM cron.job WHERE jobname = 'paused'")
    postgres.execute(
        f"SELECT cron.alter_job(jobid, schedule := '{daily(due)}') FROM cron.job WHERE jobname = 'moved'".encode()
    )
    sweep(postgres, "ran", "paused", "moved")
    postgres.execute("SELECT cron.alter_job(jobid, active := true) FROM cron.job WHERE jobname = 'paused'")
    sweep(postgres, "ran", "paused", "moved")
    assert runs(postgres, "job, source") == [("ran", "schedule")]


def test_one_that_cannot_be_made_up_for_is_told(postgres: Connection, schedule: Schedule) -> None:
    schedule("{unknown}/x", name="caught", at=daily(datetime.now(UTC) - timedelta(minutes=10)))
    sweep(postgres)
    postgres.execute("UPDATE public.cron_watched_jobs SET since = now() - interval '3 hours'")
    sweep(postgres, "caught")
    ((state, source, detail),) = runs(postgres, "state, source, detail")
    assert (state, source) == ("failed", "catch_up")
    assert "unknown" in detail


def test_pg_cron_and_its_sweep_do_all_of_it(
    provide: Provide, postgres: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    told = {"/retried": answers(503, 200)}
    endpoint.answer = lambda asked: told.get(asked.path, answers(200))(asked)
    schedule(endpoint.url + "/retried", "retried", "* * * * *", retry=TWICE, idempotency="Idempotency-Key")
    schedule(endpoint.url + "/winter", "winter", "* * * * *", active_between={"from": "2020-01-01", "to": "2020-12-31"})
    schedule(endpoint.url + "/caught", "caught", daily(datetime.now(UTC) - timedelta(minutes=30)))
    sweep(postgres)
    postgres.execute("UPDATE public.cron_watched_jobs SET since = now() - interval '3 hours' WHERE job = 'caught'")
    every_step_is_due(postgres)  # the sweep did not run in these hours, either
    for each in (
        runs_sweep_job("public", STACK, RETENTION),
        catch_up_job("public", STACK, [("caught", None, None)]),
    ):
        provide(CronJobProvider).create(each.properties())

    def first(job: str) -> tuple[Any, ...] | None:
        query = "SELECT state, attempt, source FROM public.cron_runs WHERE job = %s ORDER BY run LIMIT 1"
        return postgres.execute(query, [job]).fetchone()

    expected = {
        "retried": ("ok", 2, "schedule"),
        "winter": ("skipped", 1, "schedule"),
        "caught": ("ok", 1, "catch_up"),
    }
    deadline = time.monotonic() + 200
    while {job: first(job) for job in expected} != expected:
        assert time.monotonic() < deadline, {job: first(job) for job in expected}
        time.sleep(0.5)
        postgres.execute("SELECT public.settle_cron_runs()")
    paths = [asked.path for asked in endpoint.asked]
    assert paths.count("/caught") == 1
    assert "/winter" not in paths
    tries = [asked.headers["Idempotency-Key"] for asked in endpoint.asked if asked.path == "/retried"]
    assert tries.count(tries[0]) == 2


def test_pg_cron_skips_a_job_whose_call_takes_longer_than_its_period(
    postgres: Connection, endpoint: Endpoint, schedule: Schedule
) -> None:
    endpoint.answer = lambda _: Answer(delay=62)
    schedule(endpoint.url, "slow", "* * * * *", overlap="skip", timeout=90)
    deadline = time.monotonic() + 140
    while [row[0] for row in runs(postgres)][:2] != ["ok", "skipped"]:
        assert time.monotonic() < deadline, runs(postgres)
        time.sleep(0.5)
        postgres.execute("SELECT public.settle_cron_runs()")
