"""Installs the language host: a small virtual environment of its own, with the package ``language_host`` in it."""

import shutil
import sys
from pathlib import Path

from .cache import HOST_PACKAGE
from .command import Commands
from .progress import Step


def install(commands: Commands, work: Path) -> Path:
    """Make the environment in a folder inside ``work``, which may be moved afterwards. Raises ``ToolchainError``."""
    made = work / "host"
    python = made / "bin" / "python"
    install = ["-m", "pip", "install", "--require-hashes", "--only-binary", ":all:", "--no-deps"]
    with Step("installing the language host") as step:
        commands.run(
            step,
            [sys.executable, "-m", "venv", made],
            advice="install Python's venv module (python3-venv on Debian)",
        )
        commands.run(
            step,
            [python, *install, "-r", HOST_PACKAGE / "requirements.txt"],
            advice="check the way to the package index",
            env={"TMPDIR": str(work)},
        )
        (packages,) = made.glob("lib/python3*/site-packages")
        shutil.copytree(HOST_PACKAGE, packages / "language_host", ignore=shutil.ignore_patterns("__pycache__"))
    return made
