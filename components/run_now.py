"""Running a job out of its time, as pg_cron would, and waiting for the verdict."""

import time
from typing import Literal

from psycopg import sql

from components.connection import Database
from components.cron_job import keeps_account
from components.errors import Error
from components.runs import OPEN, Run, find_run

POLL = 0.25
"""Seconds between two looks at a run that is on its way."""

Source = Literal["manual", "first_run"]
"""Who runs a job out of its time: a person, or the ``up`` that made it."""


class Skipped(Error):
    """A job that was to run now and that its policy kept from running."""


def run_now(database: Database, command: str, source: Source = "manual") -> int | None:
    """Run a job's command as pg_cron does; returns the run's number where the command keeps account of one.

    Raises Skipped where the job's policy sends nothing now, StatementFailed, whereupon nothing was queued.
    """
    with database.transaction() as transaction:
        # As in a session of pg_cron's: the role's own search_path, and as long as it takes.
        transaction.execute(sql.SQL("SET LOCAL search_path TO DEFAULT"))
        transaction.execute(sql.SQL("SET LOCAL statement_timeout TO DEFAULT"))
        transaction.execute(sql.SQL("SET LOCAL supabase_cron.source = {}").format(sql.Literal(source)))
        rows = transaction.run_script(command.encode())
    if not keeps_account(command):
        return None
    for row in rows:
        (run,) = row.values()
        return int(run)
    raise Skipped("nothing was sent: the job's policy skips a run now; cronctl history tells why")


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
