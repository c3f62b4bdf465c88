"""The engine that cronctl asks: the one that the toolchain would take, without having it say its version."""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from components.errors import Error
from cronctl.engine_runs import begun, waited_for
from toolchain import available
from toolchain.errors import ToolchainError

STACK_VARIABLE = "PULUMI_STACK"
"""Names the stack as ``--stack`` does, to the engine as well."""

FEWER_COLLECTIONS = {"GOGC": "400"}
"""The engine ends before what its garbage collector finds is needed again; without it, it takes a tenth less time."""


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


class AskedStack(NamedTuple):
    """A stack that the engine is asked for: by what arguments, and its name, which may have to be waited for."""

    arguments: tuple[str, ...]
    name: Callable[[], str]


def asked_stack(named: str | None, root: Path) -> AskedStack:
    """The stack of a name, else the one that PULUMI_STACK names or that is selected in a project's folder.

    The engine, which is on PATH, tells the name of the selected one while it is asked for other things of it. The name
    raises Error where there is none.
    """
    if name := named or os.environ.get(STACK_VARIABLE):
        return AskedStack(("--stack", name), lambda: name)
    return AskedStack((), partial(_selected, ask_engine(root, "stack", "--show-name")))


def _selected(answer: Callable[[], str]) -> str:
    try:
        return answer().strip()
    except Error as exc:
        raise Error(
            f"no stack is named with --stack or {STACK_VARIABLE}, and the engine knows of none: {exc}"
        ) from None


def ask_engine(root: Path, *arguments: str) -> Callable[[], str]:
    """Ask the engine in a project's folder; what is returned waits for its answer. It is on PATH.

    So others can work meanwhile. Both raise Error, the latter with the engine's own sentences.
    """
    command = ["pulumi", *arguments, "--non-interactive", "--color", "never"]
    try:
        asked = subprocess.Popen(
            command,
            cwd=root,
            env={**FEWER_COLLECTIONS, **os.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    except OSError:
        raise Error(f"no readable Pulumi.yaml in {root}; name the project's folder with --project") from None
    begun(asked)
    return lambda: _answer(asked)


def _answer(asked: subprocess.Popen[str]) -> str:
    with asked:
        answer, talk = asked.communicate()
    waited_for(asked)
    if asked.returncode == 0:
        return answer
    said = [line.removeprefix("error: ") for line in talk.splitlines() if line.startswith("error: ")]
    raise Error("; ".join(said) or " ".join(talk.split()))
