"""A project that ``cronctl init`` makes in an empty folder, deployed and destroyed as its last lines say."""

from pathlib import Path
from typing import Any

import psycopg

from tests.acceptance.conftest import Project


def test_a_new_project_deploys_its_job(
    project: Project, planted: dict[str, str], postgres: psycopg.Connection[tuple[Any, ...]], tmp_path: Path
) -> None:
    folder = tmp_path / "shop-cron"
    assert project.run("cronctl", "init", "--project", str(folder)).code == 0
    (folder / ".venv").symlink_to((project.folder / ".venv").resolve())  # what `pulumi install` makes in minutes
    new = Project(folder, project.environment)
    assert new.run("pulumi", "stack", "init", "test").code == 0
    for key in ("supabase_url", "service_role_key"):
        new.configure("--secret", "--path", f"secrets.{key}", planted[key])
    try:
        new.up()
        assert postgres.execute("SELECT schedule FROM cron.job WHERE jobname = 'hello'").fetchall() == [
            ("*/5 * * * *",)
        ]
        assert new.pulumi("preview", "--expect-no-changes").code == 0
        verified = new.run("cronctl", "verify", "--stack", "test")
        assert verified.code == 0, verified.output
    finally:
        destroyed = new.pulumi("destroy", "--yes")
    assert destroyed.code == 0, destroyed.output
    assert not postgres.execute("SELECT FROM cron.job").fetchall()
