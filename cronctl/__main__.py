"""cronctl: what people run after ``pulumi up``. Talk on stderr, data on stdout."""

from typing import Annotated

import typer

from components.process import tune_process
from cronctl import __version__
from cronctl.command_line.group import HELP_OPTIONS, Commands
from cronctl.output import escape_what_stdout_lacks

app = typer.Typer(
    name="cronctl",
    cls=Commands,
    help="Look after the scheduled jobs that a stack declares.",
    context_settings=HELP_OPTIONS,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _all_commands(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    pass


def main() -> None:
    """The console script's entry."""
    tune_process()
    escape_what_stdout_lacks()
    app()


if __name__ == "__main__":
    main()
