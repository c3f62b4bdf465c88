"""How wide a table's columns are, so that no name and no schedule is broken where there is room for it. Pure."""

from collections.abc import Collection, Sequence

from rich.cells import cell_len

GAP = 2
"""Characters between two columns."""

WHOLE = ("schedule", "next run", "last run", "fired", "run", "jobid")
"""Columns whose cells are one thing, blanks and all."""

NAMES = ("job", "name", "kind", "key", "schedule")
"""Columns that come first where there is not room for all words of all columns."""


def widths(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """The columns' widths in ``room`` characters; None where even the names would have to be broken."""
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
    return None


def _least(title: str, column: Sequence[str]) -> int:
    """What a column needs for nothing to be broken but between words."""
    parts = (cell.split("\n") if title in WHOLE else cell.split() for cell in column)
    return max((cell_len(part) for cell in parts for part in cell), default=0)


def _narrowed(found: list[int], least: Collection[int], room: int) -> list[int]:
    """Take what is too much from the widest, one after the other."""
    floor = list(least)
    while sum(found) > room:
        at = max((at for at in range(len(found)) if found[at] > floor[at]), key=found.__getitem__)
        found[at] -= 1
    return found
