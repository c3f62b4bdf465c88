"""What the server takes for a job's last due run against the runs that our schedules foretell."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import psycopg
import pytest

from components.run_ledger import RunLedgerProvider
from components.schedule.field import DAY_OF_MONTH as DAY_FIELD
from components.schedule.field import UNITS, Unit
from components.schedule.grammar import ScheduleError, parse_schedule
from components.schedule.occurrences import Times
from components.schedule.schedule import Schedule
from tests.integration.components.test_schedule_grammar import near_the_grammar, table

MICROSECOND, MINUTE, HOUR, DAY = timedelta(microseconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

TRICKY = """
* * * * *|*/5 * * * *|59 23 * * *|0 0 * * *|30 1 * * *|30 2 * * *|30 0,1,2 * * *|*/15 1-3 * * *|0 */2 * * 0|45 1 * * 0
0 0 13 * 5|0 0 13 * */5|0 0 */2 * 1|0 0 *,1 * 1|0 0 1-7 * */7|0 0 1-7 * 7|0 0 * * 0,7|0 0 * * 5-7|0 0 * * */6
0 0 $ * *|0 0 $ 2 *|0 0 $ * 5|0 0 $ * *,1|59 23 $ 2,4 sun|0 0 29 2 *|0 0 29 2 */7|0 0 29 feb 1|0 0 31 * *|0 0 30,31 2-4 *
0 0 1 jan *|5 4 1-31/5 MAR-May/2,dec Mon,wed-FRI|0-10/30 * * * *|007 05 01 1,01 00|0  1\t* * *|5-5/2 3-3 * * *|0 0 * 12 sun-sat
1 0 * * *|0,1 0,23 * * *|30 23 * * 6|15 0 * 10,11 *|@hourly|@daily|@midnight|@weekly|@monthly|0 0 1 */12 *|0 12 30 * *
0 22-4 * * *|57-3 6 * * *|0 0 25-5 * *|0 0 1 nov-feb 1|0 0 1-31 * 1
"""
NEVER = """
0 22-4/2 * * *|0 22-12 * * *|0 0 1 8-2 *|0 0 * * 7-1|0 20-17 * * *|0 25-3 * * *
30 seconds|1 second|@reboot|@yearly|@annually|@Daily|@hourly x|x|* * * *|* * * * * *|0 14-3 * * *|0 0 * * fri-sun|5/10 * * * *
*/0 * * * *|0 0 15,$ * *|0 0 * * $|$ * * * *|5, * * * *|60 * * * *|0 24 * * *|0 0 0 * *|0 0 * 13 *|0 0 jan * *|0 0 * * 8
0 0 * * monday|4294967297 * * * *|99999999999999999999 * * * *|*/4294967297 * * * *|0 0 30 2 *|0 0 * * 5#2|*5 * * * *
"""
ZONES = {
    "GMT": [],
    "UTC": [],
    "Europe/Berlin": [datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1)],
    "America/New_York": [datetime(2026, 3, 8, 7), datetime(2026, 11, 1, 6)],
    "Europe/Warsaw": [datetime(2027, 10, 31, 1), datetime(2030, 3, 31, 1)],  # on the last day of a month
    "CET": [datetime(2027, 10, 31, 1), datetime(2030, 3, 31, 1)],  # by its name an abbreviation, too
    "Australia/Lord_Howe": [datetime(2026, 4, 4, 15), datetime(2026, 10, 3, 15, 30)],
    "America/Havana": [datetime(2026, 3, 8, 5), datetime(2026, 11, 1, 5)],  # over midnight
    # From 0:01 back to the day before.
    "America/St_Johns": [datetime(2010, 3, 14, 3, 31), datetime(2010, 11, 7, 2, 31)],
    "Pacific/Apia": [datetime(2011, 12, 30, 10)],  # a whole day is skipped
    "Antarctica/Troll": [datetime(2026, 3, 29, 1), datetime(2027, 10, 31, 1)],
    "Asia/Kathmandu": [],
}
"""Zones with changes of their clocks, in UTC."""


class Case(NamedTuple):
    schedule: str
    after: datetime
    until: datetime
    zone: str


@pytest.fixture
def zones(postgres: psycopg.Connection[tuple[Any, ...]]) -> dict[str, list[datetime]]:
    """Those that the server knows: Debian 13 has the old names in a package of their own."""
    known = {name for (name,) in postgres.execute("SELECT name FROM pg_timezone_names").fetchall()}
    return {zone: changes for zone, changes in ZONES.items() if zone in known}


@pytest.fixture
def last_due(
    provide: Callable[..., Any], install: Callable[..., None], clean: None, conninfo: str
) -> Iterator[Callable[[list[Case]], list[Any]]]:
    """The server's answers, in a session whose own time zone is nobody's."""
    install()
    provide(RunLedgerProvider).create({"schema_name": "public", "owner": "supabase-cron/test"})
    query = (
        "SELECT public.cron_last_due(schedule, since, until, zone) "
        "FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[]) "
        "WITH ORDINALITY AS t (schedule, since, until, zone, n) ORDER BY n"
    )
    with psycopg.connect(conninfo, options="-c TimeZone=Pacific/Chatham", client_encoding="utf8") as connection:

        def answers(cases: list[Case]) -> list[Any]:
            columns = [list(column) for column in zip(*cases, strict=True)]
            return [due and due.astimezone(UTC) for (due,) in connection.execute(query, columns).fetchall()]

        yield answers


def is_last(due: datetime | None, times: Times | None, case: Case) -> bool:
    """Whether that is a run of the interval and none follows in it, or None and there is none."""
    assert times

    def following(instant: datetime) -> datetime:
        return next(times.runs(instant, ZoneInfo(case.zone)))

    if due is None:
        return following(case.after) > case.until
    return case.after < due <= case.until and following(due - MICROSECOND) == due and following(due) > case.until


def drawn(rng: random.Random, count: int) -> Iterator[tuple[str, Schedule]]:
    """Schedules of all forms of items, most of them on few days and at few times."""

    def field(unit: Unit) -> str:
        def item() -> str:
            first, last = sorted(rng.randint(unit.low, unit.high) for _ in range(2))
            names = dict(enumerate(unit.names, unit.low))
            a, b = (rng.choice((str(n), f"0{n}", names.get(n, str(n)).title())) for n in (first, last))
            step = rng.choice((1, 2, 5, 6, 12))
            return rng.choice((a, a, a, f"{a}-{b}", f"{a}-{b}/{step}", "*", f"*/{step}"))

        if rng.random() < 0.4:
            return rng.choice("*$") if unit is DAY_FIELD else "*"
        return ",".join(item() for _ in range(rng.choice((1, 1, 2, 3))))

    while count:
        text = rng.choice((" ", "\t ")).join(map(field, UNITS))
        try:
            schedule = parse_schedule(text)
        except ScheduleError:  # backwards or never
            continue
        count -= 1
        yield text, schedule


def windows(rng: random.Random, changes: list[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Intervals that end near a change of the clock or anywhere, on the minute or not."""
    for change in changes:
        until = change.replace(tzinfo=UTC) + rng.randint(-200, 2000) * MINUTE
        yield until - rng.choice((5 * MINUTE, 3 * HOUR, 2 * DAY, 9 * DAY)), until
    until = datetime(2026, 1, 1, tzinfo=UTC) + rng.random() * 1500 * DAY
    yield until - rng.choice((30 * MINUTE, DAY, 40 * DAY, 400 * DAY)), until
    yield until - 400 * DAY, until.replace(second=0, microsecond=0)


