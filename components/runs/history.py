"""Reads runs and jobs from the ledger: the history, one run by its number, and the status of each job."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import NamedTuple

from psycopg import sql

from components.database.connection import Database
from components.database.transaction import Row
from components.objects.stack_mark import OWN_JOBS_PATTERN
from components.objects.table_names import HISTORY, RUNS
from components.runs.cause_rule import Explanation
from components.runs.explanation import explain
from components.runs.ledger_reading import read_ledger, read_ledger_together
from components.runs.states import BAD
from components.schedule.grammar import ScheduleError, parse_schedule
from components.sql import load_sql

STREAK = 20
"""The longest streak that is counted, in runs."""


class Run(NamedTuple):
    """A row of the history. ``run`` is the number in the ledger, None until the sweep records the run of an SQL job.

    ``runid`` is pg_cron's number. ``secrets`` maps the key of each secret in the request to its value's version.
    ``milliseconds_at_most`` is set where ``milliseconds`` is unknown: the time from pg_net's request until the answer
    was seen.
    """

    job: str
    run: int | None
    runid: int | None
    state: str
    fired_at: datetime
    settled_at: datetime | None
    milliseconds: int | None
    status_code: int | None
    detail: str | None
    response: str | None
    source: str
    attempt: int
    retry_at: datetime | None
    earlier: list[str] | None
    due_at: datetime | None = None
    secrets: dict[str, int] | None = None
    milliseconds_at_most: int | None = None

    @property
    def took(self) -> str:
        """The milliseconds as text: ``940``, ``≤ 2040`` for an upper bound, or an empty string."""
        if self.milliseconds is not None:
            return str(self.milliseconds)
        return "" if self.milliseconds_at_most is None else f"≤ {self.milliseconds_at_most}"

    @property
    def summary(self) -> str:
        """The detail, after the run's source and attempt where they are not a first attempt on schedule."""
        made = {"manual": "by hand", "catch_up": "made up for", "first_run": "first run"}.get(self.source)
        if made and self.due_at:
            made += f" {self.due_at.astimezone(UTC):%Y-%m-%d %H:%M}"
        tried = f"attempt {self.attempt}" if self.attempt > 1 else None
        return ": ".join(filter(None, [", ".join(filter(None, [made, tried])), self.detail]))

    @property
    def explanation(self) -> Explanation | None:
        """The likely cause of a failure and the next step; None for a run without a failure or a known cause."""
        return explain(self.state, self.status_code, self.detail, self.response)


STANDINGS = {
    "missing": "is gone from cron.job: somebody unscheduled it; pulumi up makes it again",
    "overwritten": "was overwritten: the job of that name is not this stack's; unschedule it and run pulumi up",
    "paused": "is paused, though it is declared active; cronctl resume lets it run, or set active: false in jobs.yaml",
    "resumed": "is active, though it is declared paused; cronctl pause stops it, or set active: true in jobs.yaml",
    "changed": "has another schedule, command or database than was declared; cronctl verify tells which, and pulumi up "
    "mends it",
}
"""A sentence's end for each standing that differs from the declaration (sql/ledger/cron_job_standings.sql)."""


class JobStatus(NamedTuple):
    """A job with its last run. ``streak`` counts the newest runs that all succeeded or all failed.

    ``standing`` compares the job with its declaration. ``jobid`` is None for a job that is missing in cron.job.
    """

    job: str
    jobid: int | None
    schedule: str
    active: bool
    standing: str
    last_run: int | None
    state: str | None
    fired_at: datetime | None
    milliseconds: int | None
    status_code: int | None
    detail: str | None
    response: str | None
    source: str | None
    streak: int
    in_flight: int

    @property
    def lag(self) -> float | None:
        """Seconds from the minute in which the last run was due until its start.

        None unless the job's schedule started it, at a full minute.
        """
        if self.fired_at is None or self.source != "schedule" or not _is_of_minutes(self.schedule):
            return None
        return self.fired_at.second + self.fired_at.microsecond / 1e6

    @property
    def problem(self) -> str | None:
        """A sentence on a job that differs from its declaration; None for a job as declared."""
        wrong = STANDINGS.get(self.standing)
        return f"job {self.job!r} {wrong}" if wrong else None

    @property
    def explanation(self) -> Explanation | None:
        """The likely cause of the last run's failure and the next step; None without a failure or a known cause."""
        return explain(self.state or "", self.status_code, self.detail, self.response)


