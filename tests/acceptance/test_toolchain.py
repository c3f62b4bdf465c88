"""The engine as `python -m toolchain ensure` gives it, run on small projects with a file backend of their own.

The first run on a machine builds the engine, which takes minutes; after that this file takes less than one.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

THING = """
import time
from pathlib import Path

from pulumi.dynamic import CreateResult, ReadResult, Resource, ResourceProvider


class ThingProvider(ResourceProvider):
    def create(self, props):
        Path("creating").touch()
        time.sleep(props["seconds"])
        return CreateResult("thing-1", props)

    def read(self, id_, props):
        return ReadResult(id_, props) if Path("creating").exists() else ReadResult("", {})


class Thing(Resource, module="tiny", name="Thing"):
    def __init__(self, name, seconds=0.0):
        super().__init__(ThingProvider(), name, {"seconds": seconds})
"""

PLUGIN = """
from typing import TypedDict

import pulumi
from pulumi.provider.experimental import component_provider_host


class PairArgs(TypedDict):
    name: pulumi.Input[str]


class Pair(pulumi.ComponentResource):
    def __init__(self, name: str, args: PairArgs, opts: pulumi.ResourceOptions | None = None):
        super().__init__("pair:index:Pair", name, {}, opts)


component_provider_host(name="pair", components=[Pair])
"""

NOTHING = "import pulumi\n"
ONE_THING = "from thing import Thing\n\nThing('one')\n"
SLOW_THING = "from thing import Thing\n\nThing('one', seconds={seconds})\n"
DEADLINE = 20.0
"""Seconds to wait for something that takes one or two."""


def environment_without_pulumi() -> dict[str, str]:
    """This process's environment as on a machine that has no engine, so that our own is what is tested."""
    path = [folder for folder in os.environ["PATH"].split(os.pathsep) if not Path(folder, "pulumi").exists()]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI", "SUPABASE_CRON"))}
    return kept | {"PATH": os.pathsep.join(path), "SUPABASE_CRON_ENGINE_FROM": "source"}


