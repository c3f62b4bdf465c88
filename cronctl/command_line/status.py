"""``cronctl status`` and ``next``."""

from pathlib import Path
from typing import Annotated

import typer

from cronctl import late
from cronctl.command_line.opening import open_target
from cronctl.command_line.options import (
    AnyJobArgument,
    DatabaseOption,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StackOption,
)
from cronctl.output import errors_as_sentences


def status(
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    *,
    with_foreign: Annotated[
        bool, typer.Option("--all", help="Also the jobs that others made: by hand, by a migration, by another stack.")
    ] = False,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """How each job stands: its next run, its last run's true verdict, and whether scheduler and worker are alive.

    Exit status: 0 all is well, 1 a job's last run failed, a job is not as it was declared, something is not alive or a
    JWT has expired, 2 wrong command line, 3 it could not be found out.
    """
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        late.status.status(target, with_foreign=with_foreign, as_json=as_json)


def next_runs(
    job: AnyJobArgument = None,
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
        late.status.next_runs(target, job, count, as_json=as_json)
