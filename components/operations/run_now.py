"""Runs a job now, in the way of pg_cron, and waits for the verdict of the run."""

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
"""Seconds between two reads of an open run."""

Source = Literal["manual", "first_run"]
"""Who runs a job now: a person, or the ``up`` that created or updated it."""


class Skipped(Error):
    """A job's policy skipped the run."""


def run_now(
    database: Database, command: str, source: Source = "manual", *, job: str | None = None, schema: str | None = None
) -> int | None:
    """Run a job's command as pg_cron does; return the number of the run in the ledger, or None without a record.

    The statement of a request records its own run. The run of any other statement is recorded for ``job`` in the ledger
    of ``schema``, where both are given and this login may write there. Raises Skipped, or StatementFailed where the
    command fails, which then has queued nothing.
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
        _record(database, schema, job, source, began=began, failure=str(exc))
        raise
    return _record(database, schema, job, source, began=began)


def _run(database: Database, command: str, source: Source) -> list[Row]:
    with database.transaction() as transaction:
        transaction.execute(AS_A_JOB)
        transaction.execute(sql.SQL("SET LOCAL supabase_cron.source = {}").format(sql.Literal(source)))
        return transaction.run_script(command.encode())


def _record(
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
    except StatementFailed:  # this login writes to no ledger; the job's statement has run all the same
        return None
    return int(row["run"])


def collect_results(database: Database, schema: str) -> None:
    """Judge answered runs now, as the sweep does every minute. Raises an Error, also for a login without rights."""
    with database.transaction() as transaction:
        transaction.execute(sql.SQL("SELECT {}.settle_cron_runs()").format(sql.Identifier(schema)))


def await_verdict(database: Database, schema: str, run: int, seconds: float) -> Run:
    """Return the run as soon as it has ended, or the open run after ``seconds``. Raises an Error."""
    deadline = time.monotonic() + seconds
    while True:
        collect_results(database, schema)
        current = find_run(database, schema, run)
        if current is None:
            raise Error(f"run {run} is gone from the ledger")
        if current.state not in OPEN or time.monotonic() > deadline:
            return current
        time.sleep(POLL)
