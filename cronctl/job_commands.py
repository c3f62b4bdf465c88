"""``cronctl trigger``, ``pause`` and ``resume``: what people do to a job by hand."""

from pathlib import Path
from typing import Annotated

import typer

from components.declaration.command import compile_command
from components.errors import Error, InvalidConfiguration
from components.operations.job_inputs import with_inputs
from components.operations.pause_resume import living_job, set_active
from components.operations.run_now import await_verdict, run_now
from components.runs.history import BAD, OPEN
from components.values.duration import in_words
from components.values.suggestion import nearest
from cronctl.history import advice, document, print_runs
from cronctl.output import CANNOT_TELL, DIFFERS, errors_as_sentences, print_json, say
from cronctl.target import (
    DatabaseOption,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StackOption,
    Target,
    named,
    open_target,
    span,
)

JobArgument = Annotated[str, typer.Argument(help="The job's name.", callback=named)]
DEFAULT_TIMEOUT = "200s"


def trigger(
    job: JobArgument,
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    *,
    given: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A value for an input of the job.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for what the endpoint answers.")] = True,
    timeout: Annotated[str, typer.Option("--timeout", help="How long to wait at most: 30s, 5m.")] = DEFAULT_TIMEOUT,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Run a job now, as pg_cron would, and tell what came of it: the manual dispatch.

    With --set values of the inputs go into its body that the stack declares for the job: the one named with --stack, or
    the selected one. It is written down in the ledger like any run.

    Exit status: 0 it did its work (or was queued, with --no-wait), 1 it did not, 2 wrong command line, 3 it could not
    be run or had not ended in time.
    """
    values, patience = _values(given or []), span(timeout, "--timeout")
    with errors_as_sentences(), open_target(stack, schema, project, declared=bool(values)) as target:
        run = run_now(target.database, _command(target, job, values), job=job, schema=target.schema)
        if run is None:
            say(f"the statement of {job!r} succeeded; there is no ledger to write it down in", "green")
            if as_json:
                print_json({"run": None, "state": "ok"})
            return
        say(f"{job!r} is run {run}")
        if not wait:
            if as_json:
                print_json({"run": run})
            return
        try:
            found = await_verdict(target.database, target.schema, run, patience)
        except KeyboardInterrupt:
            raise Error(f"interrupted; the run goes on, see: cronctl show {run}") from None
    if as_json:
        print_json(document(found))
    else:
        print_runs(f"Run {run} (times in UTC)", [found])
        for text in advice([found]):
            say(text)
    if found.state in OPEN:
        say(f"cronctl: no answer within {in_words(patience)}; the run goes on, see: cronctl show {run}", "red")
        raise typer.Exit(CANNOT_TELL)
    if found.state in BAD:
        raise typer.Exit(DIFFERS)


def pause(
    job: JobArgument,
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    *,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Pause a job in the database, at once. A run of it that is under way is cancelled.

    The next preview shows it as drift, and pulumi up resumes it, unless the stack declares active: false.

    Exit status: 0 it is paused, 2 wrong command line, 3 it could not be done.
    """
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        _switch(target, job, active=False, as_json=as_json)


def resume(
    job: JobArgument,
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    *,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Let a paused job run again, from its next time on.

    Exit status: 0 it is active, 2 wrong command line, 3 it could not be done.
    """
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        _switch(target, job, active=True, as_json=as_json)


def _switch(target: Target, name: str, *, active: bool, as_json: bool) -> None:
    word = "active" if active else "paused"
    job = living_job(target.database, name)
    changed = job.active is not active
    if changed:
        set_active(target.database, job, active=active)
    if as_json:
        print_json({"job": name, "active": active, "changed": changed})
    if not changed:
        say(f"{name!r} is {word} already; nothing has changed")
        return
    say(f"{name!r} is {word} in the database", "green")
    declared = target.config.catalogue.jobs.get(name) if target.config else None
    if declared is None or declared.active is not active:
        say(f"pulumi up puts back what the stack declares; to keep it, set active: {str(active).lower()} there")


def _command(target: Target, name: str, values: dict[str, str]) -> str:
    """What lives, so that a trigger tries what pg_cron runs; with inputs, what is declared."""
    if not values or target.config is None:
        return living_job(target.database, name).command
    jobs = target.config.catalogue.jobs
    if (job := jobs.get(name)) is None:
        raise InvalidConfiguration(
            [f"job {name!r} is not declared in {target.config.settings.catalogue}{nearest(name, jobs)}"]
        )
    stack = str(target.config.stack)
    return compile_command(name, with_inputs(name, job, values), stack=stack, schema=target.schema)


def _values(given: list[str]) -> dict[str, str]:
    values = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="--set")
        if key in values:
            raise typer.BadParameter(f"{key!r} is given twice", param_hint="--set")
        values[key] = value
    return values
