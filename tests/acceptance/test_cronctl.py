"""cronctl as a person runs it: what it finds, and what it says when it cannot find out."""

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from bench.proxy import proxied

Connection = psycopg.Connection[tuple[Any, ...]]


def findings(output: str) -> dict[tuple[str, str], tuple[str, list[str]]]:
    document, _ = json.JSONDecoder().raw_decode(output)
    return {(each["kind"], each["name"]): (each["status"], each["details"]) for each in document["objects"]}


def test_verify_finds_what_is_missing_changed_and_undeclared(project: Any, postgres: Connection) -> None:
    project.up()
    postgres.execute("SELECT cron.unschedule('generate-t5-invoices')")
    refused = (
        "SELECT cron.alter_job(jobid, schedule := '*/7 * * * *') FROM cron.job WHERE jobname = 'schedule-create-zoom'"
    )
    postgres.execute(refused.encode())
    postgres.execute("UPDATE public.cron_secrets SET value = 'planted-by-hand' WHERE key = 'cron_secret'")
    postgres.execute("GRANT EXECUTE ON FUNCTION public.rotate_cron_secret(text, text) TO anon")
    postgres.execute(
        "SELECT cron.schedule('left-over', '0 0 * * *', E'-- supabase-cron: supabase-cron/test/left-over\\nSELECT 1')"
    )
    try:
        result = project.run("cronctl", "verify", "--stack", "test", "--json")
        assert result.code == 1
        found = findings(result.output)
        assert found["CronJob", "generate-t5-invoices"] == ("missing", ["not in the database"])
        assert found["CronJob", "schedule-create-zoom"] == (
            "differs",
            ["schedule: declared '*/15 * * * *', in the database '*/7 * * * *'"],
        ), "told, though no schedule of ours could be so"
        status, (detail,) = found["Secret", "public.cron_secret"]
        assert status == "differs"
        assert "another, set by postgres at" in detail
        status, (detail,) = found["Grants", "public.rotate_cron_secret(p_key text, p_value text)"]
        assert (status, detail) == ("differs", "grantees: declared [], in the database ['anon']")
        status, (detail,) = found["CronJob", "left-over"]
        assert status == "undeclared"
        assert "SELECT cron.unschedule(" in detail
        assert found["CronJob", "notification-worker"] == ("in sync", [])
        assert "planted" not in result.output
    finally:
        postgres.execute("SELECT cron.unschedule('left-over')")


def test_without_its_name_it_is_the_selected_stack(project: Any, engine: str) -> None:
    named = project.run("cronctl", "verify", "--stack", "test", "--json")
    assert project.run("cronctl", "verify", "--json").output == named.output
    assert project.run("pulumi", "stack", "unselect").code == 0
    nothing = project.run("cronctl", "verify")
    assert nothing.code == 3
    assert "cronctl: no stack is named with --stack or PULUMI_STACK, and the engine knows of none: no stack sel" in (
        nothing.output
    )
    by_variable = project.run("cronctl", "verify", "--json", PULUMI_STACK="test")
    assert by_variable.output == named.output
    command = str(project.folder / ".venv/bin/cronctl")
    built = project.run(
        command, "verify", "--json", "--stack", "test", PATH="/usr/bin:/bin", SUPABASE_CRON_ENGINE=engine
    )
    assert built.output == named.output, "an engine that is not on PATH is found"


def test_a_stack_that_is_configured_and_not_deployed(project: Any) -> None:
    result = project.run("cronctl", "verify", "--stack", "test", "--json")
    assert result.code == 1
    found = findings(result.output)
    assert found["CronJob", "notification-worker"] == ("missing", ["not in the database"])


