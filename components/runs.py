"""What came of runs, read from the ledger: the history, one run, and how each job stands."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from itertools import takewhile
from typing import NamedTuple

from psycopg import sql

from components.connection import Database, Row
from components.errors import Error, StatementFailed
from components.explanation import Explanation, explain
from components.owner import owner_of
from components.run_ledger import HISTORY, RUNS
from components.schedule import ScheduleError, parse_schedule
from components.sql import load_sql
from components.zone import zone_of

OPEN = ("queued", "sent", "retrying")
BAD = ("failed", "timed_out", "lost", "exhausted")
STATES = (*OPEN, "ok", *BAD, "skipped")
"""Every state of a run: on its way, done, or come to nothing."""

STREAK = 20
"""How many verdicts a streak is counted over at most."""

SILENCE = 150
"""Seconds without any run after which the scheduler counts as dead: the sweep is due every 60."""

BACKLOG = 200
"""Seconds after which a request should have been answered or given up: the longest timeout and a round of pg_net."""

NO_LEDGER = ("42P01", "3F000")


class NoLedger(Error):
    """There is no run ledger where one was looked for."""


class Run(NamedTuple):
    """A run of the history; ``run`` is None until the sweep has put a run of a SQL job down."""

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


class JobStatus(NamedTuple):
    """How a job stands; ``streak`` counts its newest runs that all did, or all did not, do their work."""

    job: str
    jobid: int
    schedule: str
    active: bool
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
    def explanation(self) -> Explanation | None:
        """The likely cause and the next step, where the last run came to nothing."""
        return explain(self.state or "", self.status_code, self.detail, self.response)


class Health(NamedTuple):
    """What all jobs depend on; ``timezone`` is the one that schedules are read in, where the server tells.

    ``scheduler`` is the time since pg_cron last started a run, ``oldest`` the age of the oldest request that is on its
    way, both in seconds. ``accounts`` says whether pg_cron keeps account of its runs.
    """

    scheduler: float | None
    queue: int
    oldest: float | None
    ledger_bytes: int
    details_bytes: int
    timezone: str | None
    accounts: bool

    @property
    def zone(self) -> tzinfo:
        """The one of pg_cron, which reads schedules in GMT unless its cron.timezone says otherwise."""
        return zone_of(self.timezone) or UTC

    def problems(self) -> list[str]:
        """What is wrong, a sentence each."""
        found = []
        if not self.accounts:
            found.append(
                "pg_cron keeps no account of its runs (cron.log_run is off), so whether its scheduler is alive and "
                "what came of SQL jobs cannot be told; set it to on"
            )
        elif self.scheduler is None:
            found.append(
                "pg_cron has not run anything yet; if that stays so for two minutes, its scheduler is not alive"
            )
        elif self.scheduler > SILENCE:
            found.append(
                f"pg_cron last started a run {round(self.scheduler)} s ago, though the sweep is due every minute: its "
                "scheduler is not alive or kept from running; see cronctl doctor for jobs of roles that are gone"
            )
        if self.oldest is not None and self.oldest > BACKLOG:
            found.append(
                f"a request waits for {round(self.oldest)} s with {self.queue} in pg_net's queue: its worker is not "
                "alive or far behind; SELECT net.worker_restart() restarts it"
            )
        return found


def history(
    database: Database, schema: str, *, job: str | None = None, states: Iterable[str] | None = None, limit: int = 20
) -> list[Run]:
    """The newest runs first, of a job and in certain states where they are given.

    Raises NoLedger or another Error.
    """
    conditions: list[sql.Composable] = [sql.SQL("true")]
    if job is not None:
        conditions.append(sql.SQL("job = {}").format(sql.Literal(job)))
    if states is not None:
        conditions.append(sql.SQL("state = ANY ({})").format(sql.Literal(list(states))))
    newest = sql.SQL("run" if job is None else "fired_at")  # each has its index: sql/ledger_tables.sql
    return _runs(database, schema, sql.SQL(" AND ").join(conditions), newest, limit)


def find_run(database: Database, schema: str, run: int) -> Run | None:
    """A run by its number, or None.

    Raises NoLedger or another Error.
    """
    found = _runs(database, schema, sql.SQL("run = {}").format(sql.Literal(run)), sql.SQL("run"), 1)
    return found[0] if found else None


def _runs(database: Database, schema: str, condition: sql.Composable, newest: sql.Composable, limit: int) -> list[Run]:
    """Asked in two parts, since over both at once no index of the ledger would give the order."""
    query = sql.SQL(
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
    runs = [Run(**row) for row in read_ledger(database, schema, query)]
    return sorted(runs, key=lambda run: run.fired_at, reverse=True)[:limit]


def job_status(database: Database, schema: str, owner: str | None = None) -> list[JobStatus]:
    """How each job stands that carries a stack's mark, or ``owner``'s (``project/stack``).

    Raises NoLedger or another Error.
    """
    query = load_sql("job_status").format(schema=sql.Identifier(schema), streak=sql.Literal(STREAK))
    rows = read_ledger(database, schema, query)
    marked = [(row, owner_of(row["command"], row["job"])) for row in rows]
    return [_status(row) for row, stack in marked if stack is not None and owner in (None, stack)]


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


def health(database: Database, schema: str) -> Health:
    """Whether scheduler and worker are alive, and how large what they leave behind has grown.

    Raises NoLedger or another Error.
    """
    query = load_sql("job_health").format(
        schema=sql.Identifier(schema), runs=sql.Literal(sql.Identifier(schema, RUNS).as_string())
    )
    (row,) = read_ledger(database, schema, query)
    return Health(**row)


def read_ledger(database: Database, schema: str, query: sql.Composable) -> Sequence[Row]:
    """The rows of a query on the ledger. Raises NoLedger where there is none, or another Error."""
    try:
        return database.read(query)
    except StatementFailed as exc:
        if exc.sqlstate in NO_LEDGER:
            raise NoLedger(
                f"schema {schema!r} has no run ledger; run pulumi up, or name the schema that has it with --schema"
            ) from exc
        raise