def tricky() -> list[str]:
    surrounded = ["# nightly\n0 1 * * *", " 0 1\t* * * \n\n", "\n \n# a\n#b\n\t@daily \n# c"]
    return [text for line in TRICKY.strip().splitlines() for text in line.split("|")] + surrounded


def test_the_last_due_run_is_the_last_that_is_foretold(
    last_due: Callable[[list[Case]], list[Any]], zones: dict[str, list[datetime]]
) -> None:
    rng = random.Random(20261125)  # noqa: S311 - repeatable
    chosen = {text: parse_schedule(text) for text in tricky()}
    schedules = chosen | dict(drawn(rng, 400))
    cases = [
        Case(text, *window, zone)
        for text in schedules
        for zone, changes in zones.items()
        if text in chosen or rng.random() < 0.1
        for window in windows(rng, changes)
    ]
    answers = list(zip(cases, last_due(cases), strict=True))
    assert [(case, due) for case, due in answers if not is_last(due, schedules[case.schedule].times, case)] == []
    never = sum(due is None for _, due in answers)
    assert never > 500
    assert len(answers) - never > 1000


def test_every_instant_around_a_clock_change(
    last_due: Callable[[list[Case]], list[Any]], zones: dict[str, list[datetime]]
) -> None:
    texts = ("30 1 * * *", "30 0-2 * * *", "0 0 * * *", "45 1 * * 0", "59 23 * * *")
    cases, expected = [], []
    for zone, changes in zones.items():
        for change in changes:
            start = change.replace(tzinfo=UTC)
            for text in texts:
                times = parse_schedule(text).times
                assert times
                runs = list(islice(times.runs(start - 2 * DAY, ZoneInfo(zone)), 40))
                assert runs[-1] > start + DAY
                ends = [start + n * 15 * MINUTE for n in range(-4 * 4, 4 * 12)]
                cases += [Case(text, start - 2 * DAY, end, zone) for end in ends]
                expected += [max((run for run in runs if run <= end), default=None) for end in ends]
    assert last_due(cases) == expected


