"""The difference of a changed command is readable, and shows no value that somebody may have pasted."""

import time

import pytest

from components.catalogue.job import Job
from components.declaration.command import compile_command
from components.leaks.command_difference import LINE_LENGTH, LINES, command_difference

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.abcdefghijklmnop"
JOB = Job.model_validate(
    {
        "description": "Works.",
        "schedule": "* * * * *",
        "http": {
            "url": "{base}/functions/v1/worker",
            "auth": {"bearer": "service_role_key"},
            "body": {"limit": 5, "runs": 1},
            "timeout": 60,
        },
    }
)
MADE = compile_command("worker", JOB, stack="supabase-cron/dev", schema="public")


def changed(old: str, new: str) -> list[str]:
    assert old in MADE
    return command_difference(MADE, MADE.replace(old, new)).splitlines()


def test_what_a_person_wants_to_see_is_shown() -> None:
    assert changed("60000", "5000") == [
        "  -     timeout_milliseconds := 60000",
        "  +     timeout_milliseconds := 5000",
    ]
    assert changed('"limit": 5,', '"limit": 50,')[1] == """  +     body := '{"limit": 50, "runs": 1}'::jsonb,"""
    assert "net.http_get(" in changed("net.http_post(", "net.http_get(")[1]
    assert changed("v1/worker'", "v1/other'")[1] == (
        """  +     url := "public".get_secret('base') || '/functions/v1/<5 characters>',"""
    )
    assert command_difference("SELECT 1", "DELETE FROM audit.old_rows WHERE now() > then_at") == (
        "  - SELECT 1\n  + DELETE FROM audit.old_rows WHERE now() > <7 characters>"
    )
    assert command_difference("SELECT 1", "SELECT 1 ") == "  - SELECT 1\n  + SELECT 1 "


@pytest.mark.parametrize(
    "living",
    [
        "SELECT 'planted'",
        "SELECT E'planted\\'planted'",
        "SELECT $$planted$$",
        "SELECT $x$planted\nplanted$x$",
        "SELECT 'planted",
        'SELECT 1 AS "planted"',
        "SELECT planted",
        "SET app.key = planted",
        "SET app.Planted0 TO 1",
        "SELECT 1 -- planted",
        "SELECT /* planted",
        MADE + "\n-- planted",
        MADE.replace("'Bearer '", "'Bearer planted'"),
        MADE.replace("'Bearer '", "'planted Bearer '"),
        MADE.replace('{"limit"', '{"planted": "planted", "limit"'),
        MADE.replace('"runs": 1', '"runs": "planted"'),
        MADE.replace("'/functions", "'/planted/functions"),
    ],
)
def test_a_pasted_value_is_not(living: str) -> None:
    difference = command_difference(MADE, living)
    assert "lanted" not in difference
    assert "<" in difference


@pytest.mark.parametrize("key", [f"'{JWT}'", f"'Bearer {JWT}'", "12345678", "'sb_secret_abcdefghijkl'"])
def test_a_key_is_not_shown_though_it_was_there_before(key: str) -> None:
    difference = command_difference(f"SELECT {key}, 1", f"SELECT {key}, 2")
    assert "eyJ" not in difference
    assert "sb_" not in difference
    assert difference.endswith(", 2")


def test_a_credential_by_its_name_is_not_shown_though_it_was_there_before() -> None:
    made = "SELECT f(jsonb_build_object('X-Api-Key', 'planted-words'), 1)"
    assert "planted" not in command_difference(made, made.replace("1", "2"))


def test_what_is_long_is_cut_and_does_not_take_long() -> None:
    begun = time.process_time()
    difference = command_difference(MADE, "\n".join(f"SELECT {number}, $a {'(' * 300}" for number in range(10_000)))
    assert time.process_time() - begun < 5
    lines = difference.splitlines()
    assert [line.count("  + ") for line in lines].count(1) == LINES
    assert len(lines) <= 2 * LINES + 1
    assert "lines more" in lines[-1]
    assert max(map(len, lines)) <= LINE_LENGTH + 5
    far = command_difference("x" * 50_000, "x" * 50_000 + "y")
    assert far == "  (in nothing that is shown here)"
