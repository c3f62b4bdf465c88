"""Jobs of pg_cron that a stack does not declare: those made by hand, by a migration, or by another stack.

They are shown, and nothing else. Their commands are not shown, since somebody may have pasted a key into one.
"""

from collections.abc import Container
from datetime import datetime
from typing import NamedTuple

from psycopg import sql

from components.database.connection import Database
from components.errors import StatementFailed
from components.objects.stack_mark import stack_of
from components.sql import load_sql

NEWEST = 20_000
"""Rows of cron.job_run_details that are searched for last runs: it has no index but that of its primary key."""


class ForeignJob(NamedTuple):
    """A row of cron.job, and what pg_cron says of its last run, which for a request means that it was queued.

    ``job`` is None where it has no name. ``stack`` is the one that marked it, if any did. cronctl's JSON has the same
    names.
    """

    jobid: int
    job: str | None
    schedule: str
    active: bool
    owner: str
    database: str
    stack: str | None
    last_run: datetime | None
    last_result: str | None

    @property
    def title(self) -> str:
        """The job's name, or its number where it has none."""
        return self.job or f"(jobid {self.jobid})"


def foreign_jobs_query() -> sql.Composed:
    """What foreign_jobs sends."""
    return load_sql("foreign_jobs").format(newest=sql.Literal(NEWEST))


def foreign_jobs(database: Database, declared: Container[int | None]) -> tuple[list[ForeignJob], str | None]:
    """The jobs that this login may see, without those whose jobid is among ``declared``; else why it sees none.

    Raises ConnectionFailed.
    """
    try:
        rows = [dict(row) for row in database.read(foreign_jobs_query()) if row["jobid"] not in declared]
    except StatementFailed as exc:
        return [], f"the other jobs of pg_cron cannot be told: {exc}"
    return [ForeignJob(stack=stack_of(row.pop("first_line"), row["job"]), **row) for row in rows], None
