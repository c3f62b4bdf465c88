"""What a stream shows: whether it is a terminal, its width, and which of our few styles it takes.

It goes by the variables that other programs of the terminal go by. Rich would do it, too, and takes as long to import
as a query to a database nearby and its answer.
"""

import os
import sys
from typing import TextIO

WIDTH = 80
"""Columns where nobody says how many there are."""

_CODES = {"bold": 1, "red": 31, "green": 32, "yellow": 33}
_WITHOUT_STYLES = ("dumb", "unknown")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody sits there; None is a stream that was closed by who started us."""
    return stream is not None and stream.isatty()


def shows_styles(stream: TextIO | None) -> bool:
    """Whether it is a terminal that takes styles; FORCE_COLOR says that anything is one."""
    forced = os.environ.get("FORCE_COLOR")
    return (bool(forced) if forced is not None else is_terminal(stream)) and not _is_dumb()


def styled(text: str, style: str | None, stream: TextIO | None) -> str:
    """The text in a style, where its stream shows any; with NO_COLOR bold alone."""
    if not text or style is None or not shows_styles(stream):
        return text
    if style != "bold" and os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{_CODES[style]}m{text}\x1b[0m"


def columns_of_terminal() -> int:
    """Columns of the terminal that any of our streams is, or as many as COLUMNS says."""
    if (said := os.environ.get("COLUMNS", "")).isdecimal() and int(said):
        return int(said)
    if not _is_dumb():
        for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
            try:
                if stream is not None and (columns := os.get_terminal_size(stream.fileno()).columns):
                    return columns
            except (OSError, ValueError):  # no terminal, or closed
                continue
    return WIDTH


def _is_dumb() -> bool:
    return os.environ.get("TERM", "").lower() in _WITHOUT_STYLES
