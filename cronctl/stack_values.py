"""The values of a stack's configuration, as the engine tells them in clear."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from components.catalogue.stack_file import keys_in_clear, values_in_clear
from components.errors import Error, InvalidConfiguration
from cronctl.engine import AskedStack, ask_engine, asked_stack, put_engine_on_path


class StackValues(NamedTuple):
    """What the keys of the project's namespace have in a stack of the project in the folder ``root``."""

    root: Path
    project: str
    stack: str
    values: Mapping[str, str]


def ask_values(named: str | None, root: Path) -> Callable[[], StackValues]:
    """Ask the engine for a stack's values, or the selected stack's, which stays selected; what is returned waits.

    Raises Error where there is no engine or no such stack; the latter InvalidConfiguration as well, for a value that
    must be encrypted and is not.
    """
    put_engine_on_path()
    return _values_of(asked_stack(named, root), root)


class AskedDeployment(NamedTuple):
    """A stack's values, and what the engine exports of its state; each is waited for."""

    values: Callable[[], StackValues]
    exported: Callable[[], str]


def ask_deployment(named: str | None, root: Path) -> AskedDeployment:
    """Ask for the state as well, in a run of the engine at the side of that for the values. Raises the same."""
    put_engine_on_path()
    stack = asked_stack(named, root)
    exported = ask_engine(root, "stack", "export", "--show-secrets", *stack.arguments)
    return AskedDeployment(_values_of(stack, root), exported)


def _values_of(stack: AskedStack, root: Path) -> Callable[[], StackValues]:
    answer = ask_engine(root, "config", "--show-secrets", "--json", *stack.arguments)
    project = _project(root)
    return lambda: _checked(StackValues(root, project, stack.name(), {}), answer())


def _checked(asked: StackValues, answer: str) -> StackValues:
    root, project, stack, _ = asked
    settings = json.loads(answer)
    values = {key: setting["value"] for key, setting in settings.items() if key.startswith(f"{project}:")}
    encrypted = [key for key in values if settings[key]["secret"]]
    if mistakes := [*values_in_clear(root, project, stack)] or [*keys_in_clear(project, values, encrypted)]:
        raise InvalidConfiguration(mistakes)
    return asked._replace(values={key.removeprefix(f"{project}:"): value for key, value in values.items()})


def _project(root: Path) -> str:
    """The project's name. Raises Error where there is no project."""
    try:
        return str(yaml.load((root / "Pulumi.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)["name"])
    except (OSError, UnicodeError, yaml.YAMLError, KeyError, TypeError):
        raise Error(f"no readable Pulumi.yaml in {root}; name the project's folder with --project") from None
