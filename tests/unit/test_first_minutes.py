"""What is typed first: targets of the Makefile for every stack, and commands that the README tells of."""

import re
import subprocess
from pathlib import Path

import pytest

from cronctl.command_line.table import COMMANDS

ROOT = Path(__file__).parents[2]
OF_A_STACK = ("shell", "up", "preview", "refresh", "destroy", "verify")


def would_run(target: str, *variables: str) -> str:
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "PYTHON=python3", target, *variables],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("stack", ["dev", "production"])
@pytest.mark.parametrize("target", OF_A_STACK)
def test_a_target_is_a_script_that_a_shell_understands(target: str, stack: str) -> None:
    script = would_run(target, f"STACK={stack}")
    subprocess.run(["bash", "-n"], input=script, text=True, check=True, capture_output=True)
    assert ("devstack env" in script) is (stack == "dev"), "another stack has the user's own backend and database"
    if target != "shell":
        assert f"--stack {stack}" in script


def test_make_up_of_another_stack_touches_no_dev_stack() -> None:
    assert "devstack" not in would_run("up", "STACK=production")
    assert "-m devstack proof" in would_run("up")


def test_make_up_ends_with_what_to_type_next() -> None:
    last = would_run("up").rstrip().splitlines()[-3:]
    assert [re.findall(r"make shell|cronctl status|pulumi preview", line) for line in last] == [
        ["make shell"],
        ["cronctl status"],
        ["pulumi preview"],
    ]


def test_the_readme_tells_of_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"`{command.name}`" in readme
