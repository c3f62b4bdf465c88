"""``cronctl lint``, ``init``, ``export`` and ``report``: what reads or writes a file."""

from pathlib import Path
from typing import Annotated

import typer

from cronctl import late
from cronctl.command_line.opening import open_declared
from cronctl.command_line.options import (
    CATALOGUE,
    DatabaseOption,
    DeclaredStackOption,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StackOption,
)
from cronctl.engine_runs import engine_runs_end
from cronctl.output import errors_as_sentences


def lint(
    catalogue: Annotated[Path, typer.Argument(help="The catalogue's file, in the project's folder.")] = CATALOGUE,
    *,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Check a catalogue as each preview does, as far as that takes no stack: no engine and no database is asked.

    What only a stack has, overrides and the secrets' values, is looked at by pulumi preview.

    Exit status: 0 no mistake (warnings allowed), 1 mistakes, 2 wrong command line or no such file.
    """
    path = project / catalogue
    if not path.is_file():
        raise typer.BadParameter(f"there is no file {path}; cronctl init writes one to begin with")
    late.lint.lint(path, project, as_json=as_json)


def init(
    catalogue: Annotated[Path, typer.Argument(help="The file to write, in the project's folder.")] = CATALOGUE,
    project: ProjectOption = Path(),
) -> None:
    """Write a catalogue to begin with, of two secrets and one job, and a Pulumi project where the folder has none.

    Nothing that exists is touched. It ends with what to type next.

    Exit status: 0 it is written, 2 wrong command line, 3 it could not be.
    """
    with errors_as_sentences():
        late.init.init(catalogue, project)


def export(
    stack: DeclaredStackOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="The file to write; stdout without it.")
    ] = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there with another text.")] = False,
    project: ProjectOption = Path(),
) -> None:
    """All that a stack declares as an SQL migration, which makes it without Pulumi. Needs no database.

    For supabase/migrations or psql --single-transaction. The secrets' values are never in it: it declares the keys and
    says how to set each; until then the jobs that read it fail and send nothing.

    Exit status: 0 it is written, 2 wrong command line, 3 it could not be.
    """
    with errors_as_sentences(), engine_runs_end():
        asked = late.stack_values.ask_values(stack, project.resolve())
        late.export.export(asked, output, force=force)


def report(
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to; - is stdout.")] = Path(
        "report.html"
    ),
    days: Annotated[int, typer.Option("--days", min=1, max=90, help="How far back it looks at runs.")] = 7,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The same data as one JSON document on stdout.")] = False,
    project: ProjectOption = Path(),
) -> None:
    """Write a report as one HTML file that needs nothing else: schedules, runs, failures, the lock-down.

    It holds no secret, no command and no answer's body, and loads nothing from anywhere.

    Exit status: 0 it is written, whatever it says, 2 wrong command line, 3 it could not be found out or written.
    """
    with errors_as_sentences(), open_declared(stack, schema, project) as target:
        late.report.report(target, project, days=days, output=None if as_json else output)
