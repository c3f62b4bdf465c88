"""Reads the data of a report on a stack's jobs from its database, in a few bounded queries.

The report has no text that may quote a secret: no command, no answer's body, and only the first line of a message,
unless the line looks like it holds a key.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import NamedTuple

from psycopg import sql

from components.database.connection import Database
from components.database.transaction import Row
from components.errors import StatementFailed
from components.objects.secret_store import SECRETS, VAULT_TRIGGER
from components.objects.stack_mark import is_own_job
from components.report.failure_kinds import MOST_KINDS, Failures, failures
from components.report.run_pieces import Strip, Window, strips, window
from components.runs.foreign_jobs import ForeignJob, foreign_jobs, foreign_jobs_query
from components.runs.health import Health, all_problems, health_and_jobs
from components.runs.history import JobStatus
from components.runs.ledger_reading import ledger_script, read_ledger_together
from components.runs.states import BAD
from components.schedule.grammar import upcoming_runs
from components.schedule.timetable import Collision, Plan, collisions, day_plan, day_start
from components.security.doctor import catalogs_script, first_scripts
from components.security.lock_down import LockDown, lock_down
from components.sql import load_sql
from components.values.choices import StoreKind

BOUNDS = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""The bounds between the bars of a latency histogram, in milliseconds; the first begins at 0, the last has no end."""


class Situation(NamedTuple):
    """The login, the server and the time ``now`` by its clock; a version is None where the extension is missing."""

    now: datetime
    role: str
    database: str
    server: str
    pg_cron: str | None
    pg_net: str | None
    in_vault: bool

    @property
    def store(self) -> StoreKind:
        """The kind of the store: where it keeps its values."""
        return "vault" if self.in_vault else "table"


class JobReport(NamedTuple):
    """A scheduled job without its command; ``plan`` holds its runs of today."""

    job: str
    schedule: str
    active: bool
    next_run: datetime | None
    state: str | None
    status_code: int | None
    fired_at: datetime | None
    streak: int
    in_flight: int
    plan: Plan


class Latency(NamedTuple):
    """How long a job's runs took: quantiles in milliseconds over the ``known`` of all ``runs``, None without any.

    ``histogram`` has a count for each interval between BOUNDS. ``bounds`` are upper bounds of median, 95th percentile
    and maximum that include runs of which only an upper bound is known.
    """

    job: str
    runs: int
    known: int
    least: int | None
    median: int | None
    p95: int | None
    most: int | None
    histogram: tuple[int, ...]
    bounds: tuple[int, int, int] | None


class Report(NamedTuple):
    """The data of a report; ``stack`` is ``project/stack``, or None where only the environment named the database."""

    stack: str | None
    schema: str
    situation: Situation
    window: Window
    day: datetime
    jobs: tuple[JobReport, ...]
    collisions: tuple[Collision, ...]
    strips: tuple[Strip, ...]
    latencies: tuple[Latency, ...]
    failures: Failures
    lock_down: LockDown
    health: Health
    problems: tuple[str, ...]
    foreign_jobs: tuple[ForeignJob, ...]


