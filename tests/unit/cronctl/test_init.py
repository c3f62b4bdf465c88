"""``cronctl init``: what it writes into which folder, and what it leaves alone."""

import ast
import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from cronctl.init import project_name, requirement
from tests.unit.cronctl.test_command_line import ROOT, run

PROJECT = {".gitignore", "Pulumi.yaml", "__main__.py", "jobs.schema.json", "jobs.yaml", "requirements.txt"}


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_an_empty_folder_becomes_a_project(tmp_path: Path) -> None:
    done = run("init", "--project", "shop cron", cwd=tmp_path)
    made = contents(tmp_path / "shop cron")
    assert made.keys() == PROJECT
    assert yaml.safe_load(made["Pulumi.yaml"])["name"] == "shop-cron"
    assert len(yaml.safe_load(made["jobs.yaml"])["jobs"]) == 1
    assert json.loads(made["jobs.schema.json"])["title"] == "supabase-cron catalogue"
    said = done.stderr.splitlines()
    assert said[:1] == ["shop cron/jobs.yaml is written"]
    assert [line.split()[:2] for line in said[-8:]] == [
        ["what", "to"],
        ["cronctl", "lint"],
        ["pulumi", "install"],
        ["pulumi", "stack"],
        *[["pulumi", "config"]] * 3,
        ["pulumi", "preview"],
    ]
    assert run("lint", cwd=tmp_path / "shop cron").stdout == ""


@pytest.mark.parametrize("folder", ["2024", "true", "1.5", "null"])
def test_a_name_that_yaml_takes_for_something_else_is_a_text(tmp_path: Path, folder: str) -> None:
    run("init", "--project", folder, cwd=tmp_path)
    assert yaml.safe_load(contents(tmp_path / folder)["Pulumi.yaml"])["name"] == folder


def test_the_program_of_a_new_project_is_this_projects() -> None:
    def steps(path: Path) -> list[str]:
        return [ast.dump(step) for step in ast.parse(path.read_text(encoding="utf-8")).body[1:]]

    assert steps(ROOT / "cronctl/templates/project/__main__.py") == steps(ROOT / "__main__.py")


def test_a_second_time_touches_nothing(tmp_path: Path) -> None:
    run("init", cwd=tmp_path)
    before = contents(tmp_path)
    assert "jobs.yaml exists already; name another file" in run("init", code=3, cwd=tmp_path).stderr
    assert contents(tmp_path) == before
    done = run("init", "mine.yaml", cwd=tmp_path)
    assert contents(tmp_path) == {**before, "mine.yaml": before["jobs.yaml"]}
    assert "    pulumi config set catalogue mine.yaml" in done.stderr.splitlines()
    assert "pulumi install" not in done.stderr


def test_a_program_that_is_not_pulumis_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("print()\n")
    done = run("init", code=3, cwd=tmp_path)
    assert done.stderr == "cronctl: __main__.py exists already; name an empty folder with --project\n"
    assert contents(tmp_path) == {"__main__.py": "print()\n"}


def test_what_a_folder_has_anyway_stays(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("/secret\n")
    (tmp_path / "README.md").touch()
    run("init", cwd=tmp_path)
    assert contents(tmp_path)[".gitignore"] == "/secret\n"


@pytest.mark.parametrize("runtime", ["python", "{name: python, options: {virtualenv: venv}}"])
def test_a_python_project_is_told_what_its_program_lacks(tmp_path: Path, runtime: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: shop\nruntime: {runtime}\n")
    (tmp_path / "__main__.py").write_text("import pulumi\n")
    done = run("init", cwd=tmp_path)
    assert contents(tmp_path).keys() == {"Pulumi.yaml", "__main__.py", "jobs.yaml", "jobs.schema.json"}
    assert "let the project's program declare them: from components.program import deploy; deploy(" in done.stderr
    assert "requirements.txt have: supabase-cron @ file:///" in done.stderr
    (tmp_path / "__main__.py").write_text("from components.program import deploy\n")
    assert "program declare" not in run("init", "more.yaml", cwd=tmp_path).stderr


def test_a_project_in_another_language_gets_none_of_it(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: nodejs\n")
    done = run("init", code=3, cwd=tmp_path)
    assert "the program of Pulumi.yaml is for nodejs" in done.stderr
    assert "make a project of its own for them: cronctl init --project cron" in done.stderr
    assert contents(tmp_path).keys() == {"Pulumi.yaml"}
    (tmp_path / "Pulumi.yaml").write_text("name: [")
    assert "Pulumi.yaml cannot be read, or names no runtime; mend it first" in run("init", code=3, cwd=tmp_path).stderr


def test_a_folder_that_cannot_be_written_to_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("init", "--project", "file/cron", code=3, cwd=tmp_path)
    assert done.stderr == "cronctl: file/cron cannot be made: not a directory\n"
    done = run("init", "nowhere/jobs.yaml", code=3, cwd=tmp_path)
    assert (
        done.stderr
        == "cronctl: cannot write nowhere/jobs.yaml: no such file or directory; name another folder with --project\n"
    )
    assert contents(tmp_path).keys() == {"file"}


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("shop", "shop"),
        ("Läden & more", "L-den-more"),
        ("…", "scheduled-jobs"),
        ("", "scheduled-jobs"),
        ("a" * 200, "a" * 100),
    ],
)
def test_a_project_is_named_for_its_folder(folder: str, name: str) -> None:
    assert project_name(folder) == name


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (None, "supabase-cron==0.1.0"),
        (
            {"url": "https://h.example/r.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "supabase-cron @ git+https://h.example/r.git@abc",
        ),
        ({"url": "file:///srv/clone", "dir_info": {"editable": True}}, "supabase-cron @ file:///srv/clone"),
        (
            {"url": "https://h.example/supabase_cron.whl", "archive_info": {}},
            "supabase-cron @ https://h.example/supabase_cron.whl",
        ),
    ],
)
def test_it_is_installed_from_where_it_came(
    monkeypatch: pytest.MonkeyPatch, recorded: dict[str, object] | None, expected: str
) -> None:
    text = None if recorded is None else json.dumps(recorded)
    monkeypatch.setattr("cronctl.init.distribution", lambda _: SimpleNamespace(read_text=lambda _: text))
    monkeypatch.setattr("cronctl.init.version", lambda _: "0.1.0")
    *advice, line = requirement().splitlines()
    assert line == expected
    assert bool(advice) == expected.startswith("supabase-cron @ file:"), "a folder is of no use to others"


def test_a_folder_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("cronctl.init.distribution", missing)
    with pytest.raises(Exception, match="run: make setup"):
        requirement()
