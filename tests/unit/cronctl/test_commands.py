"""The list of commands says what the commands say, and neither it nor a command's help imports what a command does."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cronctl import late
from cronctl.__main__ import app
from cronctl.command_line.group import command
from cronctl.command_line.table import COMMANDS, Entry

ROOT = Path(__file__).parents[3]
NAMES = [entry.name for entry in COMMANDS]
BY_STEM = {path.stem for path in (ROOT / "cronctl").glob("*.py")}
HEAVY = {
    *("psycopg", "pydantic", "pulumi", "rich", "yaml", "ruamel", "postgast", "tree_sitter", "jinja2", "asyncio"),
    "toolchain",
}

IMPORTED = """
import json, sys
from cronctl.__main__ import main
sys.argv = ["cronctl", *sys.argv[1:]]
try:
    main()
finally:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def imported(*arguments: str, **environment: str) -> set[str]:
    """The packages that are imported when a command line has been carried out."""
    command = [sys.executable, "-c", IMPORTED, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    return set(json.loads(done.stderr.splitlines()[-1]))


def function(entry: Entry) -> Any:
    return getattr(import_module(f"cronctl.command_line.{entry.module}"), entry.function)


@pytest.mark.parametrize("entry", COMMANDS, ids=NAMES)
def test_the_table_says_what_the_command_s_own_help_begins_with(entry: Entry) -> None:
    documented = (function(entry).__doc__ or "").partition("\n\n")[0]
    assert entry.help == " ".join(documented.split())
    assert "Exit status: 0" in function(entry).__doc__, entry.name


def test_each_command_that_is_written_is_in_the_table() -> None:
    written = set()
    for path in (ROOT / "cronctl" / "command_line").glob("*.py"):
        module = import_module(f"cronctl.command_line.{path.stem}")
        written |= {
            (path.stem, name)
            for name, each in vars(module).items()
            if "Exit status: " in (getattr(each, "__doc__", "") or "") and each.__module__ == module.__name__
        }
    assert written == {(entry.module, entry.function) for entry in COMMANDS}


def test_help_lists_all_commands_with_whole_sentences_in_their_order() -> None:
    shown = CliRunner().invoke(app, ["--help"]).stdout
    listed = " ".join(shown.partition("Commands:")[2].split())
    assert listed == " ".join(f"{entry.name} {entry.help}" for entry in COMMANDS)


@pytest.mark.parametrize("entry", COMMANDS, ids=NAMES)
def test_a_command_has_help_of_its_own(entry: Entry) -> None:
    shown = CliRunner().invoke(app, [*entry.name.split(), "-h"])
    assert shown.exit_code == 0
    assert entry.help in " ".join(shown.stdout.split())


def test_a_shell_completes_commands_options_and_nothing_else() -> None:
    asked = {"_CRONCTL_COMPLETE": "complete_bash", "COMP_WORDS": "cronctl des", "COMP_CWORD": "1"}
    group = typer.main.get_command(app)
    assert CliRunner().invoke(app, [], env=asked, prog_name="cronctl").stdout.split() == ["describe"]
    asked |= {"COMP_WORDS": "cronctl status --sch", "COMP_CWORD": "2"}
    assert CliRunner().invoke(app, [], env=asked, prog_name="cronctl").stdout.split() == ["--schema"]
    assert list(group.commands) == list(dict.fromkeys(name.split()[0] for name in NAMES))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "arguments",
    [
        *(("--help",), ("--version",), ("status", "--help"), ("rotate", "-h"), ("histry",)),
        *(("import", "workflows", "-h"), ("import", "database", "-h")),
    ],
)
def test_nothing_is_imported_to_talk_about_commands(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) & HEAVY == set()


def test_a_wrong_option_is_told_before_a_command_is_imported() -> None:
    assert imported("status", "--nope") & HEAVY == set()


@pytest.mark.parametrize("name", ["status", "history", "failures", "next", "logs", "show"])
def test_a_command_that_reads_imports_the_driver_and_no_more(name: str) -> None:
    nowhere = {"SUPABASE_CRON_DATABASE_URL": "host=127.0.0.1 port=1"}
    arguments = [name, "1"] if name == "show" else [name, "--project", "."]
    assert imported(*arguments, **nowhere) & HEAVY == {"psycopg", "asyncio"}


def test_a_stack_s_plain_values_take_no_engine(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: supabase-cron\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  supabase-cron:schema: private\n")
    nowhere = {"SUPABASE_CRON_DATABASE_URL": "host=127.0.0.1 port=1", "PATH": ""}
    found = imported("status", "--stack", "dev", "--project", str(tmp_path), **nowhere)
    assert found & HEAVY == {"psycopg", "asyncio", "yaml"}


@pytest.mark.parametrize("name", late.__all__)
def test_what_is_imported_late_is_there(name: str) -> None:
    assert name in BY_STEM
    assert getattr(late, name).__name__ == f"cronctl.{name}"
    with pytest.raises(AttributeError):
        late.nothing_of_that_name  # noqa: B018


@pytest.mark.parametrize(
    ("name", "arguments", "read"),
    [
        ("history", ["--limit", "7"], {"limit": 7, "state": None}),
        ("history", ["--state", "ok", "--state", "lost"], {"state": ["ok", "lost"]}),
        ("show", ["12"], {"run": 12}),
        ("lint", ["other.yaml", "-C", "/nowhere"], {"catalogue": Path("other.yaml"), "project": Path("/nowhere")}),
        ("status", [], {"stack": None, "project": Path(), "as_json": False}),
        ("export", ["--output", "new.sql"], {"output": Path("new.sql")}),
    ],
)
def test_values_are_read_as_typer_reads_them(name: str, arguments: list[str], read: dict[str, Any]) -> None:
    made = command(next(entry for entry in COMMANDS if entry.name == name))
    context = made.make_context(name, arguments)
    values = {key: context.params[key] for key in read}
    assert {key: value or None if key == "state" else value for key, value in values.items()} == read
    assert {key: type(value) for key, value in values.items() if value} == {
        key: type(value) for key, value in read.items() if value
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "one"], "unable to parse string as an integer"),
        (["show", "²"], "unable to parse string as an integer"),
        (["history", "--limit", "0"], "greater than or equal to 1"),
        (["history", "--limit", "10001"], "less than or equal to 10000"),
        (["export", "--output", "."], "is a directory"),
        (["status", "--stack", ""], "is empty or holds characters that no name has"),
    ],
)
def test_what_is_not_plainly_right_is_refused_in_typer_s_words(arguments: list[str], told: str) -> None:
    refused = CliRunner().invoke(app, arguments)
    assert refused.exit_code == 2
    assert told in " ".join(refused.output.split())
