"""A stack as cronctl sees it: its configuration and its state, both asked of the engine."""

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from components.catalogue.stack_config import Config, load_config
from components.catalogue.stack_file import keys_in_clear, values_in_clear
from components.errors import Error, InvalidConfiguration
from components.objects.stack_mark import StackName
from cronctl.engine import ask_engine, put_engine_on_path, selected_stack


class StateResource(NamedTuple):
    """A resource in the stack's state; ``kind`` is the last part of its type: ``CronJob``."""

    kind: str
    id: str
    outputs: Mapping[str, Any]


class Stack(NamedTuple):
    """What a stack declares, and what its state says."""

    config: Config
    state: tuple[StateResource, ...]


def read_stack(named: str | None, root: Path) -> Stack:
    """Ask the engine for a stack's configuration and state, or the selected stack's, which stays selected.

    Raises Error where there is no engine or no such stack, InvalidConfiguration for mistakes in what is declared.
    """
    put_engine_on_path()
    name = named or selected_stack(root)
    project = _project(root)
    with ThreadPoolExecutor() as pool:  # two runs of the engine, half a second each
        configured = pool.submit(ask_engine, root, "config", "--show-secrets", "--json", "--stack", name)
        exported = pool.submit(ask_engine, root, "stack", "export", "--show-secrets", "--stack", name)
    settings = json.loads(configured.result())
    deployment = json.loads(exported.result()).get("deployment") or {}
    values = {key: each["value"] for key, each in settings.items() if key.startswith(f"{project}:")}
    encrypted = [key for key in values if settings[key]["secret"]]
    found = [*values_in_clear(root, project, name)] or [*keys_in_clear(project, values, encrypted)]
    if found:
        raise InvalidConfiguration(found)
    config = load_config(
        {key.removeprefix(f"{project}:"): value for key, value in values.items()},
        stack=StackName(project, name),
        root=root,
        environment=os.environ,
        now=datetime.now(UTC),
    )
    return Stack(config, tuple(_resources(deployment)))


def _project(root: Path) -> str:
    """The project's name. Raises Error where there is no project."""
    try:
        return str(yaml.safe_load((root / "Pulumi.yaml").read_text(encoding="utf-8"))["name"])
    except (OSError, UnicodeError, yaml.YAMLError, KeyError, TypeError):
        raise Error(f"no readable Pulumi.yaml in {root}; name the project's folder with --project") from None


def _resources(deployment: Mapping[str, Any]) -> list[StateResource]:
    return [
        StateResource(
            resource["type"].rpartition(":")[2],
            resource.get("id", ""),
            {key: _plain(value) for key, value in resource.get("outputs", {}).items()},
        )
        for resource in deployment.get("resources", [])
        if resource["type"].startswith("pulumi-python:dynamic/cron:") and not resource.get("delete")
    ]


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A value of an export with secrets shown, out of the envelope that the engine puts around a secret."""
    return json.loads(value["plaintext"]) if isinstance(value, dict) and "plaintext" in value else value
