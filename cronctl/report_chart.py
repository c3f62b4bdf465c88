"""Where things stand in a report's charts, in percent or in pieces of a window. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from components.report.report_data import JobReport, Report
from components.report.run_pieces import Strip, Window, in_order
from components.runs.states import BAD, OPEN
from components.schedule.occurrences import DAY, DAY_MINUTES
from cronctl.report_words import counted, moment

LABELS = 7
"""How many days a chart names at most: as many as fit on a phone."""

LAST = 93
"""Percent of a chart at which a name begins at most, or it would stand out."""

WIDEST = 4
"""How many pieces a bar covers at most."""

LETTERS = {"failed": "F", "timed_out": "T", "lost": "L", "exhausted": "X"}
"""What stands above a bar, since colour alone tells not everybody."""

LETTERS_APART = 3.0
"""Percent of a chart's width that keeps two letters from running into each other on a phone."""


class Bar(NamedTuple):
    """A piece of a strip: ``x`` and ``width`` in pieces, what it looks like, and what it says."""

    x: float
    width: float
    state: str
    footed: bool
    title: str


class Letter(NamedTuple):
    """A verdict's letter at ``left`` percent of a strip."""

    left: float
    letter: str
    state: str


class Label(NamedTuple):
    """A day's name at ``left`` percent of a chart."""

    left: float
    weekday: str
    day: int
    is_today: bool


class Meeting(NamedTuple):
    """How many jobs fire in the same minute, at ``left`` percent of the day; ``title`` says which."""

    left: float
    jobs: int
    title: str


def in_time(jobs: Iterable[JobReport]) -> list[JobReport]:
    """In the order of the day, those that run all the time first and those that do not run last."""
    return sorted(jobs, key=lambda job: (-job.plan.frequent, not job.plan.spans, job.plan.spans[:1], job.job))


def meetings(report: Report) -> list[Meeting]:
    """The minutes of the day that several jobs share, as far apart as they can be read; most jobs first."""
    shown: list[Meeting] = []
    today = f"{report.day:%a}"
    for collision in report.collisions:
        for time in collision.times if today in collision.days else ():
            hour, minute = map(int, time.split(":"))
            left = 100 * (hour * 60 + minute) / DAY_MINUTES
            if all(abs(left - other.left) >= LETTERS_APART for other in shown):
                shown.append(Meeting(left, len(collision.jobs), f"{time}: {', '.join(collision.jobs)}"))
    return sorted(shown)


def bars(strip: Strip, window: Window) -> list[Bar]:
    """A strip's pieces; those of a job that runs now and then are wider than their time, so that they are seen."""
    places = [(piece.begin - window.since) / window.step for piece in strip.pieces]
    gaps = [later - earlier for earlier, later in pairwise(places)]
    width = min([WIDEST, *gaps]) if window.pieces > 2 * WIDEST else 1
    return [
        Bar(
            x=min(place, window.pieces - width),
            width=width,
            state=_look(piece.verdict),
            footed=piece.verdict in BAD and "ok" in piece.counts,
            title=f"{_piece_time(piece.begin, window.step)}: {counted(piece.counts)}",
        )
        for place, piece in zip(places, strip.pieces, strict=True)
    ]


def letters(strip: Strip, window: Window) -> list[Letter]:
    """The verdicts of runs that came to nothing, as far apart as they can be read."""
    shown: list[Letter] = []
    for bar, piece in zip(bars(strip, window), strip.pieces, strict=True):
        left = 100 * (bar.x + bar.width / 2) / window.pieces
        if piece.verdict in LETTERS and (not shown or left - shown[-1].left >= LETTERS_APART):
            shown.append(Letter(min(max(left, 1), 99), LETTERS[piece.verdict], piece.verdict))
    return shown


def _look(state: str) -> str:
    """The states on their way look alike: there is no verdict to tell apart."""
    return "open" if state in OPEN else state


def midnights(window: Window) -> list[float]:
    """Where days begin, in pieces."""
    return [(midnight - window.since) / window.step for midnight in _midnights(window)]


def _midnights(window: Window) -> Iterator[datetime]:
    first = window.since.replace(hour=0)
    number = 0 if first == window.since else 1
    while (midnight := first + number * DAY) < window.until:
        yield midnight
        number += 1


def labels(window: Window) -> list[Label]:
    """Names of days, none so near the end that it would stand out of the chart."""
    begins = list(_midnights(window))
    stride = -(-len(begins) // LABELS)
    last = [(100 * (day - window.since) / (window.until - window.since), day) for day in begins[::-1][::stride]]
    shown = [Label(left, f"{day:%a}", day.day, is_today=day == begins[-1]) for left, day in reversed(last)]
    return [label._replace(left=min(label.left, LAST)) for label in shown if label.left <= LAST or label.is_today]


def days(window: Window) -> list[datetime]:
    """The midnights of all days that the window touches."""
    first = window.since.replace(hour=0)
    return [first + number * DAY for number in range((window.until - first - timedelta.resolution) // DAY + 1)]


def by_day(strip: Strip) -> Mapping[datetime, dict[str, int]]:
    """How many runs came to what, by the day's midnight."""
    counted_by_day: dict[datetime, Counter[str]] = {}
    for piece in strip.pieces:
        counted_by_day.setdefault(piece.begin.astimezone(UTC).replace(hour=0), Counter()).update(piece.counts)
    return {day: in_order(counts) for day, counts in counted_by_day.items()}


def _piece_time(begin: datetime, step: timedelta) -> str:
    if step == DAY:
        return moment(begin)[: -len(" 00:00")]
    return f"{moment(begin)} to {(begin + step).astimezone(UTC):%H:%M}"
