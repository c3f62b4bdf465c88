"""The runs of the last days in pieces of some hours, each with its worst verdict. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from components.database.transaction import Row
from components.schedule.timetable import day_start

PIECES = 168
"""How many pieces a strip has at most: the hours of a week."""

_STEPS = (1, 2, 3, 4, 6, 8, 12, 24)

WORST = ("exhausted", "failed", "timed_out", "lost", "ok", "skipped", "retrying", "sent", "queued")
"""The verdicts from worst to best; a run on its way has none yet, so it speaks only where no other is there."""


class Window(NamedTuple):
    """From ``since`` to ``until``, in pieces of ``step``, a divisor of the day that begins at midnight in UTC."""

    since: datetime
    until: datetime
    step: timedelta

    @property
    def pieces(self) -> int:
        """How many there are."""
        return round((self.until - self.since) / self.step)


class Piece(NamedTuple):
    """What came of the runs that fired from ``begin`` on, for a step of the window: ``counts`` by state."""

    begin: datetime
    verdict: str
    counts: dict[str, int]


class Strip(NamedTuple):
    """The pieces of a job that have runs, and how many there are of each state in all of them."""

    job: str
    pieces: tuple[Piece, ...]
    counts: dict[str, int]


def window(now: datetime, days: int) -> Window:
    """The last days, with the piece that is under way at its end; ``now`` is an aware time."""
    hours = next(each for each in _STEPS if days * 24 / each <= PIECES)
    step = timedelta(hours=hours)
    midnight = day_start(now)
    until = midnight + step * ((now - midnight) // step + 1)
    return Window(until - timedelta(days=days), until, step)


def strips(rows: Iterable[Row]) -> list[Strip]:
    """Rows of sql/report/report_runs.sql as a strip for each job, in the order of names."""
    found: dict[str, dict[datetime, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for row in rows:
        found[row["job"]][row["begin"]][row["state"]] += row["runs"]
    return [_strip(job, pieces) for job, pieces in sorted(found.items())]


def worst(states: Iterable[str]) -> str:
    """The state that speaks for several; there must be one."""
    return min(states, key=WORST.index)


def _strip(job: str, counted: dict[datetime, Counter[str]]) -> Strip:
    pieces = tuple(Piece(begin, worst(counts), in_order(counts)) for begin, counts in sorted(counted.items()))
    return Strip(job, pieces, in_order(sum(counted.values(), Counter())))


def in_order(counts: Counter[str]) -> dict[str, int]:
    """The same from the worst state to the best."""
    return {state: counts[state] for state in WORST if counts[state]}
