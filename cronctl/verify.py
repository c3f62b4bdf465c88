"""``cronctl verify``: what is declared, what the state says and what the database has, held against each other."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from components.args import Args
from components.config import Config
from components.connection import Database
from components.cron_job import CronJobKind
from components.declaration import declare
from components.errors import UnreadableState
from components.kinds import KINDS, by_kind
from components.ledger_reading import NoLedger
from components.object_kind import ObjectKind, shown, snapshot
from components.runs import job_status
from components.schedule import foretold
from components.zone import read_zone
from cronctl.findings import NOT_IN_STATE, Finding, print_findings, stray_jobs
from cronctl.output import DIFFERS, errors_as_sentences, print_json, print_table, say
from cronctl.stack import StateResource, read_stack
from cronctl.target import JsonOption, ProjectOption, named, open_database


class JobNow(NamedTuple):
    """A job as it is in the database, for the eye; ``verdict`` is what came of its last run that has ended."""

    name: str
    jobid: int
    schedule: str
    active: bool
    next_run_utc: str | None
    last_run_utc: str | None
    verdict: str | None


def verify(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack to verify.", callback=named)],
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Hold what is declared, what the state says and what the database has against each other.

    Exit status: 0 all the same, 1 something differs, 2 wrong command line, 3 it could not be found out.
    """
    with errors_as_sentences():
        found = read_stack(stack, project.resolve())
        with open_database(found.config.settings) as database:
            findings = list(compare(found.config, found.state, database))
            jobs = list(jobs_now(found.config, database))
    same = all(finding.status == "in sync" for finding in findings)
    if as_json:
        print_json(
            {
                "stack": stack,
                "inSync": same,
                "objects": [finding._asdict() for finding in findings],
                "jobs": [job._asdict() for job in jobs],
            }
        )
    else:
        print_findings(f"Objects of stack {stack}", findings)
        print_table(
            "Jobs (times in UTC)",
            ("job", "schedule", "next run", "last run", "verdict"),
            [
                (
                    job.name,
                    job.schedule,
                    _short(job.next_run_utc) if job.active else "paused",
                    _short(job.last_run_utc),
                    job.verdict or "",
                )
                for job in jobs
            ],
        )
    if not same:
        say("what is declared and what is there differ; pulumi preview tells what up would do about it", "yellow")
        raise typer.Exit(DIFFERS)


def _short(time: str | None) -> str:
    """Month, day, hour and minute: as much as fits beside the rest in 80 columns."""
    return time[5:16] if time else ""


def compare(config: Config, state: tuple[StateResource, ...], database: Database) -> Iterator[Finding]:
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
            yield Finding(word, identity, "undeclared", ("in the state, but not declared any more",))
        if isinstance(kind, CronJobKind):
            known = {*declared.own_jobs, *declared.jobs, *stored}
            yield from stray_jobs(str(config.owner), live.get(None, {}), known)


def _finding(
    word: str, kind: ObjectKind[Any, Any], args: Args, live: object | None, outputs: Mapping[str, Any] | None
) -> Finding:
    name = kind.identity(args)
    if live is None:
        return Finding(word, name, "missing", ("not in the database",))
    if outputs is None:
        return Finding(word, name, "not deployed", (NOT_IN_STATE,))
    details = [
        f"{prop}: declared {shown(wanted)}, in the database {shown(found)}"
        for prop, wanted, found in kind.differences(args, live)
    ]
    stored = _inputs(type(args), outputs)
    for key, wanted in args.properties(without=kind.directives).items():
        if stored.get(key) != wanted:
            sides = (
                ""
                if key in kind.secrets or key == "command"
                else f": declared {shown(wanted)}, {shown(stored.get(key))}"
            )
            details.append(f"{key} in the state is not the declared one{sides}")
    return Finding(word, name, "differs" if details else "in sync", tuple(details))


def _inputs(model: type[Args], outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """The inputs that the state holds; those that an earlier version did not know are their defaults, as at preview."""
    try:
        return model.from_properties(outputs).properties()
    except UnreadableState:
        return model.known(outputs)


def jobs_now(
    config: Config, database: Database, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[JobNow]:
    """The declared jobs as they live, with their next and their last run."""
    live = snapshot(CronJobKind(), database, None)
    zone = read_zone(database)
    try:
        last = {job.job: job for job in job_status(database, config.settings.schema_name)}
    except NoLedger:
        last = {}
    for name in config.catalogue.jobs:
        if (job := live.get(name)) is not None:
            runs = foretold(job.schedule, now(), 1, zone) if job.active else []
            run = last.get(name)
            yield JobNow(
                name,
                job.jobid,
                job.schedule,
                job.active,
                f"{runs[0]:%Y-%m-%d %H:%M:%S}" if runs else None,
                f"{run.fired_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if run and run.fired_at else None,
                run.state if run else None,
            )
