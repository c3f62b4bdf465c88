"""``cronctl drift``: what was changed in the database since the last ``pulumi up``, whatever is declared meanwhile."""

import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import typer

from components.catalogue.stack_config import Config
from components.database.connection import Database
from components.declaration.declared_objects import declare
from components.errors import UnreadableState
from components.objects.all_kinds import KINDS
from components.objects.cron_job import CronJobKind, LiveJob
from components.objects.object_kind import Difference, ObjectKind, drift_sentence, snapshot
from components.objects.overview import readings
from components.objects.stack_mark import stack_of
from components.runs.foreign_jobs import ForeignJob, foreign_jobs, foreign_jobs_query
from cronctl.comparison import NOT_IN_STATE, Comparison, jobs_of_other_stacks, print_comparisons, stray_jobs
from cronctl.output import CANNOT_TELL, DIFFERS, print_json, say
from cronctl.stack import StateResource, config_of, state_of
from cronctl.stack_values import AskedDeployment
from cronctl.target import connected

SHOWN = 5
"""Names of foreign jobs that a note lists at most."""


def drift(asked: AskedDeployment, *, as_json: bool) -> None:
    """Print what was changed in the database since the last up; ends with DIFFERS where something was. Raises Error."""
    config = config_of(asked.values())
    with connected(config.settings.conninfo(os.environ)) as database:
        state = state_of(asked.exported())
        schemas = [config.settings.schema_name, *_schemas(state)]
        with database.reading_ahead([reading.script() for reading in readings(schemas)], [foreign_jobs_query()]):
            findings = list(compare_state(config, state, database))
            live = _jobs(database)
            others = jobs_of_other_stacks(config.stack, live)
            marked = {job.jobid for name, job in live.items() if stack_of(job.command, name)}
            foreign, _ = foreign_jobs(database, marked)  # what cannot be read is among the findings
    changed = [finding for finding in findings if finding.status != "in sync"]
    unknown = [finding for finding in changed if finding.status == "cannot tell"]
    if as_json:
        objects = {"drift": len(changed) > len(unknown), "objects": [finding._asdict() for finding in findings]}
        more = {"other_stacks": others, "foreign_jobs": [job._asdict() for job in foreign]}
        print_json({"stack": config.stack.name, **objects, **more})
    elif changed:
        since = f"since the last pulumi up of stack {config.stack.name}"
        print_comparisons(f"Changed in the database {since}", changed)
    _conclude(state, findings, changed, others, foreign)
    if changed:
        raise typer.Exit(DIFFERS if len(changed) > len(unknown) else CANNOT_TELL)


def _schemas(state: Iterable[StateResource]) -> Iterator[str]:
    """The schemas in which the state has objects."""
    for resource in state:
        if (kind := KINDS.get(resource.kind)) is not None and kind.in_schema:
            with suppress(UnreadableState):
                yield str(kind.scope(kind.args.from_properties(resource.outputs)))


def compare_state(config: Config, state: Sequence[StateResource], database: Database) -> Iterator[Comparison]:
    """One finding for each object in the state, and for each job that has this stack's mark and is not there."""
    for resource in state:
        if (kind := KINDS.get(resource.kind)) is not None:
            yield _finding(kind, resource, database)
    name = str(config.stack)
    ours = {job_name: job for job_name, job in _jobs(database).items() if stack_of(job.command, job_name) == name}
    stored = {resource.id for resource in state if resource.kind == "CronJob"}
    declared = declare(config)
    waiting = {*declared.own_jobs, *declared.jobs} - stored
    for job_name in sorted(waiting & set(ours)):
        yield Comparison("CronJob", job_name, "not deployed", (NOT_IN_STATE,))
    yield from stray_jobs(name, ours, stored | waiting)


def _finding(kind: ObjectKind[Any, Any], resource: StateResource, database: Database) -> Comparison:
    try:
        state = kind.args.from_properties(resource.outputs)
    except UnreadableState as exc:
        return Comparison(resource.kind, resource.id, "cannot tell", (str(exc),))
    live = snapshot(kind, database, kind.scope(state)).get(kind.identity(state))
    if live is None:
        return Comparison(resource.kind, resource.id, "missing", ("gone from the database",))
    drifted = kind.drift(state, live)
    details = tuple(_drift_line(kind, resource.id, difference) for difference in drifted)
    changed = any(not difference.newer for difference in drifted)
    return Comparison(resource.kind, resource.id, "differs" if changed else "in sync", details)


def _drift_line(kind: ObjectKind[Any, Any], name: str, difference: Difference) -> str:
    if isinstance(kind, CronJobKind) and difference.name == "active":
        return (
            f"resumed there, paused in the state; cronctl pause {shlex.quote(name)} pauses it again"
            if difference.found
            else f"paused there, active in the state; cronctl resume {shlex.quote(name)} lets it run again"
        )
    return drift_sentence(difference)


def _jobs(database: Database) -> Mapping[str, LiveJob]:
    return snapshot(CronJobKind(), database, None)


def _conclude(
    state: Sequence[StateResource],
    findings: Sequence[Comparison],
    changed: Sequence[Comparison],
    others: Mapping[str, Any],
    foreign: Sequence[ForeignJob],
) -> None:
    """What there is to say beside the data."""
    for finding in findings:
        if finding.status == "in sync":
            for detail in finding.details:
                say(f"note: {finding.kind} {finding.name}: {detail}; pulumi up installs it")
    if foreign:
        names = ", ".join(job.title for job in foreign[:SHOWN])
        more = f" and {len(foreign) - SHOWN} more" if len(foreign) > SHOWN else ""
        say(f"note: no stack declares {names}{more}, which pg_cron runs as well; cronctl status --all tells of them")
    for name, jobs in others.items():
        say(f"note: the stack {name} of this project has jobs in this database, too: {', '.join(jobs)}")
    if not state:
        say("nothing of this stack is in its state; pulumi up deploys it", "yellow")
    if changed:
        say("pulumi up makes it again what is declared, but for secrets that were rotated here", "yellow")
    elif state:
        say(f"no drift: {len(findings)} objects are as the last pulumi up left them", "green")
