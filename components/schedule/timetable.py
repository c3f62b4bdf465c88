"""When jobs run over a day, and which of them fire in the same minute. Pure.

Times are instants in UTC, taken from the schedule in the server's ``cron.timezone``.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from components.schedule.grammar import ScheduleError, parse_schedule
from components.schedule.occurrences import DAY, DAY_MINUTES
from components.schedule.schedule import Schedule

MINUTE = timedelta(minutes=1)

TOGETHER = timedelta(minutes=5)
"""Runs that are no further apart make one span."""

WEEK = 7
"""Days in which collisions are looked for."""

FREQUENT = WEEK * 144
"""Runs a week, one every ten minutes, from which a job meets every other job anyway."""


class Span(NamedTuple):
    """Runs that follow each other closely: ``start`` of the first, ``end``, which is the last one's start, and number.

    Start and end of a single run are the same.
    """

    start: datetime
    end: datetime
    runs: int


class Plan(NamedTuple):
    """The runs of a schedule over one day; ``note`` is the reason where they cannot be foretold, otherwise None.

    ``frequent`` is true from FREQUENT runs a week on: such a job shares minutes with every other job.
    """

    runs: int
    spans: tuple[Span, ...]
    frequent: bool = False
    note: str | None = None


class Collision(NamedTuple):
    """Jobs that fire in the same minute: at ``times`` (``HH:MM`` in UTC), on ``days`` (``Mon``), at ``first`` first."""

    jobs: tuple[str, ...]
    times: tuple[str, ...]
    days: tuple[str, ...]
    first: datetime


def day_start(now: datetime) -> datetime:
    """Midnight in UTC before an aware time."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def day_plan(text: str, start: datetime, zone: tzinfo) -> Plan:
    """The plan of a schedule for the 24 hours from ``start``; one with a note for a schedule that is refused."""
    try:
        return _plan(parse_schedule(text), start, zone)
    except ScheduleError:
        return Plan(0, (), note="a schedule that pg_cron may take and this project does not know")


def _plan(schedule: Schedule, start: datetime, zone: tzinfo) -> Plan:
    end = start + DAY
    if schedule.kind == "reboot":
        return Plan(0, (), note="runs when the server starts")
    if schedule.interval is not None:
        return Plan(int(DAY.total_seconds()) // schedule.interval, (Span(start, end, 0),), frequent=True)
    if _is_constant(schedule):
        return Plan(DAY_MINUTES, (Span(start, end - MINUTE, DAY_MINUTES),), frequent=True)
    week = week_of(schedule, start, zone)
    runs = [run for run in week if run < end]
    return Plan(len(runs), tuple(spans(runs)), frequent=len(week) >= FREQUENT)


@lru_cache(maxsize=1024)
def week_of(schedule: Schedule, start: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """The runs of the seven days from ``start``, in UTC; cached, since many jobs share a schedule."""
    return tuple(runs_between(schedule, start, start + WEEK * DAY, zone))


def runs_between(schedule: Schedule, start: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    """The runs of five fields from ``start`` (included) to ``end`` (not), in UTC; nothing for other schedules."""
    if schedule.times is not None:
        yield from takewhile(lambda run: run < end, schedule.times.runs(start - MINUTE, zone))


def spans(runs: Iterable[datetime]) -> Iterator[Span]:
    """The spans of runs, which are in order."""
    span: Span | None = None
    for run in runs:
        if span is not None and run - span.end <= TOGETHER:
            span = Span(span.start, run, span.runs + 1)
            continue
        if span is not None:
            yield span
        span = Span(run, run, 1)
    if span is not None:
        yield span


def collisions(schedules: Mapping[str, str], start: datetime, zone: tzinfo) -> list[Collision]:
    """The jobs (name: schedule) that fire in the same minute in the week from ``start``; most jobs first.

    Frequent jobs (``Plan.frequent``) are left out.
    """
    at: dict[datetime, list[str]] = defaultdict(list)
    for job, text in sorted(schedules.items()):
        for run in _rare_runs(text, start, zone):
            at[run].append(job)
    days: dict[tuple[tuple[str, ...], str], list[datetime]] = defaultdict(list)
    for run, jobs in sorted(at.items()):
        if len(jobs) > 1:
            days[tuple(jobs), f"{run:%H:%M}"].append(run)
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[datetime]] = defaultdict(list)
    for (names, _), runs in days.items():
        alike[names, tuple(f"{run:%a}" for run in runs)].append(runs[0])
    met = [
        Collision(names, tuple(f"{run:%H:%M}" for run in sorted(firsts, key=lambda run: run.time())), on, min(firsts))
        for (names, on), firsts in alike.items()
    ]
    return sorted(met, key=lambda collision: (-len(collision.jobs), collision.times, collision.first))


def _rare_runs(text: str, start: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """The runs of the week from ``start``; none of a schedule that is frequent, unknown or without times."""
    try:
        schedule = parse_schedule(text)
    except ScheduleError:
        return ()
    if schedule.times is None or _is_constant(schedule):
        return ()
    runs = week_of(schedule, start, zone)
    return runs if len(runs) < FREQUENT else ()


def _is_constant(schedule: Schedule) -> bool:
    """Whether a schedule runs every minute of every day."""
    if schedule.times is None:
        return False
    minutes, hours, rule = schedule.times.minutes, schedule.times.hours, schedule.times.rule
    return len(minutes) * len(hours) == DAY_MINUTES and rule.is_every_day
