import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def cronctl(*arguments: str) -> str:
    command = [sys.executable, "-m", "cronctl", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_the_version_is_the_projects() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert cronctl("--version") == f"{declared}\n"


@pytest.mark.parametrize("arguments", [(), ("rotate",)])
def test_the_short_way_to_help(arguments: tuple[str, ...]) -> None:
    assert cronctl(*arguments, "-h") == cronctl(*arguments, "--help")
