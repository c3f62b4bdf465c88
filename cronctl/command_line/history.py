"""``cronctl history``, ``failures`` and ``show``."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from components.runs.states import STATES
from cronctl import late
from cronctl.command_line.opening import open_target
from cronctl.command_line.options import (
    LONGEST,
    AnyJobArgument,
    DatabaseOption,
    JsonOption,
    LimitOption,
    ProjectOption,
    SchemaOption,
    StackOption,
    named,
    span,
)
from cronctl.output import errors_as_sentences


def _states(given: list[str]) -> list[str]:
    if unknown := [state for state in given if state not in STATES]:
        raise typer.BadParameter(f"{unknown[0]!r} is no state; there is {', '.join(STATES)}")
    return given


def history(
    job: AnyJobArgument = None,
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
        late.history.show_history(target, job=job, states=states, secret=secret, limit=limit, as_json=as_json)


def failures(
    job: AnyJobArgument = None,
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
        late.history.show_failures(target, job=job, begin=begin, since=since, limit=limit, as_json=as_json)


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
        late.history.show_run(target, run, as_json=as_json)
