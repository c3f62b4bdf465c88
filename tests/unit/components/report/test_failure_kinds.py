from datetime import UTC, datetime

import pytest

from components.report.failure_kinds import Failures, failures, publishable_detail

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        (None, ""),
        ("answered with status 401", "answered with status 401"),
        ("ERROR:  no such table\nLINE 1: SELECT 'planted'", "ERROR:  no such table"),
        ("got sb_secret_planted0123456789", "not shown, as it holds a secret key of Supabase (sb_secret_…)"),
    ],
)
def test_the_first_line_of_a_message_is_published_unless_it_holds_a_key(detail: str | None, shown: str) -> None:
    assert publishable_detail(detail) == shown


def test_the_cause_is_found_by_the_answer_and_the_answer_left_out() -> None:
    row = {
        "job": "nightly",
        "state": "failed",
        "status_code": 401,
        "runs": 3,
        "first": NOW,
        "last": NOW,
        "run": 7,
        "kinds": 1,
        "all_runs": 3,
        "detail": "answered with status 401",
        "response": '{"message": "Invalid API key", "planted": 1}',
    }
    grouped = failures([row])
    assert (grouped.runs, grouped.kinds) == (3, 1)
    (shown,) = grouped.shown
    assert shown.explanation is not None
    assert "apikey" in shown.explanation.cause
    assert "planted" not in repr(grouped)


def test_of_no_failures() -> None:
    assert failures([]) == Failures(0, 0, ())
