"""All commands as one group, each imported when it is called or its own help is asked for.

Commands of two words, such as ``import workflows``, are a group of their first word. The list of them comes from the
table, so that ``cronctl --help`` and a mistake in a command's name import none.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from components.values.visible_text import visible_text
from cronctl.command_line.plain_values import PlainlyRead
from cronctl.command_line.table import COMMANDS, GROUPS, Entry
from cronctl.output import print_errors

HELP_OPTIONS: dict[str, Any] = {"help_option_names": ["--help", "-h"]}

_ENTRIES = {entry.name: entry for entry in COMMANDS}


class Command(PlainlyRead, TyperCommand):
    """A command, as it is called."""


class Commands(PlainlyRead, TyperGroup):
    """All commands; what their usage errors quote of the command line is shown and does not act.

    ``above`` is the first word of commands of two words, where the group is of these alone.
    """

    def __init__(self, above: str = "", **settings: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**settings)
        self.above = above
        self.entries = [entry for entry in COMMANDS if not above or entry.name.startswith(f"{above} ")]
        self.commands = {}
        for entry in self.entries:
            word = entry.name.removeprefix(f"{above} ").split()[0]
            self.commands.setdefault(word, TyperCommand(word, help=entry.help))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - typer's own types are not public
        """The command, imported now, or the group of that first word; None where there is none of that name."""
        if entry := _ENTRIES.get(f"{self.above} {cmd_name}".lstrip()):
            return command(entry)
        if self.above or cmd_name not in self.commands:
            return None
        return Commands(
            above=cmd_name,
            name=cmd_name,
            help=GROUPS[cmd_name],
            no_args_is_help=True,
            context_settings=HELP_OPTIONS,
            rich_markup_mode=None,
        )

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """The commands with their sentences, which typer would cut at the line's end."""
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name.removeprefix(f"{self.above} "), entry.help) for entry in self.entries])

    def make_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        with _quoted_visibly():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401
        with _quoted_visibly():
            return super().invoke(ctx)


def command(entry: Entry) -> Any:  # noqa: ANN401 - typer's own types are not public
    """A command of typer's, with what can be typed after its name."""
    app = typer.Typer(add_completion=False, context_settings=HELP_OPTIONS, rich_markup_mode=None)
    app.command(entry.name.split()[-1], cls=Command)(
        getattr(import_module(f"cronctl.command_line.{entry.module}"), entry.function)
    )
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
