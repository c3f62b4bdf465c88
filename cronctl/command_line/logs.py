"""``cronctl logs``."""

from pathlib import Path
from typing import Annotated

import typer

from cronctl import late
from cronctl.command_line.opening import open_target
from cronctl.command_line.options import AnyJobArgument, DatabaseOption, ProjectOption, SchemaOption, StackOption
from cronctl.output import errors_as_sentences


def logs(
    job: AnyJobArgument = None,
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Stay, and print each run as it changes.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, max=10_000, help="How many runs to begin with.")] = 20,
    settle: Annotated[
        bool,
        typer.Option(
            "--settle/--no-settle", help="With --follow: ask for verdicts at once, or leave them to the sweep."
        ),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines: one object a run.")] = False,
    project: ProjectOption = Path(),
) -> None:
    """Runs as a log, oldest first, a line each: when it fired (UTC), its number, job, state, status, time and detail.

    With --follow it stays until Ctrl-C and prints a run again at each change of its state. While a run is on its way it
    has the ledger judge what came back, as the sweep does every minute; with --no-settle, or as a role that may not, it
    only reads, and a verdict shows up to a minute later. Without --follow it never writes.

    Exit status: 0 also without any run, 2 wrong command line, 3 it could not be found out, 130 ended by Ctrl-C.
    """
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        late.logs.logs(target, job, follow=follow, limit=limit, settle=settle, as_json=as_json)
