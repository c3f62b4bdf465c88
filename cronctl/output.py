"""Everything that cronctl prints: data on stdout, talk on stderr, colours on a terminal alone.

Nothing of what is printed is markup or acts on the terminal, whoever wrote it (components/values/visible_text.py).
"""

import json
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from io import TextIOWrapper
from typing import NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.errors import Error, UnknownName
from components.values.visible_text import visible_json, visible_line, visible_text
from cronctl.colours import COLOURED, style_of
from cronctl.columns import GAP, widths

DIFFERS = 1
"""Exit status: what is declared, stored and living is not the same."""

CANNOT_TELL = 3
"""Exit status: it could not be found out, for the reason on stderr."""

WRONG_COMMAND_LINE = 2
"""Exit status: click's own, and that of a name that nothing has."""

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


def escape_what_stdout_lacks() -> None:
    """Let stdout escape what its encoding has no character for, as stderr does by itself."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def print_file(text: str) -> None:
    """What would else be a file, as it is and in UTF-8; on a terminal for people to read."""
    if sys.stdout.isatty():
        _write(visible_text(text, keep="\n\t"))
        return
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    _write(text)


def print_json(value: object) -> None:
    """One JSON document on stdout."""
    _write(_json(value, indent=2) + "\n")


def print_json_line(value: object) -> None:
    """One JSON document in a line of its own on stdout, at once."""
    _write(_json(value) + "\n")


def _json(value: object, indent: int | None = None) -> str:
    """In ASCII where stdout is no UTF-8, which JSON has to be."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    return visible_json(json.dumps(value, indent=indent, ensure_ascii=not utf8, default=_plain))


def _plain(value: object) -> str:
    """What JSON has no type for: times as ISO 8601 has them, with the T."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()  # before the talk on stderr, where both go one way
    except BrokenPipeError:
        _end_for_want_of_a_reader()


def print_line(*parts: tuple[str, str | None]) -> None:
    """A line on stdout of texts with their styles, at once, and as long as it is on any terminal."""
    line = Text.assemble(*((visible_line(text), style or "") for text, style in parts))
    line.rstrip()
    _data.print(line, soft_wrap=True)


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, with_lines: Collection[str] = ()
) -> None:
    """A table on stdout, wrapped to the terminal; ``with_lines`` are the columns in which a line break is one."""
    shown = [visible_text if column in with_lines else visible_line for column in columns]
    cells = [[show(cell) for show, cell in zip(shown, row, strict=True)] for row in rows]
    found = widths(columns, cells, _data.width)
    heading = Text(visible_line(title), style="bold")
    table = Table(title=heading, title_justify="left", box=None, padding=(0, GAP, 0, 0), pad_edge=False)
    for at, column in enumerate(columns):
        table.add_column(Text(column), overflow="fold", width=found[at] if found else None)
    for row in cells:
        table.add_row(*(_cell(column, cell) for column, cell in zip(columns, row, strict=True)))
    _data.print(table)


def _cell(column: str, cell: str) -> Text:
    return Text(cell, style=(style_of(cell) if column in COLOURED else None) or "")


def say(text: str, style: str | None = None) -> None:
    """A line on stderr."""
    _talk.print(Text(visible_line(text)), style=style, soft_wrap=True)


def has_terminal() -> bool:
    """Whether stderr or stdout is a terminal, whatever colours are forced."""
    return _talk.file.isatty() or _data.file.isatty()


def say_on_terminal(text: str) -> None:
    """A line for who sits at the terminal alone, which there must be: on stderr, or on stdout where that is none."""
    console = _talk if _talk.file.isatty() else _data
    console.print(Text(visible_line(text)), soft_wrap=True)


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """End with one sentence per mistake and status CANNOT_TELL where a command fails; with --json, as JSON as well."""
    try:
        yield
    except Error as error:
        sentences = str(error).split("\n")
        status = WRONG_COMMAND_LINE if isinstance(error, UnknownName) else CANNOT_TELL
        print_errors(sentences, status)
        for line in sentences:
            say(f"cronctl: {line}", style="red")
        raise typer.Exit(status) from None


def print_errors(sentences: Sequence[str], status: int) -> None:
    """What went wrong as one line of JSON on stdout, where the command line asks for JSON."""
    if "--json" in sys.argv:
        print_json_line({"errors": list(sentences), "exit_status": status})
