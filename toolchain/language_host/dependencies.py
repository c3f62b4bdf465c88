"""What a project depends on: how to install it and how to list it.

``pulumi install`` does what Pulumi's own host does for toolchain pip (``sdk/python/toolchain/pip.go``): make the
virtual environment where it is missing, then install ``requirements.txt`` of the project's folder, where there is one.
Only the unpinned upgrade of pip, setuptools and wheel is left out.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .environment import Environment, machine_python
from .errors import HostError


def install_commands(environment: Environment, directory: Path) -> Iterator[tuple[str, list[str]]]:
    """Title and command line of each step, to be run in ``directory``, one after the other."""
    if environment.folder and not environment.exists:
        yield "Creating virtual environment...", [machine_python(), "-m", "venv", str(environment.folder)]
    if (directory / "requirements.txt").is_file():
        install = [environment.python(), "-m", "pip", "install", "-r", "requirements.txt"]
        yield "Installing dependencies...", install


def check_installed(command: list[str], code: int) -> None:
    """Raise ``HostError`` when ``code``, the exit code of an install command, says that it failed."""
    if code != 0:
        raise HostError(f"python -m {command[2]} failed with exit code {code}, its message is above")


def interpreter(environment: Environment) -> tuple[str, str]:
    """Path and version of the interpreter. Raises ``HostError`` when it is missing or does not run."""
    show = "import platform, sys; print(sys.executable, platform.python_version(), sep='\\n')"
    path, version = _answer([environment.python(), "-c", show]).splitlines()
    return path, version


def installed(environment: Environment, *, transitive: bool) -> list[tuple[str, str]]:
    """Name and version of the installed packages; without ``transitive`` only those no other one requires.

    Raises ``HostError`` when the interpreter is missing or has no pip.
    """
    only_top = [] if transitive else ["--not-required"]
    listing = ["-m", "pip", "list", "--format", "json", "--disable-pip-version-check", *only_top]
    packages = json.loads(_answer([environment.python(), *listing]))
    return [(package["name"], package["version"]) for package in packages]


def _answer(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise HostError(f'"{" ".join(command)}" ended with exit code {done.returncode}: {last}')
    return done.stdout
