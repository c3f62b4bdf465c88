import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def run(*arguments: str, code: int = 0, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cronctl", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    return done


def cronctl(*arguments: str) -> str:
    return run(*arguments).stdout


def test_the_version_is_the_projects() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert cronctl("--version") == f"{declared}\n"


@pytest.mark.parametrize("arguments", [(), ("rotate",)])
def test_the_short_way_to_help(arguments: tuple[str, ...]) -> None:
    assert cronctl(*arguments, "-h") == cronctl(*arguments, "--help")


def test_a_shell_completes_commands() -> None:
    command = [sys.executable, "-m", "cronctl", "--show-completion", "bash"]
    told_which = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}  # by default, the one that calls
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=told_which)
    assert "complete" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "x"), "Invalid value for 'run'"),
        (("histry",), "No such command 'histry'"),
        (("failures", "--since", "1y"), "Invalid value for --since: '1y' is no time; write it like 30m"),
        (("trigger", "job", "--timeout", "soon"), "Invalid value for --timeout: 'soon' is no time"),
        (("lint", "nowhere.yaml"), "there is no file nowhere.yaml"),
    ],
)
def test_a_wrong_command_line_is_told_as_json_where_json_is_asked_for(arguments: tuple[str, ...], told: str) -> None:
    done = run(*arguments, "--json", code=2)
    document = json.loads(done.stdout)
    assert set(document) == {"errors", "exit_status"}
    assert told in document["errors"][0]
    assert document["exit_status"] == 2
    assert run(*arguments, code=2).stdout == ""


def test_what_goes_wrong_is_told_as_json_where_json_is_asked_for() -> None:
    done = run("status", "--json", "--database", "host=127.0.0.1 port=1", code=3)
    document = json.loads(done.stdout)
    assert document["exit_status"] == 3
    assert document["errors"][0].startswith("no database at 127.0.0.1:1")
    assert done.stderr.startswith("cronctl: no database at 127.0.0.1:1")


def test_lint_tells_all_mistakes_with_their_places(tmp_path: Path) -> None:
    catalogue = tmp_path / "jobs.yaml"
    catalogue.write_text("jobs:\n  a:\n    description: d\n    shedule: '* * * * *'\n    sql: SELECT 1\n")
    done = run("lint", code=1, cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "jobs.yaml:2:3: jobs.a.schedule: is missing",
        "jobs.yaml:4:5: jobs.a.shedule: unknown field 'shedule'; did you mean 'schedule'?",
    ]
    assert done.stderr == "jobs.yaml: 2 mistakes\n"
    document = json.loads(run("lint", "--project", str(tmp_path), "--json", code=1).stdout)
    assert (document["valid"], len(document["problems"]), document["jobs"]) == (False, 2, [])


def test_lint_has_nothing_against_the_catalogue_that_comes_with_the_project() -> None:
    done = run("lint", "examples/six-jobs.yaml")
    assert (done.stdout, done.stderr) == ("", "examples/six-jobs.yaml: no mistake (jobs: 6, secrets: 5)\n")


def test_lint_warns(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(
        "jobs: {a: {description: d, schedule: 0 1 * * *, http: {url: 'https://h.example', timeout: 60}}}"
    )
    done = run("lint", "other.yaml", cwd=tmp_path)
    assert done.stdout.startswith("warning: job 'a' may wait 60 s for an answer")
