"""What came of runs, read from the ledger: the history, one run, and how each job stands."""

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
"""How many verdicts a streak is counted over at most."""


class Run(NamedTuple):
    """A run of the history; ``run`` is None until the sweep has put a run of a SQL job down.

    ``secrets`` has the version of each value that it was sent with, by key. Where nothing tells how long the answer
    took, ``milliseconds_at_most`` is a bound: so long after pg_net began to send was it seen.
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
        """Its milliseconds as text: ``940``, ``≤ 2040`` where a bound is all that is known, or nothing."""
        if self.milliseconds is not None:
            return str(self.milliseconds)
        return "" if self.milliseconds_at_most is None else f"≤ {self.milliseconds_at_most}"

    @property
    def told(self) -> str:
        """What came back, with whatever is out of the ordinary about how the run was made."""
        made = {"manual": "by hand", "catch_up": "made up for", "first_run": "first run"}.get(self.source)
        if made and self.due_at:
            made += f" {self.due_at.astimezone(UTC):%Y-%m-%d %H:%M}"
        tried = f"attempt {self.attempt}" if self.attempt > 1 else None
        return ": ".join(filter(None, [", ".join(filter(None, [made, tried])), self.detail]))

    @property
    def explanation(self) -> Explanation | None:
        """The likely cause and the next step, where the run came to nothing."""
        return explain(self.state, self.status_code, self.detail, self.response)


STANDINGS = {
    "missing": "is gone from cron.job: somebody unscheduled it; pulumi up makes it again",
    "overwritten": "was overwritten: the job of that name is not this stack's; unschedule it and run pulumi up",
    "paused": "is paused, though it is declared active; cronctl resume lets it run, or set active: false in jobs.yaml",
    "resumed": "is active, though it is declared paused; cronctl pause stops it, or set active: true in jobs.yaml",
    "changed": "has another schedule, command or database than was declared; cronctl verify tells which, and pulumi up "
    "mends it",
}
"""What is wrong with a job that is not as it was declared, by its standing (sql/ledger/cron_job_standings.sql)."""


class JobStatus(NamedTuple):
    """How a job stands; ``streak`` counts its newest runs that all did, or all did not, do their work.

    ``standing`` says whether it is as it was declared; ``jobid`` is None where it is missing.
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
        """Seconds between the minute in which pg_cron was to start the last run and its start; None of others."""
        if self.fired_at is None or self.source != "schedule" or not _is_of_minutes(self.schedule):
            return None
        return self.fired_at.second + self.fired_at.microsecond / 1e6

    @property
    def problem(self) -> str | None:
        """A sentence where the job is not as it was declared, whatever its runs say."""
        wrong = STANDINGS.get(self.standing)
        return f"job {self.job!r} {wrong}" if wrong else None

    @property
    def explanation(self) -> Explanation | None:
        """The likely cause and the next step, where the last run came to nothing."""
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
    """The newest runs first: of a job, in certain states and sent with a certain secret where they are given.

    Raises NoLedger or another Error.
    """
    query = _history_query(schema, job=job, states=states, secret=secret, limit=limit)
    return _newest(read_ledger(database, schema, query), limit)


def _history_query(
    schema: str, *, job: str | None, states: Iterable[str] | None, secret: str | None, limit: int
) -> sql.Composable:
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
    """A run by its number, or None.

    Raises NoLedger or another Error.
    """
    query = _runs_query(schema, sql.SQL("run = {}").format(sql.Literal(run)), sql.SQL("run"), 1)
    return next(iter(_newest(read_ledger(database, schema, query), 1)), None)


def _runs_query(schema: str, condition: sql.Composable, newest: sql.Composable, limit: int) -> sql.Composable:
    """Asked in two parts, since over both at once no index of the ledger would give the order."""
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
    """How each job of the ledger's stack stands, its own ones and those that should be there among them.

    Raises NoLedger or another Error.
    """
    return job_statuses(read_ledger(database, schema, job_status_query(schema)))


def history_and_status(
    database: Database, schema: str, *, job: str | None, states: Iterable[str], limit: int
) -> tuple[list[Run], list[JobStatus]]:
    """The newest runs of a job in certain states, and how each job stands, in one round trip. Raises the same."""
    query = _history_query(schema, job=job, states=states, secret=None, limit=limit)
    runs, jobs = read_ledger_together(database, schema, [query, job_status_query(schema)])
    return _newest(runs, limit), job_statuses(jobs)


def job_status_query(schema: str) -> sql.Composable:
    """The query whose rows :func:`job_statuses` reads."""
    return load_sql("job_status").format(
        schema=sql.Identifier(schema), streak=sql.Literal(STREAK), own_jobs=sql.Literal(OWN_JOBS_PATTERN)
    )


def job_statuses(rows: Iterable[Row]) -> list[JobStatus]:
    """How each job stands."""
    return [_status(row) for row in rows]


def _is_of_minutes(schedule: str) -> bool:
    """Whether it is due at full minutes; others are due in seconds, at the server's start, or nobody knows when."""
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
