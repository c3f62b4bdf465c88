"""Remarks on schedules that people may take for something else than pg_cron does. Pure.

Each has a kind, by which a job accepts it.
"""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from components.schedule.field import DAY_OF_MONTH, UNITS, WEEKDAY, Unit, read_item, wrapping_range
from components.schedule.in_words import WEEKDAYS, joined, ordinal, stretches
from components.schedule.occurrences import ALL_DAYS, ALL_MONTHS, ALL_WEEKDAYS, DayRule
from components.schedule.schedule import Schedule

_STEP = re.compile(r"\*/0*([0-9]+)")
_NTH = ("first", "second", "third", "fourth")
_MOST = 7
"""Values that a sentence lists at most."""


RemarkKind = Literal["uneven_steps", "wrapping_range", "days_or_weekdays", "blanks_around"]
"""Steps that begin anew in each round, a range over the end of its unit, both day fields at once, and white space or
comments around the schedule."""


class Remark(NamedTuple):
    """A sentence on a schedule, without its subject, and its kind."""

    kind: RemarkKind
    sentence: str


class _Round(NamedTuple):
    """Words for the values of a field: ``at minutes 0 and 45 of each hour``."""

    at: str
    one: str
    whole: str


_ROUNDS = {
    "minute": _Round("at", "minute", "hour"),
    "hour": _Round("in", "hour", "day"),
    "day of month": _Round("on", "day", "month"),
    "month": _Round("in", "month", "year"),
    "day of week": _Round("on", "day", "week"),
}


def remarks(schedule: Schedule) -> Iterator[Remark]:
    """What is to be said of a schedule that runs."""
    times = schedule.times
    if schedule.flaw is None and schedule.plain != schedule.text:
        yield Remark(
            "blanks_around", f"runs by {schedule.plain!r}, and pg_cron skips what is around it; write it alone"
        )
    fields = schedule.plain.split()
    if times is None or len(fields) != len(UNITS):
        return
    for unit, field in zip(UNITS, fields, strict=True):
        for item in field.split(","):
            if (step := _STEP.fullmatch(item)) and not _is_even(unit, int(step[1])):
                yield Remark("uneven_steps", _uneven(unit, item, int(step[1])))
            elif even := wrapping_range(unit, item):
                yield Remark("wrapping_range", _wrapping(unit, item, even))
    if not times.rule.needs_both and {times.rule.days == ALL_DAYS, times.rule.weekdays == ALL_WEEKDAYS} != {True}:
        yield Remark("days_or_weekdays", _either(fields, times.rule))


def _is_even(unit: Unit, step: int) -> bool:
    """Whether a step keeps its rhythm from one round to the next."""
    if unit is DAY_OF_MONTH:
        return step == 1
    return (unit.cycle or len(ALL_WEEKDAYS)) % step == 0


def _uneven(unit: Unit, item: str, step: int) -> str:
    words = _ROUNDS[unit.name]
    values = range(unit.low, unit.high + 1, step)
    if unit is WEEKDAY:
        listed = _listed([WEEKDAYS[value] for value in values if value < len(WEEKDAYS)])
    else:
        listed = f"{words.one}{'s' if len(values) > 1 else ''} {_listed(list(map(str, values)))}"
    sentence = f"runs {words.at} {listed} of each {words.whole} by {item!r}, not every {step} {words.one}s"
    if unit.cycle is None:
        return f"{sentence}: each {words.whole} begins anew"
    divisors = [divisor for divisor in range(2, unit.cycle) if unit.cycle % divisor == 0]
    below = [divisor for divisor in divisors if divisor < step]
    above = [divisor for divisor in divisors if divisor > step]
    forms = " or ".join(repr(f"*/{divisor}") for divisor in (*below[-1:], *above[:1]))
    return f"{sentence}; a step that divides {unit.cycle} keeps its rhythm, such as {forms}"


def _wrapping(unit: Unit, item: str, even: str) -> str:
    words, values = _ROUNDS[unit.name], read_item(unit, item)
    listed = _listed(stretches(values, str)) if isinstance(values, frozenset) else item
    return (
        f"runs {words.at} {words.one}s {listed} of each {words.whole} by {item!r}, which goes over the end of the "
        f"{words.whole} from pg_cron 1.6 on and is empty before; {even!r} says the same for each version"
    )


def _either(fields: list[str], rule: DayRule) -> str:
    months = "" if rule.months == ALL_MONTHS else ", of the months that it names"
    if rule.is_whole_month:
        all_days, other = (2, 4) if rule.days == ALL_DAYS else (4, 2)
        return (
            f"runs every day{months} by {fields[all_days]!r}, whatever {fields[other]!r} says: pg_cron takes either "
            f"day field where neither begins with '*'; for {fields[other]!r} alone, write "
            f"{' '.join('*' if at == all_days else field for at, field in enumerate(fields))!r}"
        )
    weekdays = _listed(stretches(rule.weekdays, WEEKDAYS.__getitem__))
    days = "on the last day of each month" if rule.last_day else f"every {_listed(stretches(rule.days, ordinal))}"
    sentence = (
        f"runs every {weekdays}, and {days}{months}: pg_cron takes either day field where neither begins with '*'"
    )
    bounds = (-1, -1) if rule.last_day else (min(rule.days), max(rule.days))
    if not rule.last_day and len(rule.days) <= bounds[1] - bounds[0]:
        return f"{sentence}; for both at once, the job has to choose the days itself"
    if len(rule.weekdays) == 1 and bounds in [(first, first + 6) for first in (1, 8, 15, 22)]:
        sentence += f"; pg_cron has no {_NTH[bounds[0] // 7]} {weekdays}"
    alone = " ".join([*fields[:2], "*", *fields[3:]])
    return (
        f"{sentence}; for both at once, write {alone!r} with active_between: {{from: {bounds[0]}, to: {bounds[1]}}}, "
        "or let a statement of SQL choose the days"
    )


def _listed(parts: list[str]) -> str:
    if len(parts) > _MOST:
        return f"{', '.join(parts[:3])} … {parts[-1]}"
    return joined(parts)
