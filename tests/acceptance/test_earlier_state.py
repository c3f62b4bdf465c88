"""A stack that an earlier commit deployed goes on: its state is refreshed, updated and destroyed by the code of today.

states/before_packages.json is what ``pulumi stack export --show-secrets`` said at the last commit before components/ had
packages, of this project's own jobs.yaml, with some of the jobs. Without stack traces, which name places of a machine.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import psycopg

STATE = Path(__file__).parent / "states" / "before_packages.json"
JOBIDS = "SELECT jobname::text, jobid FROM cron.job ORDER BY jobname"

Connection = psycopg.Connection[tuple[Any, ...]]


class Result(Protocol):
    code: int
    output: str


class Project(Protocol):
    folder: Path
    pulumi: Callable[..., Result]
    up: Callable[..., Result]
    edit: Callable[..., None]


def test_a_state_of_before_the_packages(project: Project, postgres: Connection) -> None:
    project.up()
    jobids: dict[str, int] = dict(postgres.execute(JOBIDS).fetchall())
    imported = project.pulumi("stack", "import", "--file", str(STATE))
    assert imported.code == 0, imported.output

    refreshed = project.pulumi("refresh", "--yes")
    assert refreshed.code == 0, refreshed.output
    project.up()
    again = project.pulumi("preview", "--expect-no-changes")
    assert again.code == 0, again.output

    project.edit("jobs.yaml", '"*/15 * * * *"', '"*/20 * * * *"')
    project.up()
    assert dict(postgres.execute(JOBIDS).fetchall()) == jobids, "changed in place"
    schedule = "SELECT schedule FROM cron.job WHERE jobname = 'schedule-create-zoom'"
    assert postgres.execute(schedule).fetchall() == [("*/20 * * * *",)]

    destroyed = project.pulumi("destroy", "--yes")
    assert destroyed.code == 0, destroyed.output
    assert postgres.execute(JOBIDS).fetchall() == []
    assert json.loads(project.pulumi("stack", "export").output)["deployment"].get("resources", []) == []
