"""All commands as one group, each imported when it is called or its own help is asked for.

The list of them comes from the table, so that ``cronctl --help`` and a mistake in a command's name import none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from components.values.visible_text import visible_text
from cronctl.command_line.plain_values import PlainlyRead
from cronctl.command_line.table import COMMANDS, Entry
from cronctl.output import print_errors

HELP_OPTIONS: dict[str, Any] = {"help_option_names": ["--help", "-h"]}

_ENTRIES = {entry.name: entry for entry in COMMANDS}


class Command(PlainlyRead, TyperCommand):
    """A command, as it is called."""


class Commands(PlainlyRead, TyperGroup):
    """All commands; what their usage errors quote of the command line is shown and does not act."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**settings)
        self.commands = {entry.name: TyperCommand(entry.name, help=entry.help) for entry in COMMANDS}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - typer's own types are not public
        """The command, imported now; None where there is none of that name."""
        return command(entry) if (entry := _ENTRIES.get(cmd_name)) else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """The commands with their sentences, which typer would cut at the line's end."""
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.help) for entry in COMMANDS])

    def make_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with _quoted_visibly():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        with _quoted_visibly():
            return super().invoke(ctx)


def command(entry: Entry) -> Any:  # noqa: ANN401 - typer's own types are not public
    """A command of typer's, with what can be typed after its name."""
    app = typer.Typer(add_completion=False, context_settings=HELP_OPTIONS, rich_markup_mode=None)
    app.command(entry.name, cls=Command)(getattr(import_module(f"cronctl.command_line.{entry.module}"), entry.function))
    return typer.main.get_command(app)


@contextmanager
def _quoted_visibly() -> Iterator[None]:
    try:
        yield
    except Exception as exc:
        if isinstance(message := getattr(exc, "message", None), str):  # so says each error that typer prints
            print_errors([exc.format_message()], exc.exit_code)  # type: ignore[attr-defined]
            exc.message = visible_text(message)  # type: ignore[attr-defined]
        raise
