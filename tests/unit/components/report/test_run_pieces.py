from datetime import UTC, datetime, timedelta

import pytest

from components.report.run_pieces import PIECES, WORST, Piece, strips, window, worst
from components.runs.states import STATES

NOW = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("days", range(1, 91))
def test_every_window_has_whole_pieces_of_a_day(days: int) -> None:
    span = window(NOW, days)
    assert span.until - span.since == timedelta(days=days)
    assert span.until - span.step <= NOW < span.until
    assert span.pieces * span.step == timedelta(days=days)
    assert span.pieces <= PIECES
    assert (span.until - NOW.replace(hour=0, minute=0)) % span.step == timedelta(0)


def test_a_week_is_in_hours() -> None:
    span = window(NOW, 7)
    assert (span.step, span.pieces, span.until) == (HOUR, 168, datetime(2026, 11, 25, 14, tzinfo=UTC))


def test_the_worst_verdict_speaks_and_a_run_on_its_way_only_alone() -> None:
    assert set(WORST) == set(STATES)
    assert worst(["ok", "failed", "queued"]) == "failed"
    assert worst(["queued", "ok"]) == "ok"
    assert worst(["retrying"]) == "retrying"


def test_rows_become_strips() -> None:
    later = NOW + HOUR
    rows = [
        {"job": "b", "begin": NOW, "state": "ok", "runs": 58},
        {"job": "b", "begin": NOW, "state": "failed", "runs": 2},
        {"job": "b", "begin": later, "state": "ok", "runs": 60},
        {"job": "a", "begin": later, "state": "lost", "runs": 1},
    ]
    first, second = strips(rows)
    assert (first.job, first.pieces, first.counts) == ("a", (Piece(later, "lost", {"lost": 1}),), {"lost": 1})
    assert second.pieces == (Piece(NOW, "failed", {"failed": 2, "ok": 58}), Piece(later, "ok", {"ok": 60}))
    assert list(second.counts.items()) == [("failed", 2), ("ok", 118)]
    assert strips([]) == []
