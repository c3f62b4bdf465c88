"""Follows the ledger as a log: the newest runs, then each run whenever its state changes. It never writes.

Each query is bounded by an index, however many rows the ledger has: it reads the newest numbers, the runs that were
open before, and pg_cron's runs that the sweep has not recorded yet.
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
"""The newest numbers that are read again each time: a number is drawn some time before its row is visible."""

BATCH = 1000
"""The most new runs of one query; after a pause there may be more."""

REMEMBERED = 2000
"""The most runs without a number that are remembered: twice those that the history shows."""

IN_FLIGHT = ("queued", "sent")
"""States of runs whose answer may have arrived; a retrying run waits for its next attempt."""


class Standing(NamedTuple):
    """The part of a run whose change is news."""

    state: str
    attempt: int


class RunLog:
    """A ledger, or the runs of one ``job`` in it, and the runs that were returned already."""

    def __init__(self, database: Database, schema: str, job: str | None = None) -> None:
        self._database = database
        self._schema = schema
        self._job = job
        self._floor = 0
        self._numbered: dict[int, Standing] = {}
        self._unnumbered: dict[int, Standing] = {}

    @property
    def awaits(self) -> bool:
        """Whether a returned run may have an answer without a verdict."""
        return any(run.state in IN_FLIGHT for run in (*self._numbered.values(), *self._unnumbered.values()))

    def begin(self, limit: int) -> list[Run]:
        """Return the ``limit`` newest runs, the oldest first; older runs are no news from now on.

        Raises NoLedger, RowsHidden or another Error.
        """
        history(self._database, self._schema, limit=0)  # raises NoLedger or RowsHidden
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
        """Return new runs and runs whose state or attempt changed since they were returned, the oldest first.

        Raises ConnectionFailed, after which it may be called again, or another Error.
        """
        changed: list[Run] = []
        full = True
        while full:
            runs, newest = self._read()
            new = [run.run for run in runs if run.run is not None and run.run not in self._numbered]
            full = len(new) >= BATCH
            changed += [run for run in runs if self._is_news(run.run, run.runid, Standing(run.state, run.attempt))]
            self._forget((max(new) if full else newest) - OVERLAP)
        return sorted(changed, key=_order)

    def _read(self) -> tuple[list[Run], int]:
        """Read the runs that may be news and the newest number, both of one moment."""
        awaited = [run for run, standing in self._numbered.items() if standing.state in OPEN]
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
        """Remember a run's standing; return whether it differs from the remembered one."""
        before = self._numbered.get(run) if run is not None else None
        if before is None and runid is not None:
            before = self._unnumbered.get(runid)  # the sweep has recorded it since
        if run is not None:
            self._numbered[run] = standing
            self._unnumbered.pop(runid or 0, None)
        elif runid is not None:
            self._unnumbered[runid] = standing
        return before != standing

    def _forget(self, floor: int) -> None:
        """Drop ended runs with numbers up to ``floor``, which are not read again."""
        self._floor = max(floor, self._floor)
        numbered = self._numbered.items()
        self._numbered = {run: standing for run, standing in numbered if run > self._floor or standing.state in OPEN}
        self._unnumbered = dict(list(self._unnumbered.items())[-REMEMBERED:])


def _numbers(runs: Iterable[int]) -> sql.Composed:
    return sql.SQL("{}::bigint[]").format(sql.Literal(list(runs)))


def _order(run: Run) -> tuple[datetime, int]:
    return run.fired_at, run.run or 0
