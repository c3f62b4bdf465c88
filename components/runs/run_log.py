"""The ledger as a log: the newest runs, then each run whenever its state changes. It reads and never writes.

Every question is bounded by the ledger's indexes, however many rows it has: the newest numbers, those that were seen on
their way, and what pg_cron tells of runs that the sweep has not put down yet.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import LiteralString, NamedTuple

from psycopg import sql

from components.database.connection import Database
from components.objects.table_names import HISTORY, RUNS
from components.runs.history import Run, history
from components.runs.states import OPEN

OVERLAP = 1000
"""How many of the newest numbers are looked at again each time: one is drawn some time before its row can be seen."""

BATCH = 1000
"""How many new runs are read at once; after a pause there may be more."""

REMEMBERED = 2000
"""How many runs without a number are remembered: twice those that the history shows."""

IN_FLIGHT = ("queued", "sent")
"""States of runs whose answer may be there already; one that is retrying waits for its time."""


class Standing(NamedTuple):
    """What of a run is news when it changes."""

    state: str
    attempt: int


class RunLog:
    """The runs of a ledger that were returned, and those that are news; of one job where it is given."""

    def __init__(self, database: Database, schema: str, job: str | None = None) -> None:
        self._database = database
        self._schema = schema
        self._job = job
        self._floor = 0
        self._numbered: dict[int, Standing] = {}
        self._unnumbered: dict[int, Standing] = {}

    @property
    def awaits(self) -> bool:
        """Whether a run may have been answered without a verdict yet."""
        return any(each.state in IN_FLIGHT for each in (*self._numbered.values(), *self._unnumbered.values()))

    def begin(self, limit: int) -> list[Run]:
        """The newest runs, oldest first; what is older than those is no news any more.

        Raises NoLedger or another Error.
        """
        history(self._database, self._schema, limit=0)  # says where there is no ledger
        (row,) = self._database.read(self._format("SELECT coalesce(max(run), 0) AS newest FROM {runs}"))
        self._floor = row["newest"] - OVERLAP
        seen = self._format(
            "SELECT run, runid, state, attempt FROM {runs} WHERE {of_job} AND run > {floor} "
            "UNION ALL SELECT run, runid, state, attempt FROM {history} WHERE {of_job} AND run IS NULL",
            floor=sql.Literal(self._floor),
        )
        for row in self._database.read(seen):
            self._is_news(row["run"], row["runid"], Standing(row["state"], row["attempt"]))
        runs = history(self._database, self._schema, job=self._job, limit=limit)
        for run in runs:
            self._is_news(run.run, run.runid, Standing(run.state, run.attempt))
        return runs[::-1]

    def changes(self) -> list[Run]:
        """The runs that began, and those whose state or attempt is another than when they were returned, oldest first.

        Raises ConnectionFailed, after which it may be called again, or another Error.
        """
        found: list[Run] = []
        full = True
        while full:
            runs, newest = self._read()
            new = [run.run for run in runs if run.run is not None and run.run not in self._numbered]
            full = len(new) >= BATCH
            found += [run for run in runs if self._is_news(run.run, run.runid, Standing(run.state, run.attempt))]
            self._forget((max(new) if full else newest) - OVERLAP)
        return sorted(found, key=_order)

    def _read(self) -> tuple[list[Run], int]:
        """What may be news, and the newest number, both of one moment."""
        awaited = [run for run, each in self._numbered.items() if each.state in OPEN]
        query = self._format(
            "SELECT n.newest, r.* FROM (SELECT coalesce(max(run), 0) AS newest FROM {runs}) AS n LEFT JOIN ("
            "(SELECT {columns} FROM {runs} WHERE {of_job} AND run > {floor} AND NOT run = ANY ({known}) "
            "ORDER BY run LIMIT {batch}) "
            "UNION ALL (SELECT {columns} FROM {runs} WHERE run = ANY ({awaited})) "
            "UNION ALL (SELECT {columns} FROM {history} WHERE {of_job} AND run IS NULL AND fired_at IS NOT NULL)"
            ") AS r ON true",
            columns=sql.SQL(", ").join(map(sql.Identifier, Run._fields)),
            floor=sql.Literal(self._floor),
            known=_numbers(self._numbered),
            awaited=_numbers(awaited),
            batch=sql.Literal(BATCH),
        )
        rows = self._database.read(query)
        runs = [Run(**{name: row[name] for name in Run._fields}) for row in rows if row["state"] is not None]
        return runs, rows[0]["newest"]

    def _format(self, query: LiteralString, **places: sql.Composable) -> sql.Composed:
        of_job = sql.SQL("true") if self._job is None else sql.SQL("job = {}").format(sql.Literal(self._job))
        return sql.SQL(query).format(
            runs=sql.Identifier(self._schema, RUNS),
            history=sql.Identifier(self._schema, HISTORY),
            of_job=of_job,
            **places,
        )

    def _is_news(self, run: int | None, runid: int | None, standing: Standing) -> bool:
        """Remember how a run stands; whether it stood otherwise before."""
        before = self._numbered.get(run) if run is not None else None
        if before is None and runid is not None:
            before = self._unnumbered.get(runid)  # the sweep has put it down since
        if run is not None:
            self._numbered[run] = standing
            self._unnumbered.pop(runid or 0, None)
        elif runid is not None:
            self._unnumbered[runid] = standing
        return before != standing

    def _forget(self, floor: int) -> None:
        """Drop the runs that are too old to be asked for again."""
        self._floor = max(floor, self._floor)
        self._numbered = {run: each for run, each in self._numbered.items() if run > self._floor or each.state in OPEN}
        self._unnumbered = dict(list(self._unnumbered.items())[-REMEMBERED:])


def _numbers(runs: Iterable[int]) -> sql.Composed:
    return sql.SQL("{}::bigint[]").format(sql.Literal(list(runs)))


def _order(run: Run) -> tuple[datetime, int]:
    return run.fired_at, run.run or 0
