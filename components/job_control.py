"""What people do to a living job by hand: run it now, wait for the verdict, pause it, resume it."""

import time
from collections.abc import Callable
from typing import Any

from psycopg import sql

from components.catalogue import InputSpec, Job
from components.connection import Database
from components.cron_job import CronJobKind, LiveJob
from components.errors import Error, InvalidConfiguration
from components.model import nearest
from components.object_kind import snapshot
from components.runs import OPEN, Run, find_run

POLL = 0.25
"""Seconds between two looks at a run that is on its way."""

_BOOLEANS = {"true": True, "false": False}
_READ: dict[str, Callable[[str], Any]] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": lambda text: _BOOLEANS[text.lower()],
}


def living_job(database: Database, name: str) -> LiveJob:
    """A job of this role by name. Raises Error where there is none."""
    jobs = {each: job for each, job in snapshot(CronJobKind(), database, None).items() if job.mine}
    if (job := jobs.get(name)) is None:
        raise Error(f"there is no job {name!r} in the database{nearest(name, jobs)}")
    return job


def with_inputs(name: str, job: Job, given: dict[str, str]) -> Job:
    """The job with its inputs' defaults and the given values, read by their types, in its body.

    Raises InvalidConfiguration for an unknown input or a value of another type.
    """
    problems = []
    values = {key: spec.default for key, spec in job.inputs.items() if spec.default is not None}
    for key, text in given.items():
        if (spec := job.inputs.get(key)) is None:
            known = nearest(key, job.inputs) or "; it has no inputs, declare them with 'inputs:' in the catalogue"
            problems.append(f"job {name!r} has no input {key!r}{known}")
            continue
        try:
            values[key] = _read(spec, text)
        except ValueError as exc:
            problems.append(f"input {key!r} of job {name!r} {exc}")
    if problems:
        raise InvalidConfiguration(problems)
    if not values or job.http is None or not isinstance(job.http.body, dict):
        return job
    http = job.http.model_copy(update={"body": {**job.http.body, **values}})
    return job.model_copy(update={"http": http})


def _read(spec: InputSpec, text: str) -> Any:  # noqa: ANN401 - what the type says
    try:
        return _READ[spec.type](text)
    except (ValueError, KeyError):
        raise ValueError(f"must be of type {spec.type}, and {text!r} is not") from None


def run_now(database: Database, command: str) -> int | None:
    """Run a job's command as pg_cron does; returns the run's number where the command keeps account of one.

    Raises StatementFailed, whereupon nothing was queued.
    """
    with database.transaction() as transaction:
        # As in a session of pg_cron's: the role's own search_path, and as long as it takes.
        transaction.execute(sql.SQL("SET LOCAL search_path TO DEFAULT"))
        transaction.execute(sql.SQL("SET LOCAL statement_timeout TO DEFAULT"))
        cursor = transaction.connection.execute(command.encode())
        if "record_cron_run" not in command or cursor.description is None:
            return None
        row = cursor.fetchone()
        return int(row["record_cron_run"]) if row else None


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


def set_active(database: Database, job: LiveJob, *, active: bool) -> None:
    """Pause or resume a job; a run that is under way when it is paused is cancelled by pg_cron."""
    with database.transaction() as transaction:
        transaction.execute(
            sql.SQL("SELECT cron.alter_job({}, active := {})").format(sql.Literal(job.jobid), sql.Literal(active))
        )
