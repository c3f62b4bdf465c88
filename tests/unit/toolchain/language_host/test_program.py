"""How a program is started and what its end means."""

import json
import sys
from pathlib import Path

from pulumi.runtime.proto.language_pb2 import ProgramInfo, RunRequest, RunResponse

from toolchain.language_host.environment import Environment
from toolchain.language_host.program import command, outcome, variables

HERE = Environment(Path(sys.prefix))
REQUEST = RunRequest(
    project="tiny",
    stack="dev",
    organization="organization",
    monitor_address="127.0.0.1:1",
    dryRun=True,
    parallel=8,
    config={"tiny:a": "1", "tiny:b": "2"},
    configSecretKeys=["tiny:b"],
    info=ProgramInfo(root_directory="/project", program_directory="/project/src"),
)


def test_command_names_all_the_launcher_needs() -> None:
    python, unbuffered, launcher, *rest = command(HERE, "/engine/exec", "127.0.0.1:2", REQUEST)
    assert (python, unbuffered, launcher) == (f"{sys.prefix}/bin/python", "-u", "/engine/exec")
    program = rest.pop()
    assert program == "."
    assert dict(zip(rest[::2], rest[1::2], strict=True)) == {
        "--monitor": "127.0.0.1:1",
        "--engine": "127.0.0.1:2",
        "--project": "tiny",
        "--stack": "dev",
        "--organization": "organization",
        "--root_directory": "/project",
        "--pwd": "/project/src",
        "--dry_run": "true",
        "--parallel": "8",
    }


def test_configuration_travels_in_the_environment() -> None:
    found = variables(HERE, REQUEST, {"LANG": "C"})
    assert json.loads(found["PULUMI_CONFIG"]) == {"tiny:a": "1", "tiny:b": "2"}
    assert json.loads(found["PULUMI_CONFIG_SECRET_KEYS"]) == ["tiny:b"]
    assert found["LANG"] == "C"
    assert found["VIRTUAL_ENV"] == sys.prefix


def test_an_error_the_launcher_showed_is_not_shown_again() -> None:
    assert outcome(0, cancelled=False) == RunResponse()
    assert outcome(1, cancelled=False) == outcome(32, cancelled=False) == RunResponse(bail=True)


def test_any_other_end_is_told() -> None:
    assert outcome(3, cancelled=False).error == "program ended with exit code 3"
    assert outcome(-9, cancelled=False).error == "program was ended by signal 9 (Killed)"


def test_a_cancelled_program_is_no_error() -> None:
    assert outcome(-15, cancelled=True) == RunResponse(bail=True)