def test_drift_tells_what_was_changed_since_the_last_up(project: Any, postgres: Connection) -> None:
    project.up()
    clean = project.run("cronctl", "drift", "--stack", "test")
    assert (clean.code, "no drift: " in clean.output) == (0, True), clean.output

    project.edit("jobs.yaml", "schedule: 0 6 * * *", "schedule: 0 7 * * *")
    assert project.run("cronctl", "drift", "--stack", "test").code == 0, "what is declared anew is no drift"
    assert project.run("cronctl", "pause", "schedule-create-zoom", "--stack", "test").code == 0
    postgres.execute("SELECT cron.unschedule('generate-t5-invoices')")
    postgres.execute(
        "SELECT cron.alter_job(jobid, command := $$SELECT 'planted'$$) FROM cron.job WHERE jobname = 'notification-worker'"
    )
    postgres.execute("SELECT public.rotate_cron_secret('cron_secret', 'planted-by-hand')")
    for stack in ("test", "other"):
        mark = f"-- supabase-cron: supabase-cron/{stack}/left-{stack}"
        postgres.execute("SELECT cron.schedule(%s, '0 0 * * *', %s)", [f"left-{stack}", f"{mark}\nSELECT 1"])
    try:
        result = project.run("cronctl", "drift", "--stack", "test", "--json")
        assert result.code == 1, result.output
        found = {name: each for name, each in findings(result.output).items() if each[0] != "in sync"}
        (secret,) = found.pop(("Secret", "public.cron_secret"))[1]
        assert secret.startswith("value is 'another, set by postgres at")
        assert secret.endswith("kept until another is configured' there, 'the configured one' in the state")
        (stray,) = found.pop(("CronJob", "left-test"))[1]
        assert "SELECT cron.unschedule(" in stray
        (command,) = found.pop(("CronJob", "notification-worker"))[1]
        assert found == {
            ("CronJob", "generate-t5-invoices"): ("missing", ["gone from the database"]),
            ("CronJob", "schedule-create-zoom"): (
                "differs",
                ["paused there, active in the state; cronctl resume schedule-create-zoom lets it run again"],
            ),
        }
        assert command.startswith("command is another there (- in the state, + there, <…> for what may be a value):\n")
        assert "\n  -     headers := pg_catalog.jsonb_build_object(\n" in command
        assert "\n  + SELECT '<7 characters>'\n" in command
        document, _ = json.JSONDecoder().raw_decode(result.output)
        assert (document["drift"], document["other_stacks"]) == (True, {"other": ["left-other"]})
        told = project.run("cronctl", "drift", "--stack", "test", COLUMNS="40")
        assert told.code == 1
        assert "the stack other of this project has jobs in this database, too: left-other" in told.output
        assert "in sync" not in told.output
        assert "planted" not in result.output + told.output
    finally:
        for stack in ("test", "other"):
            postgres.execute("SELECT cron.unschedule(%s)", [f"left-{stack}"])
    project.up()
    left = findings(project.run("cronctl", "drift", "--stack", "test", "--json").output)
    assert [name for name, each in left.items() if each[0] != "in sync"] == [("Secret", "public.cron_secret")]


CONNECTING = 4
"""Round trips: TCP's own, one with the user's name, two of SCRAM."""


@pytest.fixture
def started(project: Any, engine: str) -> Callable[[], str]:
    """What the engine was started for since the last call, and when it ended: ``config( export( ) )``."""
    folder = project.folder / "counting"
    folder.mkdir()
    log = folder / "log"
    log.touch()
    (folder / "pulumi").write_text(
        f'#!/bin/sh\nfor last; do case "$last" in config|export|--show-name) echo "$last(" >>{log}; esac; done\n'
        f'"{engine}/pulumi" "$@"; status=$?\necho ")" >>{log}; exit $status\n',
        encoding="utf-8",
    )
    (folder / "pulumi").chmod(0o755)

    def since() -> str:
        told = log.read_text(encoding="utf-8").split()
        log.write_text("", encoding="utf-8")
        return " ".join([*sorted(told[: -told.count(")")]), *told[-told.count(")") :]])

    return since


def test_verify_and_drift_take_one_round_trip_and_two_runs_of_the_engine_side_by_side(
    project: Any, conninfo: str, started: Callable[[], str]
) -> None:
    project.up()
    path = f"{project.folder / 'counting'}:{project.environment['PATH']}"
    with proxied(conninfo, 0) as (through_proxy, proxy):
        far = {"SUPABASE_CRON_DATABASE_URL": through_proxy, "PATH": path}
        for command in ("verify", "drift"):
            proxy.trips = 0
            result = project.run("cronctl", command, "--stack", "test", **far)
            assert (result.code, proxy.trips) == (0, CONNECTING + 1), result.output
            assert started() == "config( export( ) )"
        assert project.run("cronctl", "drift", **far).code == 0
        assert started() == "--show-name( config( export( ) ) )"


