"""``cronctl export``: what a stack declares as an SQL migration, for whoever deploys without Pulumi."""

from pathlib import Path
from typing import Annotated

import typer

from components.catalogue.stack_config import Config
from components.declaration.migration import migration
from cronctl.output import errors_as_sentences, print_file, say
from cronctl.stack import read_stack
from cronctl.target import DeclaredStackOption, ProjectOption
from cronctl.whole_file import write_whole


def export(
    stack: DeclaredStackOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", dir_okay=False, help="The file to write; stdout without it.")
    ] = None,
    project: ProjectOption = Path(),
) -> None:
    """All that a stack declares as an SQL migration, which makes it without Pulumi. Needs no database.

    For supabase/migrations or psql --single-transaction. The secrets' values are never in it: it declares the keys and
    says how to set each; until then the jobs that read it fail and send nothing.

    Exit status: 0 it is written, 2 wrong command line, 3 it could not be.
    """
    with errors_as_sentences():
        config = read_stack(stack, project.resolve()).config
        text = migration(config)
        if output is not None:
            write_whole(output, text)
    if output is None:
        print_file(text)
    _say_what_is_left(config, output)


def _say_what_is_left(config: Config, output: Path | None) -> None:
    if output is not None:
        say(f"{output} is written, with {len(config.catalogue.jobs)} jobs", "green")
    if secrets := list(config.catalogue.secrets):
        say(f"to be set once it has run, since no value is in it: {', '.join(secrets)}")
