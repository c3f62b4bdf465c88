"""What is told of runs, jobs and the server beside the rows themselves."""

from datetime import UTC, datetime
from typing import Any

import pytest

from components.runs import BACKLOG, SILENCE, Health, JobStatus, Run

AT = datetime(2026, 11, 25, 1, 0, 2, 500_000, UTC)


def run(**given: Any) -> Run:
    blank = dict.fromkeys(Run._fields)
    return Run(
        **{**blank, "job": "nightly", "state": "ok", "fired_at": AT, "source": "schedule", "attempt": 1, **given}
    )


def health(**given: Any) -> Health:
    well = {"scheduler": 1.0, "queue": 0, "oldest": None, "ledger_bytes": 0, "details_bytes": 0, "timezone": "GMT"}
    return Health(**{**well, "accounts": True, **given})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, ""),
        ({"detail": "d"}, "d"),
        ({"source": "manual"}, "by hand"),
        ({"source": "catch_up", "attempt": 2, "detail": "d"}, "made up for, attempt 2: d"),
        ({"source": "catch_up", "due_at": AT}, "made up for 2026-11-25 01:00"),
    ],
)
def test_what_is_out_of_the_ordinary_is_told(given: dict[str, Any], told: str) -> None:
    assert run(**given).told == told


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"scheduler": None}, ["pg_cron has not run anything yet"]),
        ({"scheduler": SILENCE + 1.0}, ["its scheduler is not alive"]),
        ({"scheduler": None, "accounts": False}, ["cron.log_run is off"]),
        ({"oldest": BACKLOG + 1.0, "queue": 7}, ["with 7 in pg_net's queue"]),
        ({}, []),
    ],
)
def test_what_is_wrong_with_the_server(given: dict[str, Any], told: list[str]) -> None:
    problems = health(**given).problems()
    assert len(problems) == len(told)
    assert all(text in problem for text, problem in zip(told, problems, strict=True))


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
