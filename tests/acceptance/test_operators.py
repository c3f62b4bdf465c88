"""Operators through the engine, with a double of Pulumi's postgresql plugin (doubles/), which does the SQL for real."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

DOUBLES = Path(__file__).parent / "doubles"


@pytest.fixture
def alice(superuser_conninfo: str) -> Iterator[str]:
    """A person's login."""
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS alice")
        connection.execute("CREATE ROLE alice LOGIN PASSWORD 'local'")
        yield "alice"
        connection.execute("DROP ROLE alice")


def configure_operators(project: Any, member: str) -> None:
    project.environment["PATH"] = f"{DOUBLES}{os.pathsep}{project.environment['PATH']}"
    project.configure("--path", "operators.role", "cron_operators")
    project.configure("--path", "operators.members[0]", member)


def told_to_plugin(project: Any) -> dict[str, Any]:
    """The provider's inputs in the state, of which the engine makes what the plugin is configured with."""
    exported = json.loads(project.pulumi("stack", "export", "--show-secrets").output)
    resources = exported["deployment"]["resources"]
    (found,) = [each["inputs"] for each in resources if each["type"] == "pulumi:providers:postgresql"]
    return dict(found)


def test_an_operator_may_rotate_and_nothing_else(
    project: Any, postgres: psycopg.Connection[Any], alice: str, conninfo: str
) -> None:
    configure_operators(project, alice)
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


def test_the_certificates_of_the_database_url_arrive_in_the_plugin(
    alice: str, project: Any, conninfo: str, tmp_path: Path
) -> None:
    configure_operators(project, alice)
    given = {"sslrootcert": "root.crt", "sslcert": "me.crt", "sslkey": "me.key", "connect_timeout": "7"}
    project.environment["SUPABASE_CRON_DATABASE_URL"] = make_conninfo(conninfo, sslmode="disable", **given)
    project.environment["POSTGRESQL_DOUBLE_RECORD"] = str(tmp_path / "record")
    project.up()
    (record,) = set((tmp_path / "record").read_text().splitlines())
    expected = {**conninfo_to_dict(conninfo), **given, "sslmode": "disable"}
    assert json.loads(record) == {key: str(value) for key, value in expected.items()}
    assert told_to_plugin(project)["sslrootcert"] == "root.crt"


@pytest.fixture
def rotate(superuser_conninfo: str, conninfo: str) -> Iterator[Any]:
    """Changes the password of the login that deploys; it has its own again at the end, so ask for this first."""
    login = conninfo_to_dict(conninfo)

    def change(password: str) -> None:
        with psycopg.connect(superuser_conninfo, autocommit=True) as superuser:
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            superuser.execute(statement.format(sql.Identifier(str(login["user"])), sql.Literal(password)))

    yield change
    change(str(login["password"]))


def test_a_rotated_database_password_locks_neither_refresh_nor_destroy(
    alice: str, rotate: Any, project: Any, postgres: psycopg.Connection[Any], conninfo: str
) -> None:
    login = conninfo_to_dict(conninfo)
    password = str(login.pop("password"))
    configure_operators(project, alice)
    project.environment |= {
        "SUPABASE_CRON_DATABASE_URL": make_conninfo("", **login),
        "PGPASSWORD": password,
    }
    project.up()
    assert "password" not in told_to_plugin(project)
    rotate("rotated")
    refused = project.pulumi("refresh", "--yes")
    assert refused.code != 0  # the password is asked for, so what follows tells something
    assert "password authentication failed" in refused.output or "refuses the password" in refused.output
    project.environment["PGPASSWORD"] = "rotated"
    for command in ("refresh", "destroy"):
        result = project.pulumi(command, "--yes")
        assert result.code == 0, result.output
    assert postgres.execute("SELECT count(*) FROM pg_roles WHERE rolname = 'cron_operators'").fetchone() == (0,)


def test_a_password_in_the_url_alone_is_kept_in_the_state_and_a_run_of_the_program_renews_it(
    alice: str, rotate: Any, project: Any, conninfo: str
) -> None:
    configure_operators(project, alice)
    project.up()
    assert json.loads(told_to_plugin(project)["password"]["plaintext"]) == conninfo_to_dict(conninfo)["password"]
    rotate("rotated")
    project.environment["SUPABASE_CRON_DATABASE_URL"] = make_conninfo(conninfo, password="rotated")
    locked = project.pulumi("refresh", "--yes")
    assert locked.code != 0
    assert "password authentication failed" in locked.output
    for command in ("refresh", "destroy"):
        result = project.pulumi(command, "--run-program", "--yes")
        assert result.code == 0, result.output


def test_a_rotator_that_is_no_role_is_told_at_preview(project: Any) -> None:
    project.configure("--path", "rotators[0]", "authentcator")
    result = project.pulumi("preview")
    assert result.code != 0
    (error,) = result.errors()
    assert "there is no role 'authentcator' on the server; did you mean 'authenticator'?" in error
