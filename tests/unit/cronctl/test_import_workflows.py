"""``cronctl import workflows`` from outside: what it prints, what it writes, and what it says of bad input."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WORKFLOW = """\
name: nightly
on:
  schedule: [{cron: '0 6 * * *'}]
jobs:
  work:
    runs-on: ubuntu-latest
    steps:
      - run: |
          curl -sf -m 30 -X DELETE "${{ secrets.APP_URL }}/old" -H "Authorization: Bearer ${{ secrets.APP_KEY }}"
"""
CATALOGUE = """\
# mine
secrets:
  app_key: # kept
    description: x
    format: token

jobs:
  first: # the first
    description: y
    schedule: 0 1 * * *
    sql: SELECT 1
"""


def run(*arguments: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cronctl", "import", "workflows", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "nightly.yml").write_text(WORKFLOW)
    (tmp_path / "jobs.yaml").write_text(CATALOGUE)
    return tmp_path


@pytest.mark.parametrize("path", [".", ".github/workflows", ".github/workflows/nightly.yml"])
def test_a_file_a_folder_and_a_root_are_read_and_nothing_is_written(project: Path, path: str) -> None:
    done = run(path, cwd=project)
    assert "calls: 1 (1 exact, 0 noted, 0 undecided, 0 refused)" in done.stdout
    assert "+      url: '{app_url}/old'" in done.stdout
    assert "nothing is written yet; add --write" in done.stderr
    assert (project / "jobs.yaml").read_text() == CATALOGUE


def test_writing_keeps_what_is_there_and_says_what_is_left_to_do(project: Path) -> None:
    done = run(".", "--write", cwd=project)
    text = (project / "jobs.yaml").read_text()
    assert all(line in text.splitlines() for line in CATALOGUE.splitlines())
    assert "    replaces: .github/workflows/nightly.yml\n" in text
    order = [
        "pulumi config set --secret --path secrets.app_url  # GitHub's secret APP_URL",
        "# app_key is in the catalogue already; see that its value is that of GitHub's secret APP_KEY",
        "pulumi preview",
        "gh workflow disable nightly.yml",
        "pulumi up",
        "cronctl status",
        "git rm .github/workflows/nightly.yml",
    ]
    places = [done.stdout.index(words) for words in order]
    assert places == sorted(places)
    assert "saved: 30 starts of runners in 30 days" in done.stdout
    lint = subprocess.run(
        [sys.executable, "-m", "cronctl", "lint"], cwd=project, env={"PYTHONPATH": str(ROOT)}, check=False
    )
    assert lint.returncode == 0
    again = run(".", "--write", cwd=project)
    assert "is in the catalogue already" in again.stdout
    assert (project / "jobs.yaml").read_text() == text


def test_without_a_catalogue_one_is_made(project: Path) -> None:
    (project / "jobs.yaml").unlink()
    run(".", "--write", cwd=project)
    assert (project / "jobs.yaml").read_text().startswith("# yaml-language-server: $schema=./jobs.schema.json\n")


def test_what_would_not_do_the_same_takes_force_and_stays_paused(project: Path) -> None:
    file = project / ".github" / "workflows" / "nightly.yml"
    file.write_text(WORKFLOW.replace("      - run", "      - run: node prepare.js\n      - run"))
    done = run(".", "--write", cwd=project, code=1)
    assert "0 exact, 0 noted, 1 undecided, 0 refused" in done.stdout
    assert (project / "jobs.yaml").read_text() == CATALOGUE
    assert "--force" in done.stderr
    run(".", "--write", "--force", cwd=project, code=1)
    text = (project / "jobs.yaml").read_text()
    assert "# NOT THE SAME: nightly.yml:8: node is a program that runs on the runner" in text
    assert "    active: false\n" in text


def test_json_has_the_same(project: Path) -> None:
    document = json.loads(run(".", "--json", cwd=project).stdout)
    assert document["counts"] == {"exact": 1, "noted": 0, "undecided": 0, "refused": 0}
    (call,) = document["calls"]
    assert call["job"]["http"]["auth"] == {"bearer": "app_key"}
    assert (call["file"], call["line"]) == (".github/workflows/nightly.yml", 9)
    assert document["written"] is False
    assert document["steps"][0]["why"].startswith("set the values")


def test_a_job_is_not_paused_by_the_catalogues_defaults(project: Path) -> None:
    (project / "jobs.yaml").write_text(f"defaults: {{active: false, adopt: true}}\n{CATALOGUE}")
    run(".", "--write", cwd=project)
    text = (project / "jobs.yaml").read_text()
    assert "    active: null\n" in text
    assert "    adopt: null\n" in text


def test_defaults_of_the_catalogue_do_not_reach_an_entry(project: Path) -> None:
    defaults = "defaults:\n  http:\n    timeout: 60\n    retry: {attempts: 5}\n    overlap: skip\n    headers: {X-Default: a}\n  expected_duration: 40\n"
    (project / "jobs.yaml").write_text(f"{defaults}{CATALOGUE}")
    run(".", "--write", cwd=project)
    text = (project / "jobs.yaml").read_text()
    assert "      retry: null\n" in text
    assert "X-Default: null\n" in text or "headers: null\n" in text
    assert "    expected_duration: null\n" in text


def test_a_catalogue_that_is_wrong_is_not_touched(project: Path) -> None:
    (project / "jobs.yaml").write_text("jobs:\n  a:\n    nonsense: 1\n")
    done = run(".", "--write", cwd=project, code=3)
    assert "jobs.a.nonsense: unknown field" in done.stderr
    assert (project / "jobs.yaml").read_text() == "jobs:\n  a:\n    nonsense: 1\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"name: x\njobs: {}\n", "is no workflow, which has 'on' and 'jobs'"),
        (b"- a\n- b\n", "is no workflow, which has 'on' and 'jobs'"),
        (b"on: push\njobs: [a]\n", "is no workflow: its 'jobs' are no mapping"),
        (b"on: [\n", "is no YAML (line "),
        (b"", "is empty"),
        (b"on: &a [*a]\njobs: {}\n", "has an alias of what it stands in, which never ends"),
        (b"on: push\non: push\njobs: {}\n", "has the name 'on' twice (line 2)"),
        (b"\xff\xfe\x00", "is no UTF-8 text"),
        (b"\x00\x01\x02", "is no YAML"),
        (b"a: b\n" * 2_000_000, "is larger than 1000 kB, as no workflow is"),
    ],
)
def test_bad_files_are_told_in_one_sentence(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "w.yml").write_bytes(content)
    done = run("w.yml", "--write", cwd=tmp_path, code=3)
    assert done.stderr.startswith(f"cronctl: w.yml: {told}")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "jobs.yaml").exists()


def test_a_folder_without_workflows_and_a_path_of_nothing(tmp_path: Path) -> None:
    assert "holds no workflow; name a file" in run(".", cwd=tmp_path, code=3).stderr
    assert "there is no such file or folder" in run("gone", cwd=tmp_path, code=3).stderr


def test_a_bad_file_in_a_folder_is_told_and_the_others_are_read(project: Path) -> None:
    (project / ".github" / "workflows" / "bad.yml").write_text("on: [\n")
    done = run(".", cwd=project)
    assert "left out   .github/workflows/bad.yml: is no YAML (line 2)" in done.stdout
    assert "1 exact" in done.stdout


def test_without_a_path_it_is_a_wrong_command_line(tmp_path: Path) -> None:
    assert "Missing argument" in run(cwd=tmp_path, code=2).stderr