def gather(database: Database, schema: str, *, stack: str | None, rotators: Iterable[str] | None, days: int) -> Report:
    """Read the report on the jobs of the ledger in ``schema`` and their runs of the last ``days``, in two round trips.

    ``stack`` (``project/name``) is a label. ``rotators`` are the roles that may rotate, None where they are unknown.
    Raises NoLedger, RowsHidden or another Error.
    """
    with database.reading_ahead([_situation_query(schema)], *first_scripts(schema), [foreign_jobs_query()]):
        condition, statuses = health_and_jobs(database, schema)
        foreign, _ = foreign_jobs(database, {status.jobid for status in statuses})
        problems = tuple(all_problems(condition, statuses))
        situation = read_situation(database, schema)
        catalogs = _catalogs(database, schema)
    span = window(situation.now, days)
    day = day_start(situation.now)
    of_window = [_of_window(name, schema, span) for name in ("runs", "latency", "failures")]
    with database.reading_ahead(ledger_script(schema, of_window), catalogs):
        runs, latencies, failed = read_ledger_together(database, schema, of_window)
        locked = lock_down(database, schema, situation.store, rotators, problems)
    jobs = tuple(_job(status, situation.now, day, condition.zone) for status in statuses if not is_own_job(status.job))
    return Report(
        stack=stack,
        schema=schema,
        situation=situation,
        window=span,
        day=day,
        jobs=jobs,
        collisions=tuple(collisions({job.job: job.schedule for job in jobs if job.active}, day, condition.zone)),
        strips=_strips(runs, jobs),
        latencies=tuple(_latency(row) for row in latencies if not is_own_job(row["job"])),
        failures=failures(failed),
        lock_down=locked,
        health=condition,
        problems=problems,
        foreign_jobs=tuple(foreign),
    )


def read_situation(database: Database, schema: str) -> Situation:
    """Read login, server and time. Raises an Error."""
    (row,) = database.read(_situation_query(schema))
    return Situation(**row)


def _situation_query(schema: str) -> sql.Composed:
    return load_sql("report_situation").format(
        secrets=sql.Literal(sql.Identifier(schema, SECRETS).as_string()), vault_trigger=sql.Literal(VAULT_TRIGGER)
    )


def _catalogs(database: Database, schema: str) -> list[sql.Composable]:
    """Return what the doctor's look at the catalogs sends; nothing where it is refused, which lock_down tells."""
    with suppress(StatementFailed):
        return catalogs_script(database, schema)
    return []


def _of_window(name: str, schema: str, span: Window) -> sql.Composed:
    """Return the query sql/report/report_<name>.sql with the placeholders that it names."""
    edges = [0, *BOUNDS, None]
    return load_sql(f"report_{name}").format(
        schema=sql.Identifier(schema),
        since=sql.Literal(span.since),
        until=sql.Literal(span.until),
        step=sql.Literal(span.step),
        counts=sql.SQL(", ").join(_count(low, high) for low, high in pairwise(edges)),
        limit=sql.Literal(MOST_KINDS),
    )


def _count(low: int | None, high: int | None) -> sql.Composable:
    """Count the runs that took from ``low`` to below ``high`` milliseconds; without ``high``, those from ``low`` on."""
    part = sql.SQL("count(*) FILTER (WHERE r.milliseconds >= {}").format(sql.Literal(low))
    return part + (sql.SQL(")") if high is None else sql.SQL(" AND r.milliseconds < {})").format(sql.Literal(high)))


def _job(status: JobStatus, now: datetime, day: datetime, zone: tzinfo) -> JobReport:
    fields = status._asdict()
    shared = {name: fields[name] for name in JobReport._fields if name in fields}
    runs = upcoming_runs(status.schedule, active=status.active, after=now, count=1, tz=zone)
    return JobReport(**shared, next_run=next(iter(runs), None), plan=day_plan(status.schedule, day, zone))


def _strips(rows: Sequence[Row], jobs: Sequence[JobReport]) -> tuple[Strip, ...]:
    """Return a strip for each scheduled job, then those of other jobs: no longer scheduled, or own ones that failed."""
    by_job = {strip.job: strip for strip in strips(rows)}
    scheduled = [by_job.pop(job.job, Strip(job.job, (), {})) for job in jobs]
    others = [strip for strip in by_job.values() if not is_own_job(strip.job) or set(strip.counts) & set(BAD)]
    return (*scheduled, *others)


def _latency(row: Row) -> Latency:
    least, median, p95, most = row["quantiles"] or (None,) * 4
    bounds = tuple(row["bounds"]) if row["bounds"] else None
    return Latency(row["job"], row["runs"], row["known"], least, median, p95, most, tuple(row["histogram"]), bounds)
