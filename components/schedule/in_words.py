"""A schedule in words: ``at 16:00, Monday to Friday``. Pure."""

from collections.abc import Callable, Iterable
from itertools import groupby, pairwise

from components.schedule.occurrences import ALL_DAYS, ALL_MONTHS, ALL_WEEKDAYS, DayRule, Times
from components.schedule.schedule import Schedule
from components.values.duration import in_words

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""From 0 on, as pg_cron counts them."""
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_FEW = 6
"""Times of a day that are listed one by one, at most."""


def schedule_in_words(schedule: Schedule) -> str:
    """The times of a schedule in words, by the clock of ``cron.timezone``; its flaw where it has one."""
    if schedule.flaw is not None:
        return schedule.flaw
    if schedule.interval is not None:
        return f"every {'second' if schedule.interval == 1 else in_words(schedule.interval)}"
    if schedule.times is None:
        return "when the server starts"
    times = schedule.times
    clock, is_at_times = _clock(times)
    days = _days(times.rule)
    if days is None and is_at_times:
        clock = f"every day {clock}"
    return ", ".join(filter(None, [clock, days, _months(times.rule)]))


def _clock(times: Times) -> tuple[str, bool]:
    """The times of a day in words, and whether these are times and no rhythm that goes on all day."""
    minutes, hours = sorted(times.minutes), sorted(times.hours)
    step, hour_step = _step(minutes, 60), _step(hours, 24)
    if step and hour_step == 1:
        return f"every {'minute' if step == 1 else f'{step} minutes'}", False
    if len(minutes) * len(hours) <= _FEW:
        return f"at {joined([f'{hour:02}:{minute:02}' for hour in hours for minute in minutes])}", True
    if step:
        often = f"every {'minute' if step == 1 else f'{step} minutes'}"
        return f"{often} of {'hour' if len(hours) == 1 else 'hours'} {_listed(hours, str)}", False
    at = f"at minute{'s' if len(minutes) > 1 else ''} {_listed(minutes, str)}"
    if hour_step:
        return f"every {'hour' if hour_step == 1 else f'{hour_step} hours'} {at}", False
    return f"{at} of hours {_listed(hours, str)}", False


def _days(rule: DayRule) -> str | None:
    """On which days; None where a schedule runs every day."""
    if rule.is_whole_month:
        return None
    by_week = None if rule.weekdays == ALL_WEEKDAYS else _weekdays(rule.weekdays)
    by_month = "on the last day of the month" if rule.last_day else None
    if by_month is None and rule.days != ALL_DAYS:
        by_month = f"on the {_listed(rule.days, ordinal)} of the month"
    if by_week and by_month:
        return f"{by_month} where that is {by_week}" if rule.needs_both else f"{by_week} and {by_month}"
    return by_week or by_month


def _months(rule: DayRule) -> str | None:
    """In which months; None where a schedule runs in all of them."""
    if rule.months == ALL_MONTHS:
        return None
    return f"in {_listed(rule.months, lambda month: _MONTHS[month - 1])}"


def _weekdays(days: Iterable[int]) -> str:
    week = sorted(day or len(WEEKDAYS) for day in days)  # from Monday on
    return _listed(week, lambda day: WEEKDAYS[day % len(WEEKDAYS)])


def _step(values: list[int], size: int) -> int | None:
    """The step by which values go through all of a field from 0, or None."""
    gaps = {later - earlier for earlier, later in pairwise(values)} or {size}
    step = min(gaps)
    return step if len(gaps) == 1 and values[0] == 0 and values[-1] + step == size and step < size else None


def ordinal(day: int) -> str:
    """A day of the month: ``21st``."""
    ending = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def stretches(values: Iterable[int], name: Callable[[int], str]) -> list[str]:
    """Values by their names, three and more in a row as the first and the last: ``Monday to Friday``."""
    names: list[str] = []
    for _, row in groupby(enumerate(sorted(values)), lambda pair: pair[1] - pair[0]):
        row_names = [name(value) for _, value in row]
        names += [f"{row_names[0]} to {row_names[-1]}"] if len(row_names) > 2 else row_names
    return names


def joined(parts: list[str]) -> str:
    """A list as a sentence has it: ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _listed(values: Iterable[int], name: Callable[[int], str]) -> str:
    return joined(stretches(values, name))
