"""What drift says of one object in the state, by what lives."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from components.database.connection import Database
from components.objects.cron_job import CronJobKind, LiveJob
from components.objects.stack_mark import StackName
from cronctl.comparison import jobs_of_other_stacks, stray_jobs
from cronctl.drift import _finding
from cronctl.stack import StateResource

STACK = "supabase-cron/test"
STORED = {"name": "it's", "schedule": "0 1 * * *", "command": "SELECT 'planted'", "owner": STACK, "jobid": 1}
LIVE = LiveJob(
    1, "0 1 * * *", "SELECT 'planted'", active=True, database="d", username="u", mine=True, current_database="d"
)


class Living:
    """A database of jobs."""

    def __init__(self, **jobs: LiveJob) -> None:
        self.rows = {name: [job._asdict()] for name, job in jobs.items()}

    def snapshot(self, reader: Callable[[Database], Any]) -> Any:
        return self.rows


@pytest.mark.parametrize(
    ("live", "stored", "told"),
    [
        (LIVE, STORED, ("in sync", ())),
        (LIVE, {**STORED, "written by": "a later version"}, ("in sync", ())),
        (None, STORED, ("missing", ("gone from the database",))),
        (
            LIVE._replace(active=False),
            STORED,
            ("differs", ("paused there, active in the state; cronctl resume 'it'\"'\"'s' lets it run again",)),
        ),
        (
            LIVE,
            {**STORED, "active": False},
            ("differs", ("resumed there, paused in the state; cronctl pause 'it'\"'\"'s' pauses it again",)),
        ),
        (
            LIVE._replace(command="SELECT 'planted too'"),
            STORED,
            (
                "differs",
                (
                    "command is another there (- in the state, + there, <…> for what may be a value):\n"
                    "  - SELECT 'planted'\n  + SELECT '<11 characters>'",
                ),
            ),
        ),
        (
            LIVE,
            {"name": "it's"},
            ("cannot tell", ("its state was written by another version of this project; pulumi up renews it",)),
        ),
    ],
)
def test_an_object(live: LiveJob | None, stored: dict[str, Any], told: tuple[str, tuple[str, ...]]) -> None:
    database = cast(Database, Living(**({"it's": live} if live else {})))
    found = _finding(CronJobKind(), StateResource("CronJob", "it's", stored), database)
    assert (found.status, found.details) == told


def test_jobs_are_told_by_whose_they_are() -> None:
    def marked(owner: str, name: str) -> LiveJob:
        return LIVE._replace(command=f"-- supabase-cron: {owner}/{name}\nSELECT 1")

    live = {
        "ours": marked(STACK, "ours"),
        "left": marked(STACK, "left"),
        "copied": marked(STACK, "ours"),
        "theirs": marked("supabase-cron/other", "theirs"),
        "strange": marked("another-project/test", "strange"),
        "by hand": LIVE,
    }
    assert [finding.name for finding in stray_jobs(STACK, live, {"ours"})] == ["left"]
    assert jobs_of_other_stacks(StackName("supabase-cron", "test"), live) == {"other": ["theirs"]}
