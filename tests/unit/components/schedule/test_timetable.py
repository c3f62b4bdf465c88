from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from components.schedule.occurrences import DAY
from components.schedule.timetable import Collision, Span, collisions, day_plan, day_start, spans

WEDNESDAY = datetime(2026, 11, 25, tzinfo=UTC)


def at(hour: int, minute: int = 0) -> datetime:
    return WEDNESDAY + timedelta(hours=hour, minutes=minute)


def test_a_day_begins_at_midnight_in_utc() -> None:
    assert day_start(datetime(2026, 11, 26, 8, 30, tzinfo=ZoneInfo("Asia/Tokyo"))) == WEDNESDAY


@pytest.mark.parametrize(
    ("schedule", "runs", "drawn", "frequent"),
    [
        ("0 1 * * *", 1, (Span(at(1), at(1), 1),), False),
        ("0,1 1 * * *", 2, (Span(at(1), at(1, 1), 2),), False),
        ("0 1,13 * * *", 2, (Span(at(1), at(1), 1), Span(at(13), at(13), 1)), False),
        ("* * * * *", 1440, (Span(at(0), at(23, 59), 1440),), True),
        ("*/5 * * * *", 288, (Span(at(0), at(23, 55), 288),), True),
        ("*/5 9-10 * * *", 24, (Span(at(9), at(10, 55), 24),), False),
        ("30 seconds", 2880, (Span(at(0), at(24), 0),), True),
        ("* * * * 1", 0, (), True),  # all of Monday
        ("0 0 1 1 *", 0, (), False),
        ("0 0 * * *", 1, (Span(at(0), at(0), 1),), False),
    ],
)
def test_what_a_schedule_does_in_a_day(schedule: str, runs: int, drawn: tuple[Span, ...], frequent: bool) -> None:
    plan = day_plan(schedule, WEDNESDAY, UTC)
    assert (plan.runs, plan.spans, plan.frequent, plan.note) == (runs, drawn, frequent, None)


def test_marks_are_marks_and_not_a_band() -> None:
    plan = day_plan("*/15 * * * *", WEDNESDAY, UTC)
    assert (plan.runs, len(plan.spans), plan.frequent) == (96, 96, False)


def test_schedules_are_read_in_the_servers_zone() -> None:
    (span,) = day_plan("0 1 * * *", WEDNESDAY, ZoneInfo("America/New_York")).spans
    assert span.start == at(6)


@pytest.mark.parametrize(("schedule", "note"), [("@reboot", "runs when the server starts"), ("0 14-3 * * *", "know")])
def test_what_cannot_be_foretold_is_said(schedule: str, note: str) -> None:
    plan = day_plan(schedule, WEDNESDAY, UTC)
    assert (plan.runs, plan.spans) == (0, ())
    assert note in (plan.note or "")


def test_runs_are_one_band_as_long_as_they_are_close() -> None:
    times = [at(1), at(1, 5), at(1, 11)]
    assert list(spans(times)) == [Span(at(1), at(1, 5), 2), Span(at(1, 11), at(1, 11), 1)]
    assert list(spans([])) == []


def test_jobs_that_meet() -> None:
    found = collisions(
        {
            "a": "0 2 * * *",
            "b": "0 2 * * *",
            "quarter": "*/15 * * * *",
            "weekly": "15 2 * * 0",
            "alone": "7 3 * * *",
            "every minute": "* * * * *",
            "seconds": "10 seconds",
            "odd": "0 14-3 * * *",
            "start": "@reboot",
        },
        WEDNESDAY,
        UTC,
    )
    assert found == [
        Collision(("a", "b", "quarter"), ("02:00",), ("Wed", "Thu", "Fri", "Sat", "Sun", "Mon", "Tue"), at(2)),
        Collision(("quarter", "weekly"), ("02:15",), ("Sun",), at(2, 15) + 4 * DAY),
    ]


def test_times_of_the_same_jobs_are_one_collision() -> None:
    (found,) = collisions({"a": "*/15 * * * *", "b": "0,30 * * * *"}, WEDNESDAY, UTC)
    assert len(found.times) == 48
    assert found.times[:3] == ("00:00", "00:30", "01:00")
    assert len(found.days) == 7


def test_nobody_meets_nobody() -> None:
    assert collisions({}, WEDNESDAY, UTC) == []
    assert collisions({"a": "0 1 * * *", "b": "1 1 * * *"}, WEDNESDAY, UTC) == []
