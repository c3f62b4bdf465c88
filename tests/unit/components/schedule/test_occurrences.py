"""Next runs and periods against a matcher that asks each minute, as pg_cron does, and knows nothing of our parser."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from components.schedule.grammar import ScheduleError, parse_schedule
from components.schedule.occurrences import Times

DAY = timedelta(days=1)


class Drawn(NamedTuple):
    """A random schedule, and what its fields stand for by the way it was made."""

    text: str
    minutes: set[int]
    hours: set[int]
    days: set[int]
    last_day: bool
    months: set[int]
    weekdays: set[int]

    def runs_on(self, day: date) -> bool:
        in_month = day.day in self.days or (self.last_day and (day + DAY).day == 1)
        in_week = day.isoweekday() % 7 in self.weekdays
        _, _, days, _, weekdays = self.text.split()
        either = in_month and in_week if "*" in (days[0], weekdays[0]) else in_month or in_week
        return day.month in self.months and either

    def runs_at(self, wall: datetime) -> bool:
        return wall.minute in self.minutes and wall.hour in self.hours and self.runs_on(wall.date())


def draw_field(rng: random.Random, low: int, high: int, steps: tuple[int, ...]) -> tuple[str, set[int]]:
    items, values = [], set()
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        first, last = sorted(rng.choices(range(low, high + 1), k=2))
        step = rng.choice(steps)
        kind = rng.randrange(5)
        if kind == 0:
            items.append("*")
            values |= set(range(low, high + 1))
        elif kind == 1:
            items.append(f"*/{step}")
            values |= set(range(low, high + 1)[::step])
        elif kind == 2:
            items.append(f"{first}-{last}")
            values |= set(range(first, last + 1))
        elif kind == 3:
            items.append(f"{first}-{last}/{step}")
            values |= set(range(first, last + 1)[::step])
        else:
            items.append(str(first))
            values.add(first)
    return ",".join(items), values


def draw(rng: random.Random) -> Drawn:
    """A schedule that is none of the refused ones, or fits one of them by chance alone."""
    minutes, hours = draw_field(rng, 0, 59, (2, 5, 30)), draw_field(rng, 0, 23, (2, 6, 12))
    months, weekdays = draw_field(rng, 1, 12, (2, 3, 6)), draw_field(rng, 0, 7, (2, 3, 7))
    days = ("$", set()) if rng.random() < 0.1 else draw_field(rng, 1, 31, (2, 5, 10, 27))
    parts = (minutes, hours, days, months, weekdays)
    return Drawn(
        " ".join(text for text, _ in parts),
        minutes[1],
        hours[1],
        days[1],
        days[0] == "$",
        months[1],
        {day % 7 for day in weekdays[1]},
    )


def draw_many(seed: int, count: int) -> list[Drawn]:
    rng = random.Random(seed)  # noqa: S311 - repeatable
    return [draw(rng) for _ in range(count)]


def runs_of(drawn: Drawn, first: date, years: int) -> Iterator[datetime]:
    times = [timedelta(hours=hour, minutes=minute) for hour in sorted(drawn.hours) for minute in sorted(drawn.minutes)]
    for number in range(years * 366):
        day = first + number * DAY
        if drawn.runs_on(day):
            midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
            yield from (midnight + time for time in times)


def test_next_runs_are_those_of_a_matcher_from_any_moment_for_three_years() -> None:
    rng = random.Random(4)  # noqa: S311 - repeatable
    compared = 0
    for drawn in draw_many(1, 1000):
        # From minutes, the moments around them and all else, in three years of which one is a leap year.
        after = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=rng.randrange(3 * 365 * 24 * 60))
        after += timedelta(microseconds=rng.choice((0, -1, 1, rng.randrange(60_000_000))))
        try:
            schedule = parse_schedule(drawn.text)
        except ScheduleError as error:
            assert error.mistake, drawn
            continue
        expected = list(islice((run for run in runs_of(drawn, after.date(), 3) if run > after), 100))
        assert schedule.next_runs(after, len(expected)) == expected, (drawn.text, after)
        compared += 1
    assert compared > 800


def test_periods_are_the_shortest_gap_of_a_matcher_over_the_cycle_of_the_calendar() -> None:
    for drawn in draw_many(2, 150):
        try:
            schedule = parse_schedule(drawn.text)
        except ScheduleError:
            continue
        # One day shows the gaps within a day; the first and last time of each day, over the years, the others.
        times = sorted(datetime(2000, 1, 1, hour, minute) for hour in drawn.hours for minute in drawn.minutes)
        ends = drawn._replace(
            minutes={min(drawn.minutes), max(drawn.minutes)}, hours={min(drawn.hours), max(drawn.hours)}
        )
        gaps = [later - earlier for earlier, later in pairwise(times)]
        gaps += [later - earlier for earlier, later in pairwise(runs_of(ends, date(1991, 1, 1), 29))]
        assert schedule.period_seconds == min(gaps).total_seconds(), drawn.text


ZONES = [
    ("Europe/Berlin", (datetime(2026, 3, 28), datetime(2026, 10, 24))),
    ("America/New_York", (datetime(2026, 3, 7), datetime(2026, 10, 31))),
    ("America/Havana", (datetime(2026, 3, 7), datetime(2026, 10, 31))),  # midnight is skipped
    ("Australia/Lord_Howe", (datetime(2026, 4, 3), datetime(2026, 10, 2))),  # by half an hour
    ("Antarctica/Troll", (datetime(2026, 3, 28), datetime(2026, 10, 24))),  # by two hours
    ("Asia/Kathmandu", (datetime(2026, 3, 1),)),
]


@pytest.mark.parametrize(("zone", "starts"), ZONES)
def test_next_runs_follow_the_wall_clock_of_a_zone_as_pg_cron_does(zone: str, starts: tuple[datetime, ...]) -> None:
    every = Drawn(
        "* * * * *", set(range(60)), set(range(24)), set(range(1, 32)), False, set(range(1, 13)), set(range(7))
    )
    drawn = [
        every,
        every._replace(text="30 1 * * *", minutes={30}, hours={1}),
        every._replace(text="30 2 * * *", minutes={30}, hours={2}),
        every._replace(text="0 0 * * *", minutes={0}, hours={0}),
        every._replace(text="30 0,1,2 * * *", minutes={30}, hours={0, 1, 2}),
        every._replace(text="*/15 1-3 * * *", minutes={0, 15, 30, 45}, hours={1, 2, 3}),
        every._replace(text="0 */2 * * 0", minutes={0}, hours=set(range(0, 24, 2)), weekdays={0}),
    ]
    here: tzinfo = ZoneInfo(zone)
    for start in starts:
        minutes = [start.replace(tzinfo=UTC) + timedelta(minutes=number) for number in range(3 * 24 * 60)]
        walls = [minute.astimezone(here) for minute in minutes]
        for schedule in drawn:
            expected = [minute for minute, wall in zip(minutes, walls, strict=True) if schedule.runs_at(wall)]
            # From every hour, so that some of the starts fall between the two passes of a repeated hour.
            for after in minutes[::60]:
                rest = [minute for minute in expected if minute > after][:40]
                assert parse_schedule(schedule.text).next_runs(after, len(rest), here) == rest, (schedule.text, after)


def test_a_skipped_time_does_not_run_and_a_repeated_one_runs_twice() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    daily = parse_schedule("30 2 * * *")
    assert daily.next_runs(datetime(2026, 3, 28, 12, tzinfo=UTC), 1, berlin) == [
        datetime(2026, 3, 30, 0, 30, tzinfo=UTC)
    ]
    twice = [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]
    assert daily.next_runs(datetime(2026, 10, 24, 12, tzinfo=UTC), 2, berlin) == twice


MONTH_ENDS = [
    ("America/New_York", datetime(2026, 11, 1)),  # 25 hours long
    ("Europe/Berlin", datetime(2027, 10, 31)),  # 25 hours
    ("Europe/Berlin", datetime(2030, 3, 31)),  # 23 hours
    ("America/Havana", datetime(2020, 11, 1)),  # midnight is shown twice
    ("Australia/Lord_Howe", datetime(2029, 4, 1)),  # half an hour more
    ("Antarctica/Troll", datetime(2027, 10, 31)),  # two hours more
    ("Antarctica/Troll", datetime(2030, 3, 31)),  # two hours less
    ("America/St_Johns", datetime(2009, 11, 1)),  # at one minute past midnight
]


def runs_at(text: str, times: Times, wall: datetime, by_month: bool) -> bool:
    """Whether a wall time is one of a schedule's, given whether it is the last day of the month."""
    by_week = wall.isoweekday() % 7 in times.rule.weekdays
    on = (by_month and by_week) if "*" in text.split()[4] else (by_month or by_week)
    return on and wall.month in times.rule.months and wall.hour in times.hours and wall.minute in times.minutes


