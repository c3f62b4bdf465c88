"""What a Run and a JobStatus derive from their rows."""

from datetime import UTC, datetime
from typing import Any

import pytest

from components.runs.history import STANDINGS, JobStatus, Run

AT = datetime(2026, 11, 25, 1, 0, 2, 500_000, UTC)


def run(**given: Any) -> Run:
    blank = dict.fromkeys(Run._fields)
    return Run(
        **{**blank, "job": "nightly", "state": "ok", "fired_at": AT, "source": "schedule", "attempt": 1, **given}
    )


@pytest.mark.parametrize(
    ("given", "summary"),
    [
        ({}, ""),
        ({"detail": "d"}, "d"),
        ({"source": "manual"}, "by hand"),
        ({"source": "catch_up", "attempt": 2, "detail": "d"}, "made up for, attempt 2: d"),
        ({"source": "catch_up", "due_at": AT}, "made up for 2026-11-25 01:00"),
    ],
)
def test_the_summary_has_what_is_out_of_the_ordinary(given: dict[str, Any], summary: str) -> None:
    assert run(**given).summary == summary


@pytest.mark.parametrize(
    ("given", "lag"),
    [
        ({}, 2.5),
        ({"source": "manual"}, None),
        ({"schedule": "30 seconds"}, None),
        ({"fired_at": None}, None),
    ],
)
def test_how_late_a_run_began(given: dict[str, Any], lag: float | None) -> None:
    blank = dict.fromkeys(JobStatus._fields)
    job = JobStatus(**{**blank, "schedule": "0 1 * * *", "source": "schedule", "fired_at": AT, **given})
    assert job.lag == lag


@pytest.mark.parametrize("standing", [*STANDINGS, "as declared"])
def test_a_job_that_is_not_as_declared_is_a_problem(standing: str) -> None:
    blank: dict[str, Any] = dict.fromkeys(JobStatus._fields)
    problem = JobStatus(**{**blank, "job": "nightly", "standing": standing}).problem
    assert (problem is None) == (standing == "as declared")
    assert problem is None or problem.startswith("job 'nightly' ")