def test_what_is_exported_runs_without_pulumi_and_pulumi_takes_it_up(
    project: Any, postgres: Connection, conninfo: str, planted: dict[str, str]
) -> None:
    nowhere = {"SUPABASE_CRON_DATABASE_URL": "host=127.0.0.1 port=1"}
    exported = project.run("cronctl", "export", "--stack", "test", "-o", "migration.sql", **nowhere)
    assert exported.code == 0, exported.output
    script = (project.folder / "migration.sql").read_text(encoding="utf-8")
    assert not [key for key, value in planted.items() if value in script + exported.output]
    again = ["cronctl", "export", "--stack", "test", "-o", "migration.sql"]
    assert project.run(*again, **nowhere).code == 0, "the same text is no loss"
    (project.folder / "migration.sql").write_text("-- mine")
    refused = project.run(*again, **nowhere)
    assert (
        refused.output
        == "cronctl: migration.sql is there with another text; replace it with --force, or name another file\n"
    )
    assert refused.code == 3
    assert project.run(*again, "--force", **nowhere).code == 0
    assert project.run("sh", "-c", "cronctl export --stack test 2>/dev/null").output == script
    psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-f", "migration.sql", conninfo]
    done = project.run(*psql)
    assert done.code == 0, done.output

    for command in ("drift", "verify"):
        told = project.run("cronctl", command, "--stack", "test", "--json")
        assert told.code == 1
        assert {each[0] for each in findings(told.output).values()} == {"not deployed"}
    jobids = "SELECT jobname, jobid FROM cron.job ORDER BY jobname"
    made = postgres.execute(jobids.encode()).fetchall()
    project.up()
    assert postgres.execute(jobids.encode()).fetchall() == made
    assert project.run("cronctl", "verify", "--stack", "test").code == 0


@pytest.mark.parametrize("name", ["drift", "export"])
def test_help_tells_the_exit_statuses(name: str, project: Any) -> None:
    result = project.run("cronctl", name, "--help")
    assert (result.code, "Exit status: 0" in result.output) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "told"),
    [
        (["verify", "--stack", "nowhere"], {}, 3, "cronctl: no stack named 'nowhere' found"),
        (["verify"], {"PULUMI_STACK": "nowhere"}, 3, "cronctl: no stack named 'nowhere' found"),
        (["verfy"], {}, 2, "No such command 'verfy'"),
        (
            ["verify", "--stack", "test"],
            {"PATH": "/usr/bin:/bin"},
            3,
            "cronctl: there is no pulumi on PATH, nor one that this",
        ),
        (
            ["verify", "--stack", "test"],
            {"SUPABASE_CRON_DATABASE_URL": "host=127.0.0.1 port=1 user=postgres"},
            3,
            "cronctl: no database at 127.0.0.1:1",
        ),
        (["verify", "--stack", "test"], {"PULUMI_CONFIG_PASSPHRASE": "wrong"}, 3, "cronctl: "),
        (
            ["trigger", "notification-worker", "--stack", "test", "--set", "limt=1"],
            {},
            3,
            "cronctl: job 'notification-worker' has no input 'limt'; did you mean 'limit'?",
        ),
        (["status", "--stack", "test"], {}, 3, "cronctl: schema 'public' has no run ledger; run pulumi up"),
        (["drift", "--stack", "nowhere"], {}, 3, "cronctl: no stack named 'nowhere' found"),
        (["drift", "--stack", "test"], {}, 0, "nothing of this stack is in its state; pulumi up deploys it"),
        (
            ["drift", "--stack", "test"],
            {"SUPABASE_CRON_DATABASE_URL": "host=127.0.0.1 port=1 user=postgres"},
            3,
            "cronctl: no database at 127.0.0.1:1",
        ),
        (["export", "--stack", "nowhere"], {}, 3, "cronctl: no stack named 'nowhere' found"),
        (["export", "--stack", "test", "-o", "no/such/folder.sql"], {}, 3, "cronctl: cannot write no/such/folder.sql"),
        (["export", "--stack", "test", "-o", "/"], {}, 2, "is a directory"),
        (["--help"], {}, 0, "Look after the scheduled jobs"),
    ],
)
def test_what_it_says_when_it_cannot(
    arguments: list[str], environment: dict[str, str], code: int, told: str, project: Any
) -> None:
    command = str(project.folder / ".venv/bin/cronctl")
    result = project.run(command, *arguments, **environment)
    assert result.code == code, result.output
    assert told in result.output
    assert "Traceback" not in result.output
    assert "planted" not in result.output
