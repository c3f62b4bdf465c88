"""Operators through the engine, with a double of Pulumi's postgresql plugin (doubles/), which does the SQL for real."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

DOUBLES = Path(__file__).parent / "doubles"


@pytest.fixture
def alice(superuser_conninfo: str) -> Iterator[str]:
    """A person's login."""
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS alice")
        connection.execute("CREATE ROLE alice LOGIN PASSWORD 'local'")
        yield "alice"
        connection.execute("DROP ROLE alice")


def test_an_operator_may_rotate_and_nothing_else(
    project: Any, postgres: psycopg.Connection[Any], alice: str, conninfo: str
) -> None:
    project.environment["PATH"] = f"{DOUBLES}{os.pathsep}{project.environment['PATH']}"
    project.configure("--path", "operators.role", "cron_operators")
    project.configure("--path", "operators.members[0]", alice)
    assert project.pulumi("preview").code == 0
    project.up()
    assert project.outputs()["rotators"] == ["cron_operators"]
    with psycopg.connect(make_conninfo(conninfo, user=alice, password="local"), autocommit=True) as person:
        person.execute("SELECT public.rotate_cron_secret('cron_secret', 'planted-by-alice')")
        for refused in ("SELECT public.get_secret('cron_secret')", "SELECT * FROM public.cron_secrets"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                person.execute(refused)
    assert project.pulumi("preview", "--expect-no-changes").code == 0
    told = project.pulumi("preview").output
    assert "another, set by alice at" in told
    assert "planted-by-alice" not in told
    assert project.pulumi("destroy", "--yes").code == 0
    assert postgres.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'cron_operators'").fetchone() == (0,)


def test_a_rotator_that_is_no_role_is_told_at_preview(project: Any) -> None:
    project.configure("--path", "rotators[0]", "authentcator")
    result = project.pulumi("preview")
    assert result.code != 0
    (error,) = result.errors()
    assert "there is no role 'authentcator' on the server; did you mean 'authenticator'?" in error
