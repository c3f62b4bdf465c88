"""What `pulumi install` runs."""

import sys
from pathlib import Path

import pytest

from toolchain.language_host.dependencies import check_installed, install_commands, installed, interpreter
from toolchain.language_host.environment import Environment
from toolchain.language_host.errors import HostError

HERE = Environment(Path(sys.prefix))


def test_requirements_go_into_the_environment_there_is(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").touch()
    python = f"{sys.prefix}/bin/python"
    assert [command for _, command in install_commands(HERE, tmp_path)] == [
        [python, "-m", "pip", "install", "-r", "requirements.txt"]
    ]


def test_a_missing_environment_is_made_first_and_that_may_be_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_PYTHON_CMD", raising=False)
    missing = tmp_path / ".venv"
    steps = install_commands(Environment(missing), tmp_path)
    assert list(steps) == [("Creating virtual environment...", ["python3", "-m", "venv", str(missing)])]


def test_no_requirements_no_work(tmp_path: Path) -> None:
    assert list(install_commands(HERE, tmp_path)) == []


def test_a_failed_step_is_named() -> None:
    check_installed(["python", "-m", "pip"], 0)
    with pytest.raises(HostError, match=r"^python -m pip failed with exit code 2, its message is above$"):
        check_installed(["python", "-m", "pip"], 2)


def test_interpreter_and_packages_of_this_environment() -> None:
    path, version = interpreter(HERE)
    assert path == f"{sys.prefix}/bin/python"
    assert version == ".".join(map(str, sys.version_info[:3]))
    top, every = (dict(installed(HERE, transitive=transitive)) for transitive in (False, True))
    assert top.items() < every.items()
    assert "dill" in every  # the SDK needs it
    assert "dill" not in top


def test_an_interpreter_that_fails_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text("#!/bin/sh\necho first >&2\necho 'No module named pip' >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(HostError, match=r'^".*python -m pip list .*" ended with exit code 1: No module named pip$'):
        installed(Environment(tmp_path), transitive=True)
