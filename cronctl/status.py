"""``cronctl status`` and ``next``: how each job stands, when it runs next, and whether what runs them is alive."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any

import typer

from components.errors import Error
from components.objects.stack_mark import is_own_job
from components.runs.health import Health, all_problems, health
from components.runs.history import BAD, STREAK, JobStatus, job_status
from components.schedule.grammar import upcoming_runs
from components.security.secret_expiry import expiry_findings
from cronctl.history import advice
from cronctl.output import DIFFERS, errors_as_sentences, print_json, print_line, print_table, say
from cronctl.target import DatabaseOption, JsonOption, ProjectOption, SchemaOption, StackOption, named, open_target


def status(
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    *,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """How each job stands: its next run, its last run's true verdict, and whether scheduler and worker are alive.

    Exit status: 0 all is well, 1 a job's last run failed, a job is not as it was declared, something is not alive or a
    JWT has expired, 2 wrong command line, 3 it could not be found out.
    """
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        found = job_status(target.database, target.schema)
        condition = health(target.database, target.schema)
        expiries = [each for each in expiry_findings(target.database, target.schema, datetime.now(UTC)) if each.object]
    jobs = [job for job in found if job.state in BAD or job.problem or not is_own_job(job.job)]
    zone = condition.zone
    problems = [
        *all_problems(condition, jobs),
        *(each.sentence for each in expiries if each.level == "problem"),
    ]
    if as_json:
        warnings = [each.sentence for each in expiries if each.level == "note"]
        told: dict[str, Any] = {**condition._asdict(), "problems": problems, "warnings": warnings}
        print_json({"jobs": [_document(job, zone) for job in jobs], "health": told})
    else:
        columns = ("job", "schedule", "next run", "last run", "verdict")
        print_table("Jobs (times in UTC)", columns, [_row(job, zone) for job in jobs], with_lines=columns[2:4])
        _print_health(condition, jobs)
        for problem in problems:
            print_line((problem, "red"))
        for each in expiries:
            if each.level == "note":
                print_line((each.sentence, "yellow"))
        for text in advice(jobs):
            say(text, "yellow")
    if problems or any(job.state in BAD for job in jobs):
        raise typer.Exit(DIFFERS)


def next_runs(
    job: Annotated[str | None, typer.Argument(help="A job's name; all jobs without it.", callback=named)] = None,
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=1000, help="How many runs of each job.")] = 5,
    *,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """When jobs run next, in UTC and in this machine's time.

    Exit status: 0, 2 wrong command line, 3 it could not be found out.
    """
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        jobs = job_status(target.database, target.schema)
        zone = health(target.database, target.schema).zone
        found = [each for each in jobs if each.job == job or (job is None and not is_own_job(each.job))]
        if job is not None and not found:
            raise Error(f"there is no job {job!r}; cronctl status lists them")
    runs = [(each, run) for each in found for run in _next(each, zone, count)]
    if as_json:
        print_json({"runs": [{"job": each.job, "utc": run, "local": run.astimezone()} for each, run in runs]})
        return
    rows = [
        (each.job, f"{run:%Y-%m-%d %H:%M:%S}", f"{run.astimezone():%Y-%m-%d %H:%M:%S %Z}")
        for each, run in sorted(runs, key=lambda pair: pair[1])
    ]
    print_table("Next runs", ("job", "UTC", "here"), rows)
    for each in found:
        if not each.active:
            say(f"{each.job} is paused", "yellow")


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
    told = (
        f"pg_cron {ago}{late}; {queue}; the ledger takes "
        f"{condition.ledger_bytes / 2**20:.1f} MiB, job_run_details {condition.details_bytes / 2**20:.1f} MiB"
    )
    print_line((told, None))


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