def history(
    database: Database,
    schema: str,
    *,
    job: str | None = None,
    states: Iterable[str] | None = None,
    secret: str | None = None,
    limit: int = 20,
) -> list[Run]:
    """Return at most ``limit`` runs, the newest first, filtered by job, states and the key of a secret where given.

    Raises NoLedger, RowsHidden or another Error.
    """
    query = history_query(schema, job=job, states=states, secret=secret, limit=limit)
    return _newest(read_ledger(database, schema, query), limit)


def history_query(
    schema: str, *, job: str | None, states: Iterable[str] | None, secret: str | None, limit: int
) -> sql.Composable:
    """Return the query of history, to be read together with others."""
    conditions: list[sql.Composable] = [sql.SQL("true")]
    if job is not None:
        conditions.append(sql.SQL("job = {}").format(sql.Literal(job)))
    if states is not None:
        conditions.append(sql.SQL("state = ANY ({})").format(sql.Literal(list(states))))
    if secret is not None:
        conditions.append(sql.SQL("secrets ? {}").format(sql.Literal(secret)))
    newest = sql.SQL("run" if job is None else "fired_at")  # each has its index: sql/ledger/ledger_tables.sql
    return _runs_query(schema, sql.SQL(" AND ").join(conditions), newest, limit)


def find_run(database: Database, schema: str, run: int) -> Run | None:
    """Return the run with a number, or None where the ledger has none.

    Raises NoLedger, RowsHidden or another Error.
    """
    query = _runs_query(schema, sql.SQL("run = {}").format(sql.Literal(run)), sql.SQL("run"), 1)
    return next(iter(_newest(read_ledger(database, schema, query), 1)), None)


def _runs_query(schema: str, condition: sql.Composable, newest: sql.Composable, limit: int) -> sql.Composable:
    """Query table and history separately: no index gives the order over both."""
    return sql.SQL(
        "(SELECT {columns} FROM {runs} WHERE {condition} ORDER BY {newest} DESC LIMIT {limit}) "
        "UNION ALL (SELECT {columns} FROM {history} WHERE run IS NULL AND fired_at IS NOT NULL AND {condition})"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, Run._fields)),
        runs=sql.Identifier(schema, RUNS),
        history=sql.Identifier(schema, HISTORY),
        condition=condition,
        newest=newest,
        limit=sql.Literal(limit),
    )


def _newest(rows: Iterable[Row], limit: int) -> list[Run]:
    runs = [Run(**row) for row in rows]
    return sorted(runs, key=lambda run: run.fired_at, reverse=True)[:limit]


def job_status(database: Database, schema: str) -> list[JobStatus]:
    """Return the status of each job of the ledger's stack, the project's own jobs and missing jobs among them.

    Raises NoLedger, RowsHidden or another Error.
    """
    return job_statuses(read_ledger(database, schema, job_status_query(schema)))


def history_and_status(
    database: Database, schema: str, *, job: str | None, states: Iterable[str], limit: int
) -> tuple[list[Run], list[JobStatus]]:
    """Read history and job_status together, in one round trip. Raises NoLedger, RowsHidden or another Error."""
    query = history_query(schema, job=job, states=states, secret=None, limit=limit)
    runs, jobs = read_ledger_together(database, schema, [query, job_status_query(schema)])
    return _newest(runs, limit), job_statuses(jobs)


def job_status_query(schema: str) -> sql.Composed:
    """Return the query of job_status, to be read together with others."""
    return load_sql("job_status").format(
        schema=sql.Identifier(schema), streak=sql.Literal(STREAK), own_jobs=sql.Literal(OWN_JOBS_PATTERN)
    )


def job_statuses(rows: Iterable[Row]) -> list[JobStatus]:
    """Return a JobStatus for each row of job_status_query."""
    return [_status(row) for row in rows]


def _is_of_minutes(schedule: str) -> bool:
    """Whether a schedule is due at full minutes, not every few seconds, at the server's start, or unreadable."""
    try:
        return parse_schedule(schedule).times is not None
    except ScheduleError:
        return False


def _status(row: Row) -> JobStatus:
    fields = {name: row[name] for name in JobStatus._fields if name != "streak"}
    return JobStatus(**fields, streak=_streak(row["verdicts"]))


def _streak(verdicts: Sequence[str]) -> int:
    alike = takewhile(lambda verdict: (verdict in BAD) == (verdicts[0] in BAD), verdicts)
    return sum(1 for _ in alike)