@pytest.mark.parametrize(("zone", "day"), MONTH_ENDS)
def test_the_last_day_is_when_in_24_hours_it_is_the_1st_as_pg_cron_has_it(zone: str, day: datetime) -> None:
    here = ZoneInfo(zone)
    minutes = [day.replace(tzinfo=UTC) + timedelta(minutes=number) for number in range(-4 * 24 * 60, 4 * 24 * 60)]
    walls = {minute: minute.astimezone(here) for minute in [*minutes, *(minute + DAY for minute in minutes)]}
    differs = 0
    for text in ("0 0 $ * *", "30 22,23 $ * *", "*/15 * $ * *", "* 0,22,23 $ * *", "0 */2 $ 10 0", "0 0 $ * */2"):
        times = parse_schedule(text).times
        assert times
        expected = [each for each in minutes if runs_at(text, times, walls[each], walls[each + DAY].day == 1)]
        by_calendar = [each for each in minutes if runs_at(text, times, walls[each], (walls[each] + DAY).day == 1)]
        differs += expected != by_calendar
        for after in minutes[:: 31 * 60]:
            rest = [minute for minute in expected if minute > after]
            assert parse_schedule(text).next_runs(after, len(rest), here) == rest, (text, after)
    assert differs


def test_the_last_day_by_the_clocks_of_two_zones() -> None:
    midnight = parse_schedule("0 0 $ * *")
    assert midnight.next_runs(datetime(2026, 10, 30, tzinfo=UTC), 3, ZoneInfo("America/New_York")) == [
        datetime(2026, 10, 31, 4, tzinfo=UTC),
        datetime(2026, 11, 1, 4, tzinfo=UTC),
        datetime(2026, 11, 30, 5, tzinfo=UTC),
    ]
    assert midnight.next_runs(datetime(2027, 10, 1, tzinfo=UTC), 1, ZoneInfo("Europe/Berlin")) == [
        datetime(2027, 11, 29, 23, tzinfo=UTC)
    ]


def test_far_apart_runs() -> None:
    leap = parse_schedule("0 0 29 2 *").next_runs(datetime(2096, 3, 1, tzinfo=UTC), 1)
    assert leap == [datetime(2104, 2, 29, tzinfo=UTC)]
