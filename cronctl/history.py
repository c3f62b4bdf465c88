"""``cronctl history``, ``failures`` and ``show``: what came of runs, and what to do where that is nothing."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from components.database.connection import Database
from components.errors import Error, UnknownName
from components.runs.history import BAD, STATES, JobStatus, Run, find_run, history, job_status
from components.runs.secret_use import current_versions, runs_with_earlier
from components.values.suggestion import nearest
from cronctl.output import DIFFERS, errors_as_sentences, print_json, print_table, say
from cronctl.target import (
    DatabaseOption,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StackOption,
    named,
    open_target,
    span,
)

JobArgument = Annotated[str | None, typer.Argument(help="A job's name; all jobs without it.", callback=named)]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many runs at most.")]

LONGEST = 3650 * 86400.0
"""Seconds that a ledger keeps runs at most."""


def _states(given: list[str]) -> list[str]:
    if unknown := [state for state in given if state not in STATES]:
        raise typer.BadParameter(f"{unknown[0]!r} is no state; there is {', '.join(STATES)}")
    return given


def show_history(
    job: JobArgument = None,
    stack: StackOption = None,
    schema: SchemaOption = None,
    state: Annotated[
        list[str] | None, typer.Option("--state", help="Only runs in this state; may be given again.")
    ] = None,
    limit: LimitOption = 20,
    *,
    secret: Annotated[
        str | None, typer.Option("--secret", help="Only runs that were sent with this secret.", callback=named)
    ] = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """The newest runs with their true verdicts: what the endpoint answered, not whether a request was queued.

    Exit status: 0 also without any run, 2 wrong command line, 3 it could not be found out.
    """
    states = _states(state) if state else None
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        runs = history(target.database, target.schema, job=job, states=states, secret=secret, limit=limit)
        if not runs:
            _refuse_unknown(job, job_status(target.database, target.schema), target.database, target.schema)
            _refuse_unknown_secret(secret, target.database, target.schema)
        sentences: list[str] = []
        if runs and job is None and states is None and not as_json:  # else these are not all that were sent with it
            sentences += runs_with_earlier(runs, current_versions(target.database, target.schema))
    if as_json:
        print_json({"runs": [document(run) for run in runs]})
    elif runs:
        print_runs(f"Runs{f' of {job}' if job else ''} (times in UTC)", runs)
        for sentence in sentences:
            say(sentence)
    else:
        sent = f" with secret {secret!r}" if secret else "; the sweep puts them down within a minute"
        say(f"no runs{f' of {job!r}' if job else ''} yet{sent}")


def failures(
    job: JobArgument = None,
    stack: StackOption = None,
    schema: SchemaOption = None,
    since: Annotated[str, typer.Option("--since", help="How far back: 30m, 24h, 7d, 1 day.")] = "24h",
    limit: LimitOption = 20,
    *,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """The newest runs that did not do their work, each kind with its likely cause and the next step.

    A job that is not as it was declared is one, too, since it does not run as it should.

    Exit status: 0 there is none, 1 there are some, 2 wrong command line, 3 it could not be found out.
    """
    begin = datetime.now(UTC) - timedelta(seconds=min(span(since, "--since"), LONGEST))
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        found = history(target.database, target.schema, job=job, states=BAD, limit=limit)
        jobs = job_status(target.database, target.schema)
        if not found:
            _refuse_unknown(job, jobs, target.database, target.schema)
    runs = [run for run in found if run.fired_at >= begin]
    problems = [each.problem for each in jobs if each.problem and job in (None, each.job)]
    if as_json:
        print_json({"runs": [document(run) for run in runs], "problems": problems})
    elif runs:
        print_runs(f"Failures of the last {since} (times in UTC)", runs)
        for text in advice(runs):
            say(text)
    elif not problems:
        say(f"no failures in the last {since}")
    for problem in problems:
        say(problem, "red")
    if runs or problems:
        raise typer.Exit(DIFFERS)


def show(
    run: Annotated[int, typer.Argument(help="A run's number, as history and failures print it.", min=1)],
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    *,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """All that is known of one run: its answer, the likely cause of a failure and the next step.

    Exit status: 0 it did its work or is on its way, 1 it did not, 2 wrong command line, 3 it could not be found out.
    """
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        if (found := find_run(target.database, target.schema, run)) is None:
            raise Error(f"there is no run {run}; it may be older than the ledger keeps")
    if as_json:
        print_json(document(found))
    else:
        print_table(f"Run {run}", ("", ""), [(key, str(value)) for key, value in _shown_fields(found)], with_lines=[""])
        for text in advice([found]):
            say(text)
    if found.state in BAD:
        raise typer.Exit(DIFFERS)


def _refuse_unknown(job: str | None, jobs: Iterable[JobStatus], database: Database, schema: str) -> None:
    """Say so where there is no job of that name and never was one, or a typing mistake would pass for good news."""
    known = [each.job for each in jobs]
    if job is not None and job not in known and not history(database, schema, job=job, limit=1):
        raise UnknownName(f"there is no job {job!r}{nearest(job, known)}")


def _refuse_unknown_secret(secret: str | None, database: Database, schema: str) -> None:
    """The same of a secret's key."""
    if secret is not None and (known := current_versions(database, schema)) and secret not in known:
        raise UnknownName(f"there is no secret {secret!r}{nearest(secret, known)}")


def print_runs(title: str, runs: Iterable[Run]) -> None:
    """A table of runs on stdout."""
    columns = ("run", "job", "fired", "state", "status", "ms", "what came back")
    print_table(title, columns, [_row(run) for run in runs], with_lines=["what came back"])


def advice(runs: Iterable[Run | JobStatus]) -> list[str]:
    """Each explanation once, with the jobs that it is about."""
    jobs: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        if (explanation := run.explanation) is not None:
            told = jobs.setdefault(explanation, [])
            if run.job not in told:
                told.append(run.job)
    return [f"{', '.join(names)}: {cause} {step}" for (cause, step), names in jobs.items()]


def _row(run: Run) -> tuple[str, ...]:
    return (
        str(run.run or ""),
        run.job,
        f"{run.fired_at.astimezone(UTC):%m-%d %H:%M:%S}",
        run.state,
        str(run.status_code or ""),
        run.took,
        run.summary,
    )


def _shown_fields(run: Run) -> Iterable[tuple[str, Any]]:
    for key, value in run._asdict().items():
        if value is not None:
            yield key.replace("_", " "), value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def document(run: Run) -> dict[str, Any]:
    """A run for ``--json``, with its explanation."""
    explanation = run.explanation
    return {**run._asdict(), "explanation": explanation._asdict() if explanation else None}
