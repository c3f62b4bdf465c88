"""``cronctl verify``, ``drift`` and ``doctor``: what may not be as it should."""

from pathlib import Path
from typing import Annotated

import typer

from cronctl import late
from cronctl.command_line.opening import open_deployment, open_target
from cronctl.command_line.options import (
    DatabaseOption,
    DeclaredStackOption,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StackOption,
)
from cronctl.output import errors_as_sentences


def verify(
    stack: DeclaredStackOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
    *,
    show_all: Annotated[
        bool, typer.Option("--all", "-a", help="Also the objects that are in sync, a line each.")
    ] = False,
) -> None:
    """Hold what is declared, what the state says and what the database has against each other.

    Exit status: 0 all the same, 1 something differs, 2 wrong command line, 3 it could not be found out.
    """
    with errors_as_sentences(), open_deployment(stack, project) as asked:
        late.verify.verify(asked, as_json=as_json, show_all=show_all)


def drift(
    stack: DeclaredStackOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """What was changed in the database since the last pulumi up: the state held against what is there.

    What is declared and not deployed yet is no drift; cronctl verify tells that, too.

    Exit status: 0 no drift, 1 something was changed, 2 wrong command line, 3 it could not be found out.
    """
    with errors_as_sentences(), open_deployment(stack, project) as asked:
        late.drift.drift(asked, as_json=as_json)


def doctor(
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Look at who can read secrets, at the linter's rules, and at jobs that are dead or hold keys.

    Exit status: 0 all is well (notes allowed), 1 a problem, 2 wrong command line, 3 it could not be found out.
    """
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        late.doctor.doctor(target, as_json=as_json)
