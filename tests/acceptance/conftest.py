"""The real engine as a subprocess, on a copy of this project with a stack, a state and an engine home of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jwt
import psycopg
import pytest

STACK = "test"
PASSPHRASE = "acceptance-passphrase"
TIMEOUT = 180


class Result(NamedTuple):
    """What a command printed, both streams as the terminal would show them."""

    code: int
    output: str

    def errors(self) -> list[str]:
        """The engine's error lines under Diagnostics, once each."""
        lines = [line.strip() for line in self.output.partition("Diagnostics:")[2].splitlines()]
        return [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]


class Project:
    """A checkout in a temporary folder, and the engine to run on it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = dict(environment)

    def run(self, *command: str, typed: str = "", **environment: str) -> Result:
        """Run a command in the project with ``typed`` on its stdin, and wait for it."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **environment},
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        return Result(done.returncode, done.stdout)

    def pulumi(self, *arguments: str, **environment: str) -> Result:
        """Run the engine on the test stack."""
        return self.run("pulumi", *arguments, "--stack", STACK, "--non-interactive", "--color", "never", **environment)

    def up(self, *arguments: str) -> Result:
        result = self.pulumi("up", "--yes", *arguments)
        assert result.code == 0, result.output
        return result

    def configure(self, *arguments: str) -> None:
        result = self.pulumi("config", "set", *arguments)
        assert result.code == 0, result.output

    def edit(self, name: str, old: str, new: str) -> None:
        """Change the project as a person would."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def outputs(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.pulumi("stack", "output", "--json").output)
        return found


@pytest.fixture(scope="session")
def engine() -> str:
    """The folder of the engine's binaries."""
    done = subprocess.run(
        [sys.executable, "-m", "toolchain", "ensure"], stdout=subprocess.PIPE, text=True, check=True, timeout=1800
    )
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="session")
def planted() -> dict[str, str]:
    """Values that must not be found anywhere but encrypted."""
    key = jwt.encode({"role": "service_role", "exp": 4102444800, "planted": "planted-jwt"}, "k" * 32)
    return {
        "supabase_url": "https://planted-ref.supabase.co",
        "service_role_key": key,
        "cron_secret": "planted-cron-secret",
        "edge_function_url": "https://planted-ref.supabase.co/functions/v1",
        "scheduler_secret_token": "planted-scheduler-token",
    }


@pytest.fixture
def project(
    tmp_path: Path,
    engine: str,
    planted: Mapping[str, str],
    conninfo: str,
    superuser_conninfo: str,
    request: pytest.FixtureRequest,
) -> Iterator[Project]:
    """A project with a configured stack and a server without jobs; what a test leaves in the database is destroyed."""
    with psycopg.connect(superuser_conninfo, autocommit=True) as superuser:
        superuser.execute("SELECT cron.unschedule(jobid) FROM cron.job")
    root = request.config.rootpath
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(root / name, folder / name)
    shutil.copy(root / "examples/six-jobs.yaml", folder / "jobs.yaml")
    for name in ("components", "cronctl", "toolchain", ".venv"):
        (folder / name).symlink_to(root / name)
    (tmp_path / "state").mkdir()
    made = Project(
        folder,
        {
            "PATH": f"{engine}:{root / '.venv/bin'}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "PYTHONPATH": str(folder),
            "PULUMI_HOME": str(tmp_path / "home"),
            "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "SUPABASE_CRON_DATABASE_URL": conninfo,
        },
    )
    assert made.run("pulumi", "stack", "init", STACK).code == 0
    secrets = [f"--secret=secrets.{key}={value}" for key, value in planted.items()]
    configured = made.pulumi("config", "set-all", "--path", *secrets)
    assert configured.code == 0, configured.output
    yield made
    cleaned = made.pulumi("destroy", "--yes")
    assert cleaned.code == 0, cleaned.output


@pytest.fixture
def postgres(conninfo: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        yield connection
