"""``cronctl trigger``, ``pause`` and ``resume``."""

from pathlib import Path
from typing import Annotated

import typer

from cronctl import late
from cronctl.command_line.opening import open_declared
from cronctl.command_line.options import (
    DatabaseOption,
    JobArgument,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StackOption,
    span,
)
from cronctl.output import errors_as_sentences

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
    with errors_as_sentences(), open_declared(stack, schema, project, declared=bool(values)) as target:
        late.job_commands.trigger(target, job, values, patience=patience if wait else None, as_json=as_json)


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
    with errors_as_sentences(), open_declared(stack, schema, project) as target:
        late.job_commands.switch(target, job, active=False, as_json=as_json)


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
    with errors_as_sentences(), open_declared(stack, schema, project) as target:
        late.job_commands.switch(target, job, active=True, as_json=as_json)


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
