"""The sentences on scheduler, sweeps and worker."""

from typing import Any

import pytest

from components.runs.health import BACKLOG, LEAST_TTL, SILENCE, Health

WELL = {
    "scheduler": 1.0,
    "launcher": True,
    "running": 2,
    "at_once": 32,
    "queue": 0,
    "oldest": None,
    "net_is_closed": False,
    "ttl": 21600.0,
    "sweeps": [{"step": "settle_cron_runs", "ended": 20.0, "failed": 9000.0, "detail": "of yesterday"}],
    "sweep_since": 90000.0,
    "ledger_bytes": 0,
    "details_bytes": 0,
    "timezone": "GMT",
    "accounts": True,
    "launches": True,
}


def step(**given: Any) -> dict[str, Any]:
    return {"step": "purge_cron_runs", "ended": None, "failed": None, "detail": None, **given}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"launcher": None, "ttl": None, "net_is_closed": None, "timezone": None}, []),
        ({"launcher": False, "scheduler": 9000.0}, ["scheduler does not run"]),
        ({"scheduler": None}, ["pg_cron has not run anything yet"]),
        ({"scheduler": None, "sweeps": [], "sweep_since": 60.0}, []),
        ({"scheduler": None, "sweeps": [], "sweep_since": None}, []),
        ({"scheduler": SILENCE + 1.0}, ["its scheduler is not alive"]),
        ({"scheduler": 9000.0, "sweeps": [step(ended=9000.0)], "sweep_since": 60.0}, []),
        ({"scheduler": 9000.0, "sweeps": [], "sweep_since": None}, []),
        ({"scheduler": SILENCE + 1.0, "running": 32}, ["for 151 s: 32 runs are under way, as many as may be"]),
        ({"scheduler": SILENCE + 1.0, "running": 32, "at_once": None}, ["its scheduler is not alive"]),
        ({"scheduler": 1.0, "running": 32}, []),
        ({"scheduler": 9000.0, "launches": False}, ["cron.launch_active_jobs is off"]),
        ({"scheduler": None, "accounts": False}, ["cron.log_run is off"]),
        ({"oldest": BACKLOG + 1.0, "queue": 7}, ["with 7 in pg_net's queue: its worker is not alive"]),
        ({"oldest": BACKLOG + 1.0, "queue": 7, "net_is_closed": True}, ["somebody took rights on schema net"]),
        (
            {"oldest": BACKLOG + 1.0, "sweeps": [step(ended=BACKLOG + 1.0)]},
            ["the sweep of runs has not come to its end"],
        ),
        (
            {"oldest": BACKLOG + 1.0, "sweeps": [step(step="settle_cron_runs", failed=3.0, detail="why")]},
            ["settle_cron_runs fails"],
        ),
        ({"queue": None}, ["pg_net is not there"]),
        ({"ttl": LEAST_TTL - 1.0}, ["forgets answers after 299 s"]),
        (
            {"sweeps": [step(failed=3.0, detail="why")]},
            ["step purge_cron_runs fails, so what it does is left undone: why"],
        ),
        ({"sweeps": [step(failed=3.0, ended=60.0, detail="why")]}, ["purge_cron_runs fails"]),
        ({"sweeps": [step(ended=3.0, failed=60.0, detail="why")]}, []),
        (
            {"sweeps": [step(step="settle_cron_secret", failed=3.0, detail="why")], "sweep_since": 9.0},
            ["rotations are"],
        ),
        ({"sweeps": [step(ended=SILENCE + 1.0)]}, ["the sweep of runs has not come to its end for 151 s"]),
        ({"sweeps": []}, ["the sweep of runs has not come to its end for 90000 s"]),
        ({"sweeps": [], "sweep_since": 30.0}, []),
    ],
)
def test_what_is_wrong_is_a_line_with_its_cure(given: dict[str, Any], expected: list[str]) -> None:
    problems = Health(**{**WELL, **given}).problems()
    assert len(problems) == len(expected), problems
    assert all(text in problem for text, problem in zip(expected, problems, strict=True))
