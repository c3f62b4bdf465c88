"""The engine that cronctl asks: the one that the toolchain would take, without having it say its version."""

import os
import shutil
import subprocess
from pathlib import Path

from components.errors import Error
from toolchain import available
from toolchain.errors import ToolchainError

STACK_VARIABLE = "PULUMI_STACK"
"""Names the stack as ``--stack`` does, to the engine as well."""


def put_engine_on_path() -> None:
    """Let whatever is started find ``pulumi``. Raises Error where there is none."""
    try:
        folder = available.at_hand(os.environ)
    except ToolchainError as exc:
        raise Error(str(exc)) from None
    if folder is None:
        raise Error("there is no pulumi on PATH, nor one that this project built; install it, or run: make engine")
    if shutil.which("pulumi") != str(folder / "pulumi"):
        os.environ["PATH"] = os.pathsep.join(filter(None, [str(folder), os.environ.get("PATH")]))


def selected_stack(root: Path) -> str:
    """The stack that PULUMI_STACK names, or that is selected in a project's folder. The engine is on PATH.

    Raises Error where there is none.
    """
    if named := os.environ.get(STACK_VARIABLE):
        return named
    try:
        return ask_engine(root, "stack", "--show-name").strip()
    except Error as exc:
        raise Error(
            f"no stack is named with --stack or {STACK_VARIABLE}, and the engine knows of none: {exc}"
        ) from None


def ask_engine(root: Path, *arguments: str) -> str:
    """What the engine answers in a project's folder. It is on PATH. Raises Error with its own sentences."""
    command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
    try:
        asked = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        raise Error(f"no readable Pulumi.yaml in {root}; name the project's folder with --project") from None
    if asked.returncode == 0:
        return asked.stdout
    said = [line.removeprefix("error: ") for line in asked.stderr.splitlines() if line.startswith("error: ")]
    raise Error("; ".join(said) or " ".join(asked.stderr.split()))
