"""Running a job out of its time, as pg_cron would, and waiting for the verdict."""

import time
from typing import Literal

from psycopg import sql

from components.database.connection import Database
from components.database.session_settings import AS_A_JOB
from components.database.transaction import Row
from components.errors import Error, StatementFailed
from components.objects.cron_job import records_run
from components.runs.history import Run, find_run
from components.runs.states import OPEN
from components.sql import load_sql

POLL = 0.25
"""Seconds between two looks at a run that is on its way."""

Source = Literal["manual", "first_run"]
"""Who runs a job out of its time: a person, or the ``up`` that made it."""


class Skipped(Error):
    """A job that was to run now and that its policy kept from running."""


def run_now(
    database: Database, command: str, source: Source = "manual", *, job: str | None = None, schema: str | None = None
) -> int | None:
    """Run a job's command as pg_cron does, and tell the number of its run in the ledger, if it has one.

    A request's own statement writes it down. What came of any other is written into the ledger of ``schema`` for
    ``job``, where both are given and it is there. Raises Skipped where the job's policy sends nothing now,
    StatementFailed, whereupon nothing was queued.
    """
    if records_run(command):
        rows = _run(database, command, source)
        for row in rows:
            (run,) = row.values()
            return int(run)
        raise Skipped("nothing was sent: the job's policy skips a run now; cronctl history tells why")
    began = time.monotonic()
    try:
        _run(database, command, source)
    except StatementFailed as exc:
        _put_down(database, schema, job, source, began=began, failure=str(exc))
        raise
    return _put_down(database, schema, job, source, began=began)


def _run(database: Database, command: str, source: Source) -> list[Row]:
    with database.transaction() as transaction:
        transaction.execute(AS_A_JOB)
        transaction.execute(sql.SQL("SET LOCAL supabase_cron.source = {}").format(sql.Literal(source)))
        return transaction.run_script(command.encode())


def _put_down(
    database: Database, schema: str | None, job: str | None, source: Source, *, began: float, failure: str | None = None
) -> int | None:
    if schema is None or job is None:
        return None
    query = load_sql("record_manual_run").format(
        schema=sql.Identifier(schema),
        job=sql.Literal(job),
        source=sql.Literal(source),
        milliseconds=sql.Literal(round((time.monotonic() - began) * 1000)),
        failure=sql.Literal(failure),
    )
    try:
        with database.transaction() as transaction:
            (row,) = transaction.fetch(query)
    except StatementFailed:  # no ledger that this login writes to; the statement has run all the same
        return None
    return int(row["run"])


def settle_runs(database: Database, schema: str) -> None:
    """Write down at once what came back, as the sweep does every minute. Raises Error, as to who may not."""
    with database.transaction() as transaction:
        transaction.execute(sql.SQL("SELECT {}.settle_cron_runs()").format(sql.Identifier(schema)))


def await_verdict(database: Database, schema: str, run: int, seconds: float) -> Run:
    """The run once it has ended, or as it is after so many seconds. Raises Error."""
    end = time.monotonic() + seconds
    while True:
        settle_runs(database, schema)
        found = find_run(database, schema, run)
        if found is None:
            raise Error(f"run {run} is gone from the ledger")
        if found.state not in OPEN or time.monotonic() > end:
            return found
        time.sleep(POLL)
