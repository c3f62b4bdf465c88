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
from itertools import zip_longest
from typing import NoReturn, TextIO

import typer

from components.errors import Error, UnknownName
from components.values.visible_text import visible_json, visible_line, visible_text
from cronctl.colours import COLOURED, style_of
from cronctl.columns import GAP, cell_len, widths, wrapped
from cronctl.terminal import columns_of_terminal, is_terminal, styled

DIFFERS = 1
"""Exit status: what is declared, stored and living is not the same."""

CANNOT_TELL = 3
"""Exit status: it could not be found out, for the reason on stderr."""

WRONG_COMMAND_LINE = 2
"""Exit status: click's own, and that of a name that nothing has."""

PIPE_CLOSED = 141
"""Exit status: whoever read stdout has gone, as head does; a shell's own for what ends of SIGPIPE."""


def _end_for_want_of_a_reader(stream: TextIO) -> NoReturn:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # where Python flushes to when it ends
    raise SystemExit(PIPE_CLOSED)


def escape_what_stdout_lacks() -> None:
    """Let stdout escape what its encoding has no character for, as stderr does by itself."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def print_file(text: str) -> None:
    """What would else be a file, as it is and in UTF-8; on a terminal for people to read."""
    if is_terminal(sys.stdout):
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
    utf8 = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"
    return visible_json(json.dumps(value, indent=indent, ensure_ascii=not utf8, default=_plain))


def _plain(value: object) -> str:
    """What JSON has no type for: times as ISO 8601 has them, with the T."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _write(text: str) -> None:
    if sys.stdout is None:  # closed by who started us
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()  # before the talk on stderr, where both go one way
    except BrokenPipeError:
        _end_for_want_of_a_reader(sys.stdout)


def print_line(*parts: tuple[str, str | None]) -> None:
    """A line on stdout of texts with their styles, at once, and as long as it is on any terminal."""
    shown = [(visible_line(text), style) for text, style in parts]
    while shown and not (last := shown[-1][0].rstrip()):
        shown.pop()
    if shown:
        shown[-1] = last, shown[-1][1]
    _write("".join(styled(text, style, sys.stdout) for text, style in shown) + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, with_lines: Collection[str] = ()
) -> None:
    """A table on stdout, wrapped to the terminal; ``with_lines`` are the columns in which a line break is one."""
    shown = [visible_text if column in with_lines else visible_line for column in columns]
    cells = [[show(cell) for show, cell in zip(shown, row, strict=True)] for row in rows]
    room = widths(columns, cells, columns_of_terminal())
    heading = [*_row_lines(columns, ["bold"] * len(columns), room)]
    lines = (line for row in cells for line in _row_lines(row, [*map(_style, columns, row)], room))
    _write("".join(f"{line}\n" for line in [styled(visible_line(title), "bold", sys.stdout), *heading, *lines]))


def _row_lines(row: Sequence[str], styles: Sequence[str | None], room: Sequence[int]) -> Iterator[str]:
    """The lines of a row, as many as its highest cell has; nothing stands behind the last text of a line."""
    for line in zip_longest(*(wrapped(cell, width) for cell, width in zip(row, room, strict=True)), fillvalue=""):
        shown = ""
        blanks = 0
        for text, style, width in zip(line, styles, room, strict=True):
            if text:
                shown += " " * blanks + styled(text, style, sys.stdout)
                blanks = 0
            blanks += width - cell_len(text) + GAP
        yield shown


def _style(column: str, cell: str) -> str | None:
    return style_of(cell) if column in COLOURED else None


def say(text: str, style: str | None = None) -> None:
    """A line on stderr."""
    _talk(styled(visible_line(text), style, sys.stderr))


def _talk(text: str) -> None:
    if sys.stderr is None:  # closed by who started us
        return
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except BrokenPipeError:
        _end_for_want_of_a_reader(sys.stderr)


def has_terminal() -> bool:
    """Whether stderr or stdout is a terminal, whatever colours are forced."""
    return is_terminal(sys.stderr) or is_terminal(sys.stdout)


def say_on_terminal(text: str) -> None:
    """A line for who sits at the terminal alone, which there must be: on stderr, or on stdout where that is none."""
    if is_terminal(sys.stderr):
        _talk(visible_line(text))
    else:
        _write(visible_line(text) + "\n")


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


@contextmanager
def interrupted(sentence: str) -> Iterator[None]:
    """Tell Ctrl-C as a sentence that says what it leaves behind."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        raise Error(f"interrupted; {sentence}") from None


def print_errors(sentences: Sequence[str], status: int) -> None:
    """What went wrong as one line of JSON on stdout, where the command line asks for JSON."""
    if "--json" in sys.argv:
        print_json_line({"errors": list(sentences), "exit_status": status})
