"""How a table's columns share a line, so that no name and no schedule is broken where there is room for it. Pure."""

import re
import unicodedata
from collections.abc import Collection, Sequence

GAP = 2
"""Characters between two columns."""

WHOLE = ("schedule", "next run", "last run", "fired", "run", "jobid")
"""Columns whose cells are one thing, blanks and all."""

NAMES = ("job", "name", "kind", "key", "schedule")
"""Columns that come first where there is not room for all words of all columns."""

_TOKEN = re.compile(r"\s*\S+\s*")
_NO_CELL = ("Mn", "Me", "Cf")
"""Categories of characters that stand on, or hide in, the one before them."""


def cell_len(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in _NO_CELL:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def widths(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """The columns' widths in ``room`` characters; at least one each, even where there is not room for that."""
    cells = [[title, *(row[at] for row in rows)] for at, title in enumerate(columns)]
    room -= GAP * (len(columns) - 1)
    natural = [max(cell_len(line) for cell in column for line in cell.split("\n")) for column in cells]
    for whole in (columns, NAMES):
        least = [
            _least(title, column) if title in whole else cell_len(title)
            for title, column in zip(columns, cells, strict=True)
        ]
        if sum(least) <= room:
            return _narrowed([min(width, room) for width in natural], least, room)
    return _narrowed(natural, [1] * len(columns), max(room, len(columns)))


def _least(title: str, column: Sequence[str]) -> int:
    """What a column needs for nothing to be broken but between words."""
    parts = (cell.split("\n") if title in WHOLE else cell.split() for cell in column)
    return max((cell_len(part) for cell in parts for part in cell), default=0)


def _narrowed(natural: list[int], least: Collection[int], room: int) -> list[int]:
    """Take what is too much from the widest, one after the other."""
    narrowed, floor = list(natural), list(least)
    while sum(narrowed) > room:
        at = max((at for at in range(len(narrowed)) if narrowed[at] > floor[at]), key=narrowed.__getitem__)
        narrowed[at] -= 1
    return narrowed


def wrapped(cell: str, width: int) -> list[str]:
    """A cell as lines of at most ``width``, broken between words, and within those that are wider than that."""
    return [line for paragraph in cell.split("\n") for line in _wrapped(paragraph.expandtabs(), width)]


def _wrapped(text: str, width: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for token in _TOKEN.findall(text):
        if line and cell_len(line) + cell_len(token.rstrip()) > width:
            lines.append(line)
            line = ""
        line += token
        while cell_len(line.rstrip()) > width and (fitting := _fitting(line, width)) < len(line):
            lines.append(line[:fitting])
            line = line[fitting:]
    if line.strip() or not lines:
        lines.append(line)
    return [line.rstrip() for line in lines]


def _fitting(text: str, width: int) -> int:
    """How many characters of a text fit, at least one."""
    taken = 0
    for at, character in enumerate(text):
        taken += _cells(character)
        if taken > width and at:
            return at
    return len(text)
