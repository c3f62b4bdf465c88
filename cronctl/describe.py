"""``cronctl describe``: one job in words, as it is declared and as it lives."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, NamedTuple

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
from cronctl.declared_target import DeclaredTarget
from cronctl.history import advice
from cronctl.output import print_json, print_line, say

NEXT_RUNS = 3
"""Coming runs that are told."""


class Described(NamedTuple):
    """What is known of a job; ``declared`` and ``job`` are None where the one or the other does not know it."""

    name: str
    declared: Job | None
    job: LiveJob | None
    last: JobStatus | None
    zone: tzinfo


def describe(target: DeclaredTarget, job: str, project: Path, *, as_json: bool) -> None:
    """Print one job in words. Raises Error."""
    described = _described(target, job, project)
    if as_json:
        print_json(_document(described))
        return
    for title, text in _lines(described):
        print_line((f"{title:<10}  ", "bold"), (text, None))
    if described.job is None:
        say(f"{job!r} is declared and not in the database; pulumi up schedules it", "yellow")
    if described.last:
        for text in advice([described.last]):
            say(text, "yellow")


def _described(target: DeclaredTarget, name: str, project: Path) -> Described:
    """Raises Error for a job that neither the declaration nor the database knows."""
    declared = declared_jobs(target, project)
    living = snapshot(CronJobKind(), target.database, None)
    if name not in declared and name not in living:
        known = {**declared, **living}
        raise Error(f"there is no job {name!r}, neither declared nor in the database{nearest(name, known)}")
    last: JobStatus | None = None
    with suppress(NoLedger):
        last = next((status for status in job_status(target.database, target.schema) if status.job == name), None)
    return Described(name, declared.get(name), living.get(name), last, read_zone(target.database))


def _schedule(described: Described) -> str:
    return described.job.schedule if described.job else described.declared.schedule.text if described.declared else ""


def _words(described: Described) -> str:
    try:
        return schedule_in_words(parse_schedule(_schedule(described), paused=not _is_active(described)))
    except ScheduleError:
        return "as pg_cron takes it; this project would refuse it"


def _is_active(described: Described) -> bool:
    return described.job.active if described.job else described.declared is not None and described.declared.active


def _next(described: Described) -> list[datetime]:
    return upcoming_runs(
        _schedule(described), active=_is_active(described), after=datetime.now(UTC), count=NEXT_RUNS, tz=described.zone
    )


def _request(job: Job) -> dict[str, Any]:
    return as_written(job) or {"statement": job.sql}


def _lines(described: Described) -> Iterator[tuple[str, str]]:
    job = described.declared
    yield "job", described.name + (f" (jobid {described.job.jobid})" if described.job else "")
    if job:
        yield "does", job.description
    yield "schedule", f"{_schedule(described)} ({_words(described)}; {described.zone})"
    if job:
        for title, value in _request(job).items():
            yield title.replace("_", " "), _flat(value)
    else:
        yield "sends", "not declared here, so what it sends stands in cron.job.command alone"
    if not _is_active(described):
        yield "next runs", "none, since it is paused"
    else:
        yield "next runs", ", ".join(f"{run:%Y-%m-%d %H:%M:%S}" for run in _next(described)) + " UTC"
    yield "last run", _last(described.last)


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flat(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_flat, value))
    return value if isinstance(value, str) else json.dumps(value)


def _last(last: JobStatus | None) -> str:
    if last is None or last.fired_at is None:
        return "none yet"
    streak = f", {last.streak} times in a row" if last.streak > 1 else ""
    detail = f": {last.detail}" if last.detail else ""
    return f"{last.state}{detail}, {last.fired_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC (run {last.last_run}){streak}"


def _document(described: Described) -> dict[str, Any]:
    job, last = described.declared, described.last
    return {
        "job": described.name,
        "jobid": described.job.jobid if described.job else None,
        "description": job.description if job else None,
        "schedule": _schedule(described),
        "schedule_in_words": _words(described),
        "timezone": str(described.zone),
        "active": _is_active(described),
        "declared": _request(job) if job else None,
        "next_runs": _next(described),
        "last_run": {
            **{"run": last.last_run, "state": last.state, "fired_at": last.fired_at},
            **{"status_code": last.status_code, "detail": last.detail, "streak": last.streak},
        }
        if last and last.fired_at
        else None,
    }
