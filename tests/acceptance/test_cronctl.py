"""cronctl as a person runs it: what it finds, and what it says when it cannot find out."""

import json
from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[tuple[Any, ...]]


def findings(output: str) -> dict[tuple[str, str], tuple[str, list[str]]]:
    document, _ = json.JSONDecoder().raw_decode(output)
    return {(each["kind"], each["name"]): (each["status"], each["details"]) for each in document["objects"]}


def test_verify_finds_what_is_missing_changed_and_undeclared(project: Any, postgres: Connection) -> None:
    project.up()
    postgres.execute("SELECT cron.unschedule('generate-t5-invoices')")
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


def test_a_stack_that_is_configured_and_not_deployed(project: Any) -> None:
    result = project.run("cronctl", "verify", "--stack", "test", "--json")
    assert result.code == 1
    found = findings(result.output)
    assert found["CronJob", "notification-worker"] == ("missing", ["not in the database"])


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "told"),
    [
        (["verify", "--stack", "nowhere"], {}, 3, "cronctl: no stack named 'nowhere' found"),
        (["verify"], {}, 2, "--stack"),
        (["verfy"], {}, 2, "No such command 'verfy'"),
        (["verify", "--stack", "test"], {"PATH": "/usr/bin:/bin"}, 3, "cronctl: pulumi is not on PATH"),
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
