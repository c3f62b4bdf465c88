"""Counts the runs of the last days in pieces of some hours; each piece has its worst verdict. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from components.database.transaction import Row
from components.schedule.timetable import day_start

PIECES = 168
"""The most pieces of a strip: the hours of a week."""

_STEPS = (1, 2, 3, 4, 6, 8, 12, 24)
"""Possible lengths of a piece, in hours."""

WORST = ("exhausted", "failed", "timed_out", "lost", "ok", "skipped", "retrying", "sent", "queued")
"""The states from worst to best; open runs have no verdict yet, so they come last."""


class Window(NamedTuple):
    """The time from ``since`` to ``until`` in pieces of ``step``, which divides a day from midnight in UTC."""

    since: datetime
    until: datetime
    step: timedelta

    @property
    def pieces(self) -> int:
        """The number of pieces."""
        return round((self.until - self.since) / self.step)


class Piece(NamedTuple):
    """The runs that fired within one step from ``begin`` on: their worst state, and ``counts`` by state."""

    begin: datetime
    verdict: str
    counts: dict[str, int]


class Strip(NamedTuple):
    """A job's pieces that have runs, and the ``counts`` of all of them by state."""

    job: str
    pieces: tuple[Piece, ...]
    counts: dict[str, int]


def window(now: datetime, days: int) -> Window:
    """Return the window of the last ``days``, which ends with the current piece; ``now`` is an aware datetime."""
    hours = next(hours for hours in _STEPS if days * 24 / hours <= PIECES)
    step = timedelta(hours=hours)
    midnight = day_start(now)
    until = midnight + step * ((now - midnight) // step + 1)
    return Window(until - timedelta(days=days), until, step)


def strips(rows: Iterable[Row]) -> list[Strip]:
    """Return a strip for each job in rows of sql/report/report_runs.sql, ordered by name."""
    counts: dict[str, dict[datetime, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in rows:
        counts[row["job"]][row["begin"]][row["state"]] += row["runs"]
    return [_strip(job, pieces) for job, pieces in sorted(counts.items())]


def worst(states: Iterable[str]) -> str:
    """Return the worst of some states. Raises ValueError where there is none."""
    return min(states, key=WORST.index)


def _strip(job: str, counted: dict[datetime, Counter[str]]) -> Strip:
    pieces = tuple(Piece(begin, worst(counts), in_order(counts)) for begin, counts in sorted(counted.items()))
    return Strip(job, pieces, in_order(sum(counted.values(), Counter())))


def in_order(counts: Counter[str]) -> dict[str, int]:
    """Return the counts ordered from the worst state to the best, without zeros."""
    return {state: counts[state] for state in WORST if counts[state]}
