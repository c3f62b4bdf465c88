from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from components.report.run_pieces import Piece, Strip, Window, window
from cronctl.report_chart import LETTERS_APART, bars, by_day, days, labels, letters, midnights

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
    assert [label.is_today for label in named] == [False] * (len(named) - 1) + [True]
    assert named[-1].day == NOW.day
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
