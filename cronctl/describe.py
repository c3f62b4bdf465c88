"""``cronctl describe``: one job in words, as it is declared and as it lives."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from components.catalogue.as_written import as_written
from components.catalogue.job import Job
from components.errors import Error
from components.objects.cron_job import CronJobKind, LiveJob
from components.objects.object_kind import snapshot
from components.runs.history import JobStatus, job_status
from components.runs.ledger_reading import NoLedger
from components.schedule.grammar import ScheduleError, parse_schedule, upcoming_runs
from components.schedule.in_words import schedule_in_words
from components.schedule.zone import read_zone
from components.values.suggestion import nearest
from cronctl.declared import declared_jobs
from cronctl.history import advice
from cronctl.output import errors_as_sentences, print_json, print_line, say
from cronctl.target import (
    DatabaseOption,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StackOption,
    Target,
    named,
    open_target,
)

NEXT_RUNS = 3
"""Coming runs that are told."""


class Described(NamedTuple):
    """What is known of a job; ``declared`` and ``job`` are None where the one or the other does not know it."""

    name: str
    declared: Job | None
    job: LiveJob | None
    last: JobStatus | None
    zone: tzinfo


def describe(
    job: Annotated[str, typer.Argument(help="The job's name.", callback=named)],
    stack: StackOption = None,
    schema: SchemaOption = None,
    *,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """One job in words: when it runs, what it sends and how it proves it, its policies, its next runs and its last one.

    What it sends is told as the stack declares it; without a stack, as the project's jobs.yaml does.

    Exit status: 0, 2 wrong command line, 3 it could not be found out.
    """
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        found = _described(target, job, project)
    if as_json:
        print_json(_document(found))
        return
    for title, text in _lines(found):
        print_line((f"{title:<10}  ", "bold"), (text, None))
    if found.job is None:
        say(f"{job!r} is declared and not in the database; pulumi up schedules it", "yellow")
    if found.last:
        for text in advice([found.last]):
            say(text, "yellow")


def _described(target: Target, name: str, project: Path) -> Described:
    """Raises Error for a job that neither the declaration nor the database knows."""
    declared = declared_jobs(target, project)
    living = snapshot(CronJobKind(), target.database, None)
    if name not in declared and name not in living:
        known = {**declared, **living}
        raise Error(f"there is no job {name!r}, neither declared nor in the database{nearest(name, known)}")
    last: JobStatus | None = None
    with suppress(NoLedger):
        last = next((each for each in job_status(target.database, target.schema) if each.job == name), None)
    return Described(name, declared.get(name), living.get(name), last, read_zone(target.database))


def _schedule(found: Described) -> str:
    return found.job.schedule if found.job else found.declared.schedule.text if found.declared else ""


def _words(found: Described) -> str:
    try:
        return schedule_in_words(parse_schedule(_schedule(found)))
    except ScheduleError:
        return "as pg_cron takes it; this project would refuse it"


def _is_active(found: Described) -> bool:
    return found.job.active if found.job else found.declared is not None and found.declared.active


def _next(found: Described) -> list[datetime]:
    return upcoming_runs(
        _schedule(found), active=_is_active(found), after=datetime.now(UTC), count=NEXT_RUNS, tz=found.zone
    )


def _request(job: Job) -> dict[str, Any]:
    return as_written(job) or {"statement": job.sql}


def _lines(found: Described) -> Iterator[tuple[str, str]]:
    job = found.declared
    yield "job", found.name + (f" (jobid {found.job.jobid})" if found.job else "")
    if job:
        yield "does", job.description
    yield "schedule", f"{_schedule(found)} ({_words(found)}; {found.zone})"
    if job:
        for title, value in _request(job).items():
            yield title.replace("_", " "), _flat(value)
    else:
        yield "sends", "not declared here, so what it sends stands in cron.job.command alone"
    if not _is_active(found):
        yield "next runs", "none, since it is paused"
    else:
        yield "next runs", ", ".join(f"{run:%Y-%m-%d %H:%M:%S}" for run in _next(found)) + " UTC"
    yield "last run", _last(found.last)


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flat(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_flat, value))
    return value if isinstance(value, str) else json.dumps(value)


def _last(last: JobStatus | None) -> str:
    if last is None or last.fired_at is None:
        return "none yet"
    streak = f", {last.streak} times in a row" if last.streak > 1 else ""
    detail = f": {last.detail}" if last.detail else ""
    return f"{last.state}{detail}, {last.fired_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC (run {last.last_run}){streak}"


def _document(found: Described) -> dict[str, Any]:
    job, last = found.declared, found.last
    return {
        "job": found.name,
        "jobid": found.job.jobid if found.job else None,
        "description": job.description if job else None,
        "schedule": _schedule(found),
        "schedule_in_words": _words(found),
        "timezone": str(found.zone),
        "active": _is_active(found),
        "declared": _request(job) if job else None,
        "next_runs": _next(found),
        "last_run": {
            **{"run": last.last_run, "state": last.state, "fired_at": last.fired_at},
            **{"status_code": last.status_code, "detail": last.detail, "streak": last.streak},
        }
        if last and last.fired_at
        else None,
    }