def test_every_instant_around_the_end_of_a_month(last_due: Callable[[list[Case]], list[Any]]) -> None:
    ends = {
        "America/New_York": datetime(2026, 11, 1),
        "America/Havana": datetime(2026, 11, 1),
        "America/St_Johns": datetime(2009, 11, 1),
        "Australia/Lord_Howe": datetime(2029, 4, 1),
        "Europe/Berlin": datetime(2030, 3, 31),
        "Antarctica/Troll": datetime(2027, 10, 31),
    }
    cases, expected = [], []
    for text in ("0 0 $ * *", "30 23 $ * *", "*/15 * $ * *", "0 */2 $ * 0", "0,30 0,22 $ * */2"):
        times = parse_schedule(text).times
        assert times
        for zone, day in ends.items():
            start = day.replace(tzinfo=UTC) - 3 * DAY
            runs = list(islice(times.runs(start - DAY, ZoneInfo(zone)), 1500))
            for end in (start + n * 15 * MINUTE for n in range(4 * 24 * 6)):
                cases.append(Case(text, start - DAY, end, zone))
                expected.append(max((run for run in runs if run <= end), default=None))
    assert last_due(cases) == expected


def test_a_repeated_time_counts_twice_and_a_skipped_one_not_at_all(last_due: Callable[[list[Case]], list[Any]]) -> None:
    def at(month: int, number: int, hour: int = 0, minute: int = 0) -> datetime:
        return datetime(2026, month, number, hour, minute, tzinfo=UTC)

    berlin = "Europe/Berlin"
    answers = {
        Case("30 2 * * *", at(10, 24), at(10, 25, 0, 29), berlin): at(10, 24, 0, 30),
        Case("30 2 * * *", at(10, 24), at(10, 25, 1, 29), berlin): at(10, 25, 0, 30),
        Case("30 2 * * *", at(10, 24), at(10, 25, 1, 30), berlin): at(10, 25, 1, 30),
        Case("30 2 * * *", at(3, 27), at(3, 29, 20), berlin): at(3, 28, 1, 30),
        Case("30 2 * * *", at(3, 28, 1, 30), at(3, 30, 0, 29), berlin): None,
    }
    assert last_due(list(answers)) == list(answers.values())


def test_an_interval_is_open_at_its_beginning_and_closed_at_its_end(
    last_due: Callable[[list[Case]], list[Any]],
) -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    second = timedelta(seconds=1)
    answers = {
        Case("0 12 * * *", noon - second, noon, "GMT"): noon,
        Case("0 12 * * *", noon - second, noon + 59 * second, "GMT"): noon,
        Case("0 12 * * *", noon, noon + HOUR, "GMT"): None,
        Case("0 12 * * *", noon - HOUR, noon - second, "GMT"): None,
        Case("0 12 * * *", noon, noon, "GMT"): None,
        Case("0 12 * * *", noon + HOUR, noon - HOUR, "GMT"): None,
    }
    assert last_due(list(answers)) == list(answers.values())


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


def test_the_search_goes_back_as_far_as_the_rarest_schedule_and_no_farther(
    last_due: Callable[[list[Case]], list[Any]],
) -> None:
    long_ago = day(1, 1, 1)
    answers = {
        Case("0 0 29 2 *", day(2096, 2, 28), day(2104, 2, 28), "GMT"): day(2096, 2, 29),
        Case("0 0 29 2 */7", long_ago, day(2128, 2, 28), "GMT"): day(2088, 2, 29),  # and not for forty years
        Case("0 0 30 2 *", long_ago, day(2026, 1, 1), "GMT"): None,
    }
    assert last_due(list(answers)) == list(answers.values())


def test_what_is_no_schedule_of_five_fields_is_never_due(last_due: Callable[[list[Case]], list[Any]]) -> None:
    window = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    never = [text for line in NEVER.strip().splitlines() for text in line.split("|")]
    for text in [*table(), *near_the_grammar(5, 2000)]:
        try:
            parse_schedule(text)
        except ScheduleError as error:
            if not error.mistake:
                never.append(text)
    assert len(never) > 500
    dues = last_due([Case(text, *window, "GMT") for text in never])
    assert [text for text, due in zip(never, dues, strict=True) if due is not None] == []


def test_a_mistake_that_pg_cron_takes_is_read_as_pg_cron_reads_it(
    last_due: Callable[[list[Case]], list[Any]],
) -> None:
    after, until = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 1, 12, 59, tzinfo=UTC)
    texts = ("*/7 * * * *", "*/59 * * * *", "0 12 1-31 * 5", "*/90 * * * *")
    assert [due.minute for due in last_due([Case(text, after, until, "GMT") for text in texts])] == [56, 59, 0, 0]


def test_null_is_answered_with_null(conninfo: str, last_due: object) -> None:
    arguments = ["'* * * * *'", "now() - interval '1 hour'", "now()", "'GMT'"]
    with psycopg.connect(conninfo) as connection:
        for number in range(-1, 4):
            given = ["NULL" if n == number else argument for n, argument in enumerate(arguments)]
            row = connection.execute(f"SELECT public.cron_last_due({', '.join(given)}) IS NULL".encode()).fetchone()
            assert row == (number >= 0,)
        endless = "SELECT public.cron_last_due('* * * * *', '-infinity', 'infinity', 'GMT')"
        assert connection.execute(endless.encode()).fetchone() == (None,)
