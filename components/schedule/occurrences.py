"""When the five fields of a schedule fire: the next runs, and the shortest time between two of them.

pg_cron goes through real time minute by minute and looks up the wall time of each minute in ``cron.timezone``
(``ShouldRunTask`` in its pg_cron.c). So a job never runs at a wall time that a clock change skips, and it runs twice at
a wall time that a change repeats. cronsim follows Debian's cron there, so it gets plain wall times alone. pg_cron takes
a day for the last of the month where 24 hours later it is the 1st: a clock change in between makes it another day.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import dropwhile, groupby, pairwise

from cronsim import CronSim

DAY = timedelta(days=1)
"""24 hours."""
DAY_MINUTES = DAY // timedelta(minutes=1)
"""Minutes of 24 hours."""
ALL_DAYS = frozenset(range(1, 32))
ALL_WEEKDAYS = frozenset(range(7))
ALL_MONTHS = frozenset(range(1, 13))
_AROUND_LAST = frozenset({1, *range(27, 32)})
"""Days of the month that can be followed by the 1st in 24 hours, whatever happens to the clock."""
FIRST_DAY = date(2001, 1, 1)
"""A day to begin with; any other would do."""
CALENDAR_DAYS = 28 * 365 + 7
"""Days after which the calendar repeats, from 1901 to 2099."""


@dataclass(frozen=True)
class DayRule:
    """The days that a schedule runs on.

    ``weekdays`` counts from Sunday, 0. Where one of the two day fields starts with a star (``*``, ``*/2``,
    ``*,1``), a day must match both fields, otherwise one of them. ``last_day`` adds the last day of each month.
    """

    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    last_day: bool = False
    days_star: bool = False
    weekdays_star: bool = False

    @property
    def needs_both(self) -> bool:
        """Whether day of month and day of week must match together."""
        return self.days_star or self.weekdays_star

    @property
    def is_whole_month(self) -> bool:
        """Whether the rule takes all days of its months: where either day field is enough, one with all days is."""
        all_days, all_weekdays = self.days == ALL_DAYS, self.weekdays == ALL_WEEKDAYS
        return (all_days and all_weekdays) if self.needs_both else (all_days or all_weekdays)

    @property
    def is_every_day(self) -> bool:
        """Whether the rule takes all days."""
        return self.is_whole_month and self.months == ALL_MONTHS

    def includes(self, day: date, tomorrow: date) -> bool:
        """Whether the rule takes a day; ``tomorrow`` is the date 24 hours later."""
        by_month = day.day in self.days or (self.last_day and tomorrow.day == 1)
        by_week = day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and ((by_month and by_week) if self.needs_both else (by_month or by_week))


@dataclass(frozen=True)
class Times:
    """The minutes and hours of wall time, and the days, that a schedule runs at."""

    minutes: frozenset[int]
    hours: frozenset[int]
    rule: DayRule

    def runs(self, after: datetime, zone: tzinfo) -> Iterator[datetime]:
        """The runs after an instant, in UTC, without end; ``zone`` is the server's ``cron.timezone``."""
        if self.rule.last_day and zone is not UTC:
            return (run for run in self._around_last_days().runs(after, zone) if self._is_due(run, zone))
        start = after.astimezone(UTC)
        # Before a clock is set back, the wall times to come begin earlier than the present one.
        wall = min(_wall(start, zone), _wall(start + DAY, zone) - DAY)
        folds = (0,) if zone is UTC else (0, 1)  # UTC repeats no hour
        both = heapq.merge(*(_instants(CronSim(self._expression(), wall), zone, fold) for fold in folds))
        return (instant for instant, _ in groupby(dropwhile(lambda instant: instant <= start, both)))

    def last_days_amiss(self, after: datetime, until: datetime, zone: tzinfo) -> Iterator[tuple[datetime, bool]]:
        """Times at which pg_cron's last day of a month is not the calendar's.

        Yields each as an instant in UTC, and whether pg_cron runs the job then. All times are aware.
        """
        if not self.rule.last_day:
            return
        first = _wall(after, zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        while (first := (first + 31 * DAY).replace(day=1)).replace(tzinfo=zone) < until:
            begin, end = ((first + days * DAY).replace(tzinfo=zone) for days in (-3, 2))
            if begin.utcoffset() == end.utcoffset():
                continue
            for run in self._around_last_days().runs(begin, zone):
                if run >= end:
                    break
                wall = _wall(run, zone)
                if (due := self._is_due(run, zone)) != self.rule.includes(wall, wall + DAY):
                    yield run, due

    def _around_last_days(self) -> "Times":
        return replace(self, rule=replace(self.rule, days=_AROUND_LAST, last_day=False))

    def _is_due(self, instant: datetime, zone: tzinfo) -> bool:
        return self.rule.includes(_wall(instant, zone), _wall(instant + DAY, zone))

    def shortest_gap(self) -> int:
        """The shortest time between two consecutive runs in seconds, by a clock that nobody changes.

        Raises ValueError for times without any day.
        """
        minutes = sorted(hour * 60 + minute for hour in self.hours for minute in self.minutes)
        days = shortest_day_gap(self.rule)
        if days is None:
            raise ValueError("a schedule that never runs has no period")
        overnight = days * DAY_MINUTES - (minutes[-1] - minutes[0])
        return 60 * min([overnight, *(later - earlier for earlier, later in pairwise(minutes))])

    def _expression(self) -> str:
        """These times in cronsim's grammar; ``*/31`` and ``*/8`` are leading stars that add no day of their own."""
        rule = self.rule
        days = ("*/31," if rule.days_star else "") + ("L" if rule.last_day else _join(rule.days))
        weekdays = ("*/8," if rule.weekdays_star else "") + _join(rule.weekdays)
        return f"{_join(self.minutes)} {_join(self.hours)} {days} {_join(rule.months)} {weekdays}"


def days_of(rule: DayRule) -> Iterator[date]:
    """The days of a rule in the 28 years from FIRST_DAY on."""
    days = (FIRST_DAY + timedelta(days=number) for number in range(CALENDAR_DAYS))
    return (day for day in days if rule.includes(day, day + DAY))


@lru_cache(maxsize=4096)
def shortest_day_gap(rule: DayRule) -> int | None:
    """The least number of days between two days of the rule; None for a rule without days."""
    numbers: list[int] = []
    for day in days_of(rule):
        number = (day - FIRST_DAY).days
        if numbers and number - numbers[-1] == 1:
            return 1
        numbers.append(number)
    if not numbers:
        return None
    numbers.append(numbers[0] + CALENDAR_DAYS)
    return min(later - earlier for earlier, later in pairwise(numbers))


def _wall(instant: datetime, zone: tzinfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _instants(walls: Iterable[datetime], zone: tzinfo, fold: int) -> Iterator[datetime]:
    """Wall times as instants in UTC.

    A repeated wall time gives its first instant (``fold`` 0) or its second; a skipped one gives none.
    """
    for wall in walls:
        instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if _wall(instant, zone) == wall:
            yield instant


def _join(values: Iterable[int]) -> str:
    return ",".join(map(str, sorted(values)))
