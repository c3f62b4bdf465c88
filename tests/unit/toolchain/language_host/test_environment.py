"""Which Python runs a project."""

from pathlib import Path

import pytest

from toolchain.language_host.environment import Environment, resolve
from toolchain.language_host.errors import HostError


@pytest.mark.parametrize(
    ("options", "folder"),
    [
        ({}, None),
        ({"virtualenv": ""}, None),
        ({"virtualenv": ".venv"}, Path("/project/.venv")),
        ({"virtualenv": "/elsewhere/venv", "toolchain": "pip"}, Path("/elsewhere/venv")),
    ],
)
def test_virtualenv_is_relative_to_the_project(options: dict[str, object], folder: Path | None) -> None:
    assert resolve("/project", options) == Environment(folder)


def test_another_toolchain_is_refused_by_name() -> None:
    with pytest.raises(HostError, match=r'^toolchain "poetry" in Pulumi.yaml is not known .*: set it to pip, or'):
        resolve("/project", {"toolchain": "poetry"})


def test_a_missing_environment_says_how_to_make_it(tmp_path: Path) -> None:
    environment = Environment(tmp_path)
    assert not environment.exists
    with pytest.raises(HostError, match=r'^virtual environment .* not found: make it with "pulumi install"$'):
        environment.python()


def test_without_an_environment_the_machines_python_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_PYTHON_CMD", raising=False)
    assert Environment(None).exists
    assert Environment(None).python() == "python3"
    monkeypatch.setenv("PULUMI_PYTHON_CMD", "python3.12")
    assert Environment(None).python() == "python3.12"


def test_variables_are_those_of_activate() -> None:
    environ = {"PATH": "/usr/bin", "PYTHONHOME": "/old", "VIRTUAL_ENV": "/other", "LANG": "C"}
    assert Environment(Path("/p/.venv")).variables(environ) == {
        "PATH": "/p/.venv/bin:/usr/bin",
        "VIRTUAL_ENV": "/p/.venv",
        "LANG": "C",
    }
    assert Environment(None).variables(environ) == environ
    assert Environment(Path("/v")).variables({})["PATH"] == "/v/bin"
