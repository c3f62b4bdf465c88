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
    return values_of(asked_stack(named, root), root)


def values_of(stack: AskedStack, root: Path) -> Callable[[], StackValues]:
    """The same of a stack that the engine, which is on PATH, is asked for."""
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
