"""Everything that a report tells about a stack's jobs, gathered from its database in a few bounded queries.

What may quote a secret stays behind: no command, no answer's body, and of a message the first line alone, without what
looks like a key.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import NamedTuple

from psycopg import sql

from components.database.connection import Database
from components.database.transaction import Row
from components.objects.secret_store import SECRETS, VAULT_TRIGGER
from components.objects.stack_mark import is_own_job
from components.report.failure_kinds import MOST_KINDS, Failures, failures
from components.report.run_pieces import Strip, Window, strips, window
from components.runs.health import Health, all_problems, health
from components.runs.history import JobStatus, job_status
from components.runs.ledger_reading import read_ledger
from components.runs.states import BAD
from components.schedule.grammar import upcoming_runs
from components.schedule.timetable import Collision, Plan, collisions, day_plan, day_start
from components.security.lock_down import LockDown, lock_down
from components.sql import load_sql
from components.values.choices import StoreKind

BOUNDS = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""Milliseconds at which the bars of a latency histogram meet; the first begins at 0, the last has no end."""


class Situation(NamedTuple):
    """Who asked what, at ``now`` by the server's clock; versions are None where the extension is missing."""

    now: datetime
    role: str
    database: str
    server: str
    pg_cron: str | None
    pg_net: str | None
    in_vault: bool

    @property
    def store(self) -> StoreKind:
        """Where the store keeps its values."""
        return "vault" if self.in_vault else "table"


class JobReport(NamedTuple):
    """A job that is scheduled, without its command; ``plan`` is what its schedule does today."""

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
    """Milliseconds of the runs whose time is known, ``known`` of ``runs``; None where it is of none.

    ``histogram`` has a count for each stretch between BOUNDS. ``bounds`` are what median, 95 of 100 and all of them do
    not exceed, with the runs of which no more is known than when their answer was seen.
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
    """All of it; ``stack`` is ``project/stack``, or None where the environment alone named the database."""

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


def gather(database: Database, schema: str, *, stack: str | None, rotators: Iterable[str] | None, days: int) -> Report:
    """Read a report on the last ``days``, of the jobs of a stack (``project/name``) or of all that are marked.

    ``rotators`` are the roles that a stack lets rotate; None where no stack says so. Raises NoLedger or another Error.
    """
    statuses = job_status(database, schema)  # says first where there is no ledger
    condition = health(database, schema)
    situation = read_situation(database, schema)
    span = window(situation.now, days)
    day = day_start(situation.now)
    jobs = tuple(_job(each, situation.now, day, condition.zone) for each in statuses)
    shown = tuple(each for each in jobs if not is_own_job(each.job))
    return Report(
        stack=stack,
        schema=schema,
        situation=situation,
        window=span,
        day=day,
        jobs=shown,
        collisions=tuple(collisions({each.job: each.schedule for each in shown if each.active}, day, condition.zone)),
        strips=_strips(read_ledger(database, schema, _of_window("runs", schema, span)), shown),
        latencies=tuple(
            _latency(row)
            for row in read_ledger(database, schema, _of_window("latency", schema, span))
            if not is_own_job(row["job"])
        ),
        failures=failures(read_ledger(database, schema, _of_window("failures", schema, span))),
        lock_down=lock_down(database, schema, situation.store, rotators),
        health=condition,
        problems=tuple(all_problems(condition, statuses)),
    )


def read_situation(database: Database, schema: str) -> Situation:
    """Who asks what. Raises an Error."""
    query = load_sql("report_situation").format(
        secrets=sql.Literal(sql.Identifier(schema, SECRETS).as_string()), vault_trigger=sql.Literal(VAULT_TRIGGER)
    )
    (row,) = database.read(query)
    return Situation(**row)


def _of_window(name: str, schema: str, span: Window) -> sql.Composed:
    """A query of the report; each file takes what it names of these."""
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
    """How many runs took so long; the last stretch has no end."""
    part = sql.SQL("count(*) FILTER (WHERE r.milliseconds >= {}").format(sql.Literal(low))
    return part + (sql.SQL(")") if high is None else sql.SQL(" AND r.milliseconds < {})").format(sql.Literal(high)))


def _job(status: JobStatus, now: datetime, day: datetime, zone: tzinfo) -> JobReport:
    fields = status._asdict()
    shared = {name: fields[name] for name in JobReport._fields if name in fields}
    runs = upcoming_runs(status.schedule, active=status.active, after=now, count=1, tz=zone)
    return JobReport(**shared, next_run=next(iter(runs), None), plan=day_plan(status.schedule, day, zone))


def _strips(rows: Sequence[Row], jobs: Sequence[JobReport]) -> tuple[Strip, ...]:
    """One for each scheduled job, also without runs, then those of the ledger that are scheduled no more."""
    found = {strip.job: strip for strip in strips(rows)}
    scheduled = [found.pop(each.job, Strip(each.job, (), {})) for each in jobs]
    left = [each for each in found.values() if not is_own_job(each.job) or set(each.counts) & set(BAD)]
    return (*scheduled, *left)


def _latency(row: Row) -> Latency:
    least, median, p95, most = row["quantiles"] or (None,) * 4
    bounds = tuple(row["bounds"]) if row["bounds"] else None
    return Latency(row["job"], row["runs"], row["known"], least, median, p95, most, tuple(row["histogram"]), bounds)
