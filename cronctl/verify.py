"""``cronctl verify``: what is declared, what the state says and what the database has, held against each other."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import typer

from components.catalogue.stack_config import Config
from components.database.connection import Database
from components.declaration.declared_objects import by_kind, declare
from components.errors import UnreadableState
from components.objects.all_kinds import KINDS
from components.objects.args import Args
from components.objects.cron_job import CronJobKind
from components.objects.object_kind import Difference, ObjectKind, newer_sentence, shortened, snapshot
from components.objects.overview import readings
from components.runs.history import JobStatus, job_status, job_status_query
from components.runs.ledger_reading import NoLedger, ledger_script
from components.schedule.grammar import upcoming_runs
from components.schedule.zone import ZONE_QUERY, read_zone
from cronctl.comparison import NOT_IN_STATE, Comparison, print_comparisons, stray_jobs
from cronctl.output import DIFFERS, print_json, print_table, say
from cronctl.stack import StateResource, config_of, state_of
from cronctl.stack_values import AskedDeployment
from cronctl.target import connected


class JobNow(NamedTuple):
    """A job as it is in the database, for the eye; ``verdict`` is what came of its last run that has ended."""

    name: str
    jobid: int
    schedule: str
    active: bool
    next_run: datetime | None
    last_run: datetime | None
    verdict: str | None


def verify(asked: AskedDeployment, *, as_json: bool, show_all: bool) -> None:
    """Print how declaration, state and database compare; ends with DIFFERS where they do not. Raises Error."""
    config = config_of(asked.values())
    with connected(config.settings.conninfo(os.environ)) as database:
        state = state_of(asked.exported())
        schema = config.settings.schema_name
        objects = [*(reading.script() for reading in readings([schema])), ZONE_QUERY]
        with database.reading_ahead(objects, ledger_script(schema, [job_status_query(schema)])):
            findings = list(compare_declared(config, state, database))
            jobs = list(jobs_now(config, database))
    name, differing = config.stack.name, [finding for finding in findings if finding.status != "in sync"]
    if as_json:
        print_json(
            {
                "stack": name,
                "in_sync": not differing,
                "objects": [finding._asdict() for finding in findings],
                "jobs": [job._asdict() for job in jobs],
            }
        )
    else:
        if shown_findings := findings if show_all else differing:
            print_comparisons(
                f"Objects of stack {name}" if show_all else f"What differs in stack {name}", shown_findings
            )
        print_table("Jobs (times in UTC)", ("job", "schedule", "next run", "last run", "verdict"), map(_row, jobs))
    if differing:
        say(
            f"{len(differing)} of {len(findings)} objects differ; pulumi preview tells what up would do about it",
            "red",
        )
        raise typer.Exit(DIFFERS)
    if not as_json:
        say(f"stack {name}: all {len(findings)} objects are in sync", "green")


def _row(job: JobNow) -> tuple[str, ...]:
    next_run = _short(job.next_run) if job.active else "paused"
    return job.name, job.schedule, next_run, _short(job.last_run), job.verdict or ""


def _short(time: datetime | None) -> str:
    """Month, day, hour and minute: as much as fits beside the rest in 80 columns."""
    return f"{time:%m-%d %H:%M}" if time else ""


def compare_declared(config: Config, state: tuple[StateResource, ...], database: Database) -> Iterator[Comparison]:
    """One finding for each object that is declared, stored in the state, or marked as this stack's in the database."""
    declared = declare(config)
    for word, wanted in by_kind(declared).items():
        kind = KINDS[word]
        stored = {resource.id: resource.outputs for resource in state if resource.kind == word}
        live = {scope: snapshot(kind, database, scope) for scope in {kind.scope(args) for args in wanted}}
        for args in wanted:
            identity = kind.identity(args)
            yield _finding(word, kind, args, live[kind.scope(args)].get(identity), stored.pop(identity, None))
        for identity in stored:
            yield Comparison(word, identity, "undeclared", ("in the state, but not declared any more",))
        if isinstance(kind, CronJobKind):
            known = {*declared.own_jobs, *declared.jobs, *stored}
            yield from stray_jobs(str(config.stack), live.get(None, {}), known)


def _finding(
    word: str, kind: ObjectKind[Any, Any], args: Args, live: object | None, outputs: Mapping[str, Any] | None
) -> Comparison:
    name = kind.identity(args)
    if live is None:
        return Comparison(word, name, "missing", ("not in the database",))
    if outputs is None:
        return Comparison(word, name, "not deployed", (NOT_IN_STATE,))
    details = [_difference_text(difference) for difference in kind.differences(args, live)]
    stored = _inputs(type(args), outputs)
    for key, wanted in args.properties(without=kind.ignored_in_diff).items():
        if stored.get(key) != wanted:
            sides = (
                ""
                if key in kind.secrets or key == "command"
                else f": declared {shortened(wanted)}, {shortened(stored.get(key))}"
            )
            details.append(f"{key} in the state is not the declared one{sides}")
    return Comparison(word, name, "differs" if details else "in sync", tuple(details))


def _difference_text(difference: Difference) -> str:
    name, wanted, found, lines, newer = difference
    if newer:
        return newer_sentence([difference])
    if lines is not None:
        return f"{name}: another in the database (- declared, + there, <…> for what may be a value):\n{lines}"
    return f"{name}: declared {shortened(wanted)}, in the database {shortened(found)}"


def _inputs(model: type[Args], outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The inputs that the state holds; those that an earlier version did not know are their defaults, as at preview."""
    try:
        return model.from_properties(outputs).properties()
    except UnreadableState:
        return outputs


def jobs_now(
    config: Config, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[JobNow]:
    """The declared jobs as they live, with their next and their last run."""
    live = snapshot(CronJobKind(), database, None)
    zone = read_zone(database)
    last: dict[str, JobStatus] = {}
    with suppress(NoLedger):
        last = {job.job: job for job in job_status(database, config.settings.schema_name)}
    for name in config.catalogue.jobs:
        if (job := live.get(name)) is not None:
            runs = upcoming_runs(job.schedule, active=job.active, after=now(), count=1, tz=zone)
            run = last.get(name)
            yield JobNow(
                name,
                job.jobid,
                job.schedule,
                job.active,
                runs[0] if runs else None,
                run.fired_at.astimezone(UTC) if run and run.fired_at else None,
                run.state if run else None,
            )