def ensure(**variables: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m toolchain ensure` with these environment variables on top."""
    command = [sys.executable, "-m", "toolchain", "ensure"]
    environ = environment_without_pulumi() | variables
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for `condition`, and fail when it does not come true in time."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def engine() -> Path:
    made = ensure()
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.splitlines()[-1])


class Project:
    """A project in a folder of its own, with its own backend and its own home of the engine."""

    def __init__(self, folder: Path, engine: Path) -> None:
        self.folder = folder / "project"
        environ = environment_without_pulumi()
        self.environ = environ | {
            "PATH": f"{engine}:{environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "of no account",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_HOME": f"{folder}/home",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        for name in ("project", "state", "home"):
            (folder / name).mkdir()
        (self.folder / "thing.py").write_text(THING)
        self.virtualenv(sys.prefix)

    def virtualenv(self, path: str) -> None:
        """Name the virtual environment in Pulumi.yaml."""
        options = {"toolchain": "pip", "virtualenv": path}
        runtime = {"name": "python", "options": options}
        (self.folder / "Pulumi.yaml").write_text(json.dumps({"name": "tiny", "runtime": runtime}))

    def program(self, text: str) -> None:
        (self.folder / "__main__.py").write_text(text)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        command = ["pulumi", "--non-interactive", *arguments]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run the engine's command line to its end; returns all it said."""
        with self.start(*arguments) as process:
            output, _ = process.communicate(timeout=60)
        assert process.returncode == code, output
        return output

    def resources(self) -> dict[str, str]:
        """Identity of each resource in state, by its type."""
        state = json.loads(self.run("stack", "export"))["deployment"].get("resources", [])
        return {entry["type"]: entry.get("id", "") for entry in state}

    def processes(self) -> set[int]:
        """The processes that live in this project's environment: engine, hosts, programs, providers."""
        mark = f"PULUMI_HOME={self.environ['PULUMI_HOME']}\0".encode()
        return {pid for pid, environ in environments() if mark in environ}


def environments() -> Iterator[tuple[int, bytes]]:
    """Each running process with its environment; one that has ended has none."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield int(folder.name), (folder / "environ").read_bytes()
        except OSError:
            continue


@pytest.fixture
def project(tmp_path: Path, engine: Path) -> Iterator[Project]:
    made = Project(tmp_path, engine)
    made.run("stack", "init", "dev")
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)


def test_ensure_answers_with_one_folder_and_loads_nothing_large(engine: Path) -> None:
    again = ensure(PYTHONPROFILEIMPORTTIME="1")
    assert again.stdout == f"{engine}\n"
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in again.stderr.splitlines()}
    assert "toolchain" in imported
    assert imported.isdisjoint({"pulumi", "grpc", "psycopg", "pydantic", "rich", "asyncio"})


def test_ensure_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    failed = ensure(SUPABASE_CRON_ENGINE=str(tmp_path))
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr == (f"toolchain: no executable pulumi in {tmp_path}: correct or unset SUPABASE_CRON_ENGINE\n")


def test_a_resource_from_preview_to_destroy(project: Project) -> None:
    project.program(ONE_THING)
    assert "+ 2 to create" in project.run("preview")
    assert not (project.folder / "creating").exists()

    up = project.run("up", "--yes", "--skip-preview")
    assert "+ 2 created" in up
    assert "warning" not in up  # about hosts taken from PATH, for one
    assert project.resources()["pulumi-python:dynamic/tiny:Thing"] == "thing-1"

    assert "2 unchanged" in project.run("refresh", "--yes", "--skip-preview")
    (project.folder / "creating").unlink()
    assert "- 1 deleted" in project.run("refresh", "--yes", "--skip-preview")

    assert "- 1 deleted" in project.run("destroy", "--yes", "--skip-preview")
    assert project.resources() == {}


def test_configuration_reaches_the_program(project: Project) -> None:
    project.program(
        "import pulumi\nconfig = pulumi.Config()\n"
        "pulumi.export('open', config.require('open'))\npulumi.export('closed', config.require_secret('closed'))\n"
    )
    project.run("config", "set", "open", "a b")
    project.run("config", "set", "--secret", "closed", "s3cret")
    project.run("up", "--yes", "--skip-preview")
    assert json.loads(project.run("stack", "output", "--json")) == {"closed": "[secret]", "open": "a b"}


def test_install_makes_the_environment_and_installs_the_requirements(project: Project) -> None:
    project.virtualenv("venv")
    project.program(NOTHING)
    requirement = project.folder / "tiny_requirement"
    (project.folder / "requirements.txt").write_text(f"--no-index\n-r {requirement.name}.txt\n")
    requirement.with_suffix(".txt").write_text("# nothing to install\n")
    said = project.run("install")
    assert "Creating virtual environment..." in said
    assert "Installing dependencies..." in said
    assert (project.folder / "venv" / "bin" / "python").exists()


def test_install_that_fails_shows_why(project: Project) -> None:
    project.program(NOTHING)
    (project.folder / "requirements.txt").write_text("--no-index\nno-such-package-here\n")
    said = project.run("install", code=1)
    assert "No matching distribution found for no-such-package-here" in said
    assert "python -m pip failed with exit code 1, its message is above" in said


def test_about_names_interpreter_and_dependencies(project: Project) -> None:
    project.program(NOTHING)
    about = json.loads(project.run("about", "--json"))
    assert about["runtime"]["executable"] == f"{sys.prefix}/bin/python"
    assert about["runtime"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert "ruff" in {dependency["name"] for dependency in about["dependencies"]}


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("raise ValueError('the reason')", "ValueError: the reason"),
        ("import pulumi\nraise pulumi.RunError('the reason')", "error: the reason"),
        ("import sys\nsys.exit('the reason')", "the reason"),
        ("import os\nos._exit(3)", "error: an unhandled error occurred: program ended with exit code 3"),
    ],
)
def test_an_error_is_shown_once(project: Project, program: str, error: str) -> None:
    project.program(program)
    _, diagnostics = project.run("preview", code=1).split("Diagnostics:\n")
    assert diagnostics.count(error) == 1
    assert diagnostics.count("error: ") <= 1
    assert "exit code: 1" not in diagnostics


def test_a_missing_environment_is_one_sentence(project: Project) -> None:
    project.virtualenv("venv")
    project.program(NOTHING)
    said = project.run("preview", code=1)
    _, diagnostics = said.split("Diagnostics:\n")
    missing = f'error: virtual environment {project.folder}/venv not found: make it with "pulumi install"'
    assert [line.strip() for line in diagnostics.splitlines() if "error" in line][:1] == [missing]
    assert diagnostics.count("error:") == 1
    assert "Traceback" not in said


def test_control_c_awaits_and_records_the_running_create(project: Project) -> None:
    project.program(SLOW_THING.format(seconds=3))
    with project.start("up", "--yes", "--skip-preview") as up:
        wait_until((project.folder / "creating").exists)
        up.send_signal(signal.SIGINT)
        output, _ = up.communicate(timeout=DEADLINE)
    assert up.returncode == 1
    assert "update canceled" in output
    assert project.resources()["pulumi-python:dynamic/tiny:Thing"] == "thing-1"
    wait_until(lambda: not project.processes())


def test_a_killed_engine_leaves_no_process_behind(project: Project) -> None:
    project.program(SLOW_THING.format(seconds=600))
    with project.start("up", "--yes", "--skip-preview") as up:
        wait_until((project.folder / "creating").exists)
        others = project.processes() - {up.pid}
        assert len(others) >= 4  # language host, program, the provider and what holds it
        up.kill()
    wait_until(lambda: not project.processes())


def test_a_plugin_written_in_python_runs(project: Project, tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.mkdir()
    options = {"toolchain": "pip", "virtualenv": sys.prefix}
    (plugin / "PulumiPlugin.yaml").write_text(json.dumps({"runtime": {"name": "python", "options": options}}))
    (plugin / "__main__.py").write_text(PLUGIN)
    schema = json.loads(project.run("package", "get-schema", str(plugin)))
    assert list(schema["resources"]) == ["pair:index:Pair"]
