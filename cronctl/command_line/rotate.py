"""``cronctl rotate``."""

from pathlib import Path
from typing import Annotated

import typer

from cronctl import late
from cronctl.command_line.opening import open_declared
from cronctl.command_line.options import (
    DatabaseOption,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StackOption,
    named,
)
from cronctl.output import errors_as_sentences, has_terminal, interrupted


def rotate(
    key: Annotated[str, typer.Argument(help="The secret's key. The value is never an argument.", callback=named)],
    *,
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    generate: Annotated[
        bool,
        typer.Option("--generate", help="Make up a random value (of a token); a terminal shows it once, or --save it."),
    ] = False,
    save: Annotated[
        Path | None, typer.Option("--save", help="Where to write the generated value, for the side that checks it.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Make the previous value current again.")] = False,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Rotate a secret: the value comes from a prompt, from stdin or from a generator.

    Where a probe is declared for the secret, the new value is tried against it first and becomes current only if it
    succeeds; otherwise the current one stays. The previous value is kept for the secret's grace time.

    Exit status: 0 the value is current, 1 it was refused, 2 wrong command line, 3 it could not be done.
    """
    if undo and generate:
        raise typer.BadParameter(
            "restores the previous value and needs no new one; leave out --generate", param_hint="--undo"
        )
    if save and not generate:
        raise typer.BadParameter("is for a generated value; add --generate", param_hint="--save")
    if generate and not save and (as_json or not has_terminal()):
        raise typer.BadParameter(
            "would make a value current that nobody knows; name a file for it with --save", param_hint="--generate"
        )
    with (
        errors_as_sentences(),
        interrupted("nothing has changed"),
        open_declared(stack, schema, project) as target,
    ):
        outcome = late.rotate.rotate(target, key, generate=generate, save=save, undo=undo)
    late.rotate.tell(outcome, target.config, as_json=as_json)
