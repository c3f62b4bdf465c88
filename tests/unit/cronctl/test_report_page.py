from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from components.run_strip import Piece, Strip, Window, window
from components.timetable import Collision, Span
from cronctl.report_page import (
    LETTERS_APART,
    ago,
    bars,
    by_day,
    days,
    labels,
    letters,
    marked_code,
    midnights,
    milliseconds,
    share,
    size,
    span_title,
    stretches,
    when,
)

NOW = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = window(NOW, 7)


def strip(*pieces: Piece) -> Strip:
    return Strip("job", pieces, {})


def piece(hours: float, verdict: str = "ok", **counts: int) -> Piece:
    return Piece(WEEK.since + hours * HOUR, verdict, counts or {verdict: 1})


def test_bars_that_stand_side_by_side_are_as_wide_as_their_time() -> None:
    found = bars(strip(piece(0), piece(1), piece(9)), WEEK)
    assert [(bar.x, bar.width) for bar in found] == [(0, 1), (1, 1), (9, 1)]


def test_bars_of_a_rare_job_are_wider_and_stay_inside() -> None:
    found = bars(strip(piece(0), piece(24), piece(167)), WEEK)
    assert [(bar.x, bar.width) for bar in found] == [(0, 4), (24, 4), (164, 4)]


def test_a_bar_says_what_came_of_its_runs() -> None:
    (bar,) = bars(strip(piece(10, "failed", failed=2, ok=1058)), WEEK)
    assert (bar.state, bar.footed, bar.title) == ("failed", True, "Thu 19 Nov 00:00 to 01:00: 2 failed, 1,058 ok")
    (bar,) = bars(strip(piece(10, "retrying")), WEEK)
    assert (bar.state, bar.footed) == ("open", False)


def test_letters_are_those_of_failures_and_do_not_touch() -> None:
    found = letters(strip(*(piece(hour, "failed") for hour in range(24)), piece(50), piece(60, "lost")), WEEK)
    assert [each.letter for each in found] == ["F"] * 4 + ["L"]
    assert all(later.left - each.left >= LETTERS_APART for each, later in pairwise(found))


@pytest.mark.parametrize("number", [1, 7, 8, 14, 30, 90])
def test_a_windows_days_are_named_within_the_chart(number: int) -> None:
    found = window(NOW, number)
    named = labels(found)
    assert len(named) <= 7
    assert all(0 <= label.left <= 93 for label in named)
    assert all(0 <= place < found.pieces for place in midnights(found))
    assert len(midnights(found)) in (number, number + 1)
    assert number <= len(days(found)) <= number + 1


def test_a_window_that_begins_at_midnight() -> None:
    since = datetime(2026, 11, 24, tzinfo=UTC)
    found = Window(since, since + timedelta(days=1), HOUR)
    assert midnights(found) == [0]
    assert days(found) == [since]


def test_runs_by_day() -> None:
    found = by_day(strip(piece(0), piece(9, "failed", failed=1, ok=2), piece(10)))
    assert [(day.day, counts) for day, counts in found.items()] == [(18, {"failed": 1, "ok": 3}), (19, {"ok": 1})]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [({}, None), ({"skipped": 1, "queued": 2}, None), ({"ok": 3}, 100.0), ({"ok": 99_999, "failed": 1}, 99.9)],
)
def test_only_all_are_a_hundred_percent(counts: dict[str, int], expected: float | None) -> None:
    assert share(counts) == expected


def test_texts_are_escaped_and_commands_become_code() -> None:
    assert marked_code("run `pulumi <up>` & <b>") == "run <code>pulumi &lt;up&gt;</code> &amp; &lt;b&gt;"


def test_units() -> None:
    assert [milliseconds(each) for each in (None, 0, 940, 1000, 1234, 100_000)] == [
        *("", "0 ms", "940 ms", "1 s", "1.2 s", "100 s")
    ]
    assert [size(each) for each in (0, 16384, 3 * 2**20, 2**31)] == ["0 KiB", "16 KiB", "3.0 MiB", "2.0 GiB"]
    assert [ago(each) for each in (-1, 12.4, 600, 7200, 200_000)] == ["0 s", "12 s", "10 min", "2 h", "2 d"]
    assert stretches()[0] == "below 10 ms"
    assert stretches()[-1] == "100 s or more"


def test_times_of_jobs_that_meet() -> None:
    all_days = ("Wed", "Thu", "Fri", "Sat", "Sun", "Mon", "Tue")
    assert when(Collision(("a", "b"), ("02:00",), all_days, NOW)) == "02:00 daily"
    assert when(Collision(("a", "b"), ("02:00", "03:00"), ("Sat", "Sun"), NOW)) == "02:00, 03:00 Sat and Sun"
    many = tuple(f"{hour:02}:00" for hour in range(24))
    assert (
        when(Collision(("a", "b"), many, all_days, NOW))
        == "00:00, 01:00, 02:00, 03:00, 04:00, 05:00 and 18 more times daily"
    )


def test_spans_say_when() -> None:
    assert span_title(Span(NOW, NOW, 1)) == "13:30"
    assert span_title(Span(NOW, NOW + HOUR, 7)) == "13:30 to 14:30: 7 runs"
    assert span_title(Span(NOW, NOW + HOUR, 0)) == "all day"
