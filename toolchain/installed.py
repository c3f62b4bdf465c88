"""Finds an engine that is on the machine already."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .errors import ToolchainError
from .versions import OLDEST_ENGINE, at_least

OVERRIDE = "SUPABASE_CRON_ENGINE"
"""Environment variable with the folder of an engine to use, whatever its version."""

LANGUAGE_HOST = "pulumi-language-python"


def forced(environ: Mapping[str, str]) -> Path | None:
    """The folder that ``OVERRIDE`` names, if it is set. Raises ``ToolchainError`` when it holds no engine."""
    folder = environ.get(OVERRIDE)
    if not folder:
        return None
    if not os.access(Path(folder, "pulumi"), os.X_OK):
        raise ToolchainError(f"no executable pulumi in {folder}: correct or unset {OVERRIDE}")
    return Path(folder).absolute()


def on_path(environ: Mapping[str, str], own: Path) -> Path | None:
    """The folder of the first ``pulumi`` on PATH, if it is recent enough and has its language host for Python.

    Folders inside ``own``, the toolchain's cache, are passed over: they may be of an older version of this project.
    """
    elsewhere = os.pathsep.join(
        folder for folder in environ.get("PATH", "").split(os.pathsep) if not Path(folder).is_relative_to(own)
    )
    found = shutil.which("pulumi", path=elsewhere)
    if found is None or not has_language_host(Path(found), elsewhere) or not at_least(version(found), OLDEST_ENGINE):
        return None
    return Path(found).parent


def has_language_host(pulumi: Path, path: str) -> bool:
    """Whether the engine ``pulumi`` finds its language host: beside the real file, or on ``path``."""
    beside = pulumi.resolve().parent / LANGUAGE_HOST
    return os.access(beside, os.X_OK) or shutil.which(LANGUAGE_HOST, path=path) is not None


def version(pulumi: str) -> str:
    """What the engine says of its version; "" when it does not run."""
    env = dict(os.environ) | {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        return subprocess.run([pulumi, "version"], env=env, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
