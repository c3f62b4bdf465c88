"""``cronctl status`` and ``next``: how each job stands, when it runs next, and whether what runs them is alive."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any

import typer

from components.errors import Error
from components.objects.stack_mark import is_own_job
from components.runs.foreign_jobs import ForeignJob, foreign_jobs, foreign_jobs_query
from components.runs.health import Health, all_problems, health_and_jobs, health_and_jobs_script
from components.runs.history import STREAK, JobStatus
from components.runs.states import BAD
from components.schedule.grammar import upcoming_runs
from components.security.secret_expiry import expiry_findings, expiry_query
from cronctl.history import advice
from cronctl.output import DIFFERS, print_json, print_line, print_table, say
from cronctl.target import Target


def status(target: Target, *, with_foreign: bool, as_json: bool) -> None:
    """Print how each job stands; ends with DIFFERS where something is wrong. Raises Error."""
    database, schema = target
    others = [[foreign_jobs_query()]] if with_foreign else []
    with database.reading_ahead(health_and_jobs_script(schema), [expiry_query(schema)], *others):
        condition, all_jobs = health_and_jobs(database, schema)
        findings = expiry_findings(database, schema, datetime.now(UTC))
        known = {job.jobid for job in all_jobs}
        foreign, unseen = foreign_jobs(database, known) if with_foreign else ([], None)
    expiries = [finding for finding in findings if finding.object]
    jobs = [job for job in all_jobs if job.state in BAD or job.problem or not is_own_job(job.job)]
    zone = condition.zone
    problems = [
        *all_problems(condition, jobs),
        *(finding.sentence for finding in expiries if finding.level == "problem"),
    ]
    warnings = [finding.sentence for finding in expiries if finding.level == "note"]
    warnings += [unseen] if unseen else []
    if as_json:
        condition_now: dict[str, Any] = {**condition._asdict(), "problems": problems, "warnings": warnings}
        document = {"jobs": [_document(job, zone) for job in jobs], "health": condition_now}
        print_json(document | ({"foreign_jobs": [job._asdict() for job in foreign]} if with_foreign else {}))
    else:
        columns = ("job", "schedule", "next run", "last run", "verdict")
        print_table("Jobs (times in UTC)", columns, [_row(job, zone) for job in jobs], with_lines=columns[2:4])
        if with_foreign:
            _print_foreign(foreign)
        _print_health(condition, jobs)
        for problem in problems:
            print_line((problem, "red"))
        for warning in warnings:
            print_line((warning, "yellow"))
        for text in advice(jobs):
            say(text, "yellow")
    if problems or any(job.state in BAD for job in jobs):
        raise typer.Exit(DIFFERS)


def next_runs(target: Target, name: str | None, count: int, *, as_json: bool) -> None:
    """Print when jobs run next, or one job. Raises Error."""
    condition, all_jobs = health_and_jobs(target.database, target.schema)
    zone = condition.zone
    jobs = [job for job in all_jobs if job.job == name or (name is None and not is_own_job(job.job))]
    if name is not None and not jobs:
        raise Error(f"there is no job {name!r}; cronctl status lists them")
    runs = [(job, run) for job in jobs for run in _next(job, zone, count)]
    if as_json:
        print_json({"runs": [{"job": job.job, "utc": run, "local": run.astimezone()} for job, run in runs]})
        return
    rows = [
        (job.job, f"{run:%Y-%m-%d %H:%M:%S}", f"{run.astimezone():%Y-%m-%d %H:%M:%S %Z}")
        for job, run in sorted(runs, key=lambda pair: pair[1])
    ]
    print_table("Next runs", ("job", "UTC", "here"), rows)
    for job in jobs:
        if not job.active:
            say(f"{job.job} is paused", "yellow")


def _next(job: JobStatus, zone: tzinfo, count: int) -> list[datetime]:
    return upcoming_runs(job.schedule, active=job.active, after=datetime.now(UTC), count=count, tz=zone)


def _row(job: JobStatus, zone: tzinfo) -> tuple[str, ...]:
    upcoming = next(iter(_next(job, zone, 1)), None)
    return (
        job.job,
        job.schedule,
        "paused" if not job.active and job.standing != "missing" else _short(upcoming),
        _short(job.fired_at),
        _verdict(job),
    )


def _print_foreign(jobs: Iterable[ForeignJob]) -> None:
    rows = [
        (
            job.title,
            job.schedule if job.active else f"{job.schedule} (paused)",
            job.owner,
            f"stack {job.stack}" if job.stack else "nobody",
            _short(job.last_run),
            job.last_result or "no run of late",
        )
        for job in jobs
    ]
    columns = ("job", "schedule", "owner", "declared by", "last run", "pg_cron says")
    print_table("Other jobs of this pg_cron", columns, rows, with_lines=columns[4:5])


def _verdict(job: JobStatus) -> str:
    """The last run's, how often in a row, and what is on its way; before them, what is not as it was declared."""
    standing = f"{job.standing}; " if job.problem else ""
    often = f" x{job.streak}{'+' if job.streak == STREAK else ''}" if job.streak > 1 else ""
    status = f" ({job.status_code})" if job.status_code and job.state in BAD else ""
    waiting = f", {job.in_flight} on the way" if job.in_flight else ""
    return f"{standing}{job.state or 'no run yet'}{status}{often}{waiting}"


def _short(time: datetime | None) -> str:
    """Month, day, hour and minute, as fits beside the rest in 80 columns; below it the time here, if another."""
    if time is None:
        return ""
    here = time.astimezone()
    local = f"\n{here:%H:%M %Z}" if here.utcoffset() else ""
    return f"{time.astimezone(UTC):%m-%d %H:%M}{local}"


def _print_health(condition: Health, jobs: Iterable[JobStatus]) -> None:
    lags = [job.lag for job in jobs if job.lag is not None]
    late = f", last runs began up to {max(lags):.1f} s after they were due" if lags else ""
    ago = "never ran anything" if condition.scheduler is None else f"last ran something {condition.scheduler:.0f} s ago"
    queue = "pg_net is not there" if condition.queue is None else f"pg_net has {condition.queue} requests in its queue"
    sentence = (
        f"pg_cron {ago}{late}; {queue}; the ledger takes "
        f"{condition.ledger_bytes / 2**20:.1f} MiB, job_run_details {condition.details_bytes / 2**20:.1f} MiB"
    )
    print_line((sentence, None))


def _document(job: JobStatus, zone: tzinfo) -> dict[str, Any]:
    explanation = job.explanation
    upcoming = next(iter(_next(job, zone, 1)), None)
    return {
        **job._asdict(),
        "lag": job.lag,
        "next_run": upcoming,
        "next_run_local": upcoming and upcoming.astimezone(),
        "explanation": explanation._asdict() if explanation else None,
    }
