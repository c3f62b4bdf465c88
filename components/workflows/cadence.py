"""A workflow's schedules as pg_cron's: their zones, their floor, their minutes, and which of them are one. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from components.catalogue.job import Job
from components.schedule.field import UNITS
from components.schedule.grammar import ScheduleError, parse_schedule
from components.schedule.occurrences import ALL_DAYS, ALL_WEEKDAYS
from components.schedule.schedule import Schedule
from components.workflows.outcome import Reason, Refused
from components.workflows.workflow import Cron

FLOOR_MINUTES = 5
"""Minutes between two starts of a workflow at least, by GitHub's documentation."""

COUNTED_DAYS = 30
_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY = range(5)
_SINCE, _YEARS = datetime(2026, 1, 1, tzinfo=UTC), 10

HAS_ZONE = "timezone" in Job.model_fields
"""Whether a job of the catalogue can have a clock of its own."""


def schedule_of(cron: Cron, *, last_day: bool = False) -> tuple[Schedule, str]:
    """The schedule of a cron, and the zone that its job needs, empty for none. Raises Refused."""
    text = cron.text
    fields = text.split()
    if last_day and len(fields) == len(UNITS):
        if fields[_DAY] not in {"28-31", "*"} or fields[_WEEKDAY] != "*":
            raise Refused(Reason.CLOCK, cron.line, "")
        text = " ".join([*fields[:_DAY], "$", *fields[_DAY + 1 :]])
    try:
        schedule = parse_schedule(text)
    except ScheduleError as exc:
        raise Refused(Reason.SCHEDULE, cron.line, str(exc)) from None
    if schedule.times is None or len(fields) != len(UNITS):
        raise Refused(Reason.SCHEDULE, cron.line, f"GitHub knows no schedule {text!r}")
    days, weekdays = fields[_DAY], fields[_WEEKDAY]
    if days != "*" and weekdays != "*" and (days.startswith("*") or weekdays.startswith("*")):
        raise Refused(Reason.DAY_RULE, cron.line, text)
    if not cron.zone or _is_same_in(schedule, cron.zone, cron.line):
        return schedule, ""
    if HAS_ZONE:
        return schedule, cron.zone
    raise Refused(Reason.ZONE, cron.line, cron.zone)


def _is_same_in(schedule: Schedule, zone: str, line: int) -> bool:
    """Whether a schedule runs at the same instants by the clock of a zone and in UTC, whatever the season."""
    try:
        clock = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused(Reason.SCHEDULE, line, f"its time zone {zone!r} is unknown here") from None
    offsets = {
        (_SINCE + timedelta(days=days)).astimezone(clock).utcoffset() or timedelta()
        for days in range(0, 366 * _YEARS, 5)
    }
    if offsets == {timedelta()}:
        return True
    times = schedule.times
    if times is None or not times.rule.is_every_day or times.rule.last_day:
        return False
    minutes = {hour * 60 + minute for hour in times.hours for minute in times.minutes}
    shifts = [int(offset.total_seconds() // 60) for offset in offsets]
    return all({(minute - shift) % (24 * 60) for minute in minutes} == minutes for shift in shifts)


def per_days(schedule: Schedule, days: int = COUNTED_DAYS) -> int:
    """The runs of a schedule in some days, by a clock that nobody changes."""
    runs = schedule.next_runs(_SINCE - timedelta(seconds=1), days * 24 * 60)
    return sum(run < _SINCE + timedelta(days=days) for run in runs)


def started(schedule: Schedule, days: int = COUNTED_DAYS) -> int:
    """The same as GitHub starts them, which does so every five minutes at most."""
    if (schedule.period_seconds or 0) >= FLOOR_MINUTES * 60:
        return per_days(schedule, days)
    runs = schedule.next_runs(_SINCE - timedelta(seconds=1), days * 24 * 60)
    slots = {int(run.timestamp()) // (FLOOR_MINUTES * 60) for run in runs if run < _SINCE + timedelta(days=days)}
    return len(slots)


def floor_words(schedule: Schedule) -> str | None:
    """How much more often a schedule runs in pg_cron than GitHub starts it, in words; None where it is the same."""
    if (schedule.period_seconds or FLOOR_MINUTES * 60) >= FLOOR_MINUTES * 60:
        return None
    return f"{per_days(schedule)} runs in {COUNTED_DAYS} days, {started(schedule)} at most there"


def merged(texts: Iterable[str]) -> str | None:
    """One schedule that runs when several do, where they differ in the minutes or the hours alone; None of others.

    Where two of them run at one time, GitHub starts two runs: these stay apart.
    """
    rows = [text.split() for text in texts]
    if len({tuple(row[_DAY:]) for row in rows}) != 1:
        return None
    different = [at for at in (_MINUTE, _HOUR) if len({row[at] for row in rows}) > 1]
    if len(different) != 1:
        return None
    at = different[0]
    values: list[int] = []
    for row in rows:
        times = parse_schedule(" ".join(row)).times
        if times is None:
            return None
        values += sorted(times.minutes if at == _MINUTE else times.hours)
    if len(values) != len(set(values)):
        return None
    row = list(rows[0])
    row[at] = _ranges(sorted(values))
    return " ".join(row)


def _ranges(values: list[int]) -> str:
    parts: list[list[int]] = []
    for value in values:
        if parts and value == parts[-1][-1] + 1:
            parts[-1].append(value)
        else:
            parts.append([value])
    return ",".join(
        str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" if len(part) > 2 else f"{part[0]},{part[1]}"
        for part in parts
    )


def is_restricted(schedule: Schedule) -> bool:
    """Whether a schedule chooses days."""
    times = schedule.times
    return times is not None and (times.rule.days != ALL_DAYS or times.rule.weekdays != ALL_WEEKDAYS)
