"""Everything that cronctl prints: data on stdout, talk on stderr, colours on a terminal alone."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.errors import Error

DIFFERS = 1
"""Exit status: what is declared, stored and living is not the same."""

CANNOT_TELL = 3
"""Exit status: it could not be found out, for the reason on stderr. (2 is a wrong command line.)"""

PIPE_CLOSED = 141
"""Exit status: whoever read stdout has gone, as head does; a shell's own for what ends of SIGPIPE."""


class _Data(Console):
    """Stdout; rich itself would end with 1, which here says that something differs."""

    def on_broken_pipe(self) -> None:
        _end_for_want_of_a_reader()


def _end_for_want_of_a_reader() -> NoReturn:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # where Python flushes to when it ends
    raise SystemExit(PIPE_CLOSED)


_data = _Data(soft_wrap=False)
_talk = Console(stderr=True)


def print_text(text: str) -> None:
    """A text as it is on stdout."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()  # before the talk on stderr, where both go one way
    except BrokenPipeError:
        _end_for_want_of_a_reader()


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    print_text(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def print_json_line(value: object) -> None:
    """One JSON document in a line of its own on stdout, at once."""
    print_text(json.dumps(value, ensure_ascii=False, default=str) + "\n")


def print_line(*parts: tuple[str, str | None]) -> None:
    """A line on stdout of texts with their styles, at once, and as long as it is on any terminal."""
    line = Text.assemble(*((text, style or "") for text, style in parts))
    line.rstrip()
    _data.print(line, soft_wrap=True)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on stdout, wrapped to the terminal."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    _data.print(table)


def say(text: str, style: str | None = None) -> None:
    """A line on stderr."""
    _talk.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """End with one sentence per mistake and status CANNOT_TELL where a command fails."""
    try:
        yield
    except Error as error:
        for line in str(error).splitlines():
            say(f"cronctl: {line}", style="red")
        raise typer.Exit(CANNOT_TELL) from None
