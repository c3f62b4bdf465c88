"""``cronctl import …``: what runs elsewhere, as entries of the catalogue."""

from pathlib import Path
from typing import Annotated

import typer

from cronctl import late
from cronctl.command_line.opening import open_target
from cronctl.command_line.options import (
    CATALOGUE,
    DatabaseOption,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StackOption,
)
from cronctl.output import errors_as_sentences

CatalogueOption = Annotated[Path, typer.Option("--catalogue", help="The catalogue's file, in the project's folder.")]
WriteOption = Annotated[bool, typer.Option("--write", help="Write the entries, all or none of them.")]


def import_database(
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    catalogue: CatalogueOption = CATALOGUE,
    *,
    write: WriteOption = False,
    force: Annotated[
        bool, typer.Option("--force", help="Take a request that was probably meant for a command that fails.")
    ] = False,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Jobs that a database has already as entries of the catalogue: requests where these are exactly the same, else
    SQL as it is.

    The database is only read, no command is run, and no value of a secret is read or shown.

    Exit status: 0 all jobs are carried over, 1 some are not, 2 wrong command line, 3 it could not be read or written.
    """
    with errors_as_sentences(), open_target(stack, schema, project) as target:
        late.import_database.import_database(target, project, catalogue, write=write, force=force, as_json=as_json)


def import_workflows(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="Workflow files, a folder of them, or a repository's root.")
    ],
    catalogue: CatalogueOption = CATALOGUE,
    *,
    write: WriteOption = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also entries that would not do the same: paused, with the reasons.")
    ] = False,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Scheduled GitHub Actions workflows as entries of the catalogue, where these do the same, and why the others do
    not.

    Nothing is run, and nobody is asked: GitHub's values stay where they are, and the last lines say how to set them.

    Exit status: 0 all calls are carried over, 1 some are not, 2 wrong command line, 3 it could not be read or written.
    """
    with errors_as_sentences():
        late.import_workflows.import_workflows(paths, project, catalogue, write=write, force=force, as_json=as_json)
