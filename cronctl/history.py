"""``cronctl history``, ``failures`` and ``show``: what came of runs, and what to do where that is nothing."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import typer

from components.database.connection import Database
from components.errors import Error, UnknownName
from components.runs.history import (
    JobStatus,
    Run,
    find_run,
    history,
    history_and_status,
    history_query,
    job_status,
)
from components.runs.ledger_reading import ledger_script
from components.runs.secret_use import current_versions, runs_with_earlier, versions_query
from components.runs.states import BAD
from components.values.suggestion import nearest
from cronctl.output import DIFFERS, print_json, print_table, say
from cronctl.target import Target


def show_history(
    target: Target, *, job: str | None, states: Sequence[str] | None, secret: str | None, limit: int, as_json: bool
) -> None:
    """Print the newest runs. Raises Error."""
    database, schema = target
    query = history_query(schema, job=job, states=states, secret=secret, limit=limit)
    tells_versions = job is None and states is None and not as_json  # else these are not all that were sent with it
    sentences: list[str] = []
    with database.reading_ahead(ledger_script(schema, [query]), [versions_query(schema)] if tells_versions else []):
        runs = history(database, schema, job=job, states=states, secret=secret, limit=limit)
        if not runs:
            _refuse_unknown(job, job_status(database, schema), database, schema)
            _refuse_unknown_secret(secret, database, schema)
        elif tells_versions:
            sentences += runs_with_earlier(runs, current_versions(database, schema))
    if as_json:
        print_json({"runs": [document(run) for run in runs]})
    elif runs:
        print_runs(f"Runs{f' of {job}' if job else ''} (times in UTC)", runs)
        for sentence in sentences:
            say(sentence)
    else:
        sent = f" with secret {secret!r}" if secret else "; the sweep puts them down within a minute"
        say(f"no runs{f' of {job!r}' if job else ''} yet{sent}")


def show_failures(target: Target, *, job: str | None, begin: datetime, since: str, limit: int, as_json: bool) -> None:
    """Print the newest runs from ``begin`` on that came to nothing; ends with DIFFERS where there is one.

    ``since`` says in words how long ago that is. Raises Error.
    """
    failed, jobs = history_and_status(target.database, target.schema, job=job, states=BAD, limit=limit)
    if not failed:
        _refuse_unknown(job, jobs, target.database, target.schema)
    runs = [run for run in failed if run.fired_at >= begin]
    problems = [known.problem for known in jobs if known.problem and job in (None, known.job)]
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


def show_run(target: Target, number: int, *, as_json: bool) -> None:
    """Print all that is known of one run; ends with DIFFERS where it came to nothing. Raises Error."""
    if (run := find_run(target.database, target.schema, number)) is None:
        raise Error(f"there is no run {number}; it may be older than the ledger keeps")
    if as_json:
        print_json(document(run))
    else:
        fields = [(key, str(value)) for key, value in _shown_fields(run)]
        print_table(f"Run {number}", ("", ""), fields, with_lines=[""])
        for text in advice([run]):
            say(text)
    if run.state in BAD:
        raise typer.Exit(DIFFERS)


def _refuse_unknown(job: str | None, jobs: Iterable[JobStatus], database: Database, schema: str) -> None:
    """Say so where there is no job of that name and never was one, or a typing mistake would pass for good news."""
    known = [status.job for status in jobs]
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
            names = jobs.setdefault(explanation, [])
            if run.job not in names:
                names.append(run.job)
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
