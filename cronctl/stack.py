"""A stack as cronctl sees it: what it declares, and its state as the engine tells it."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from components.catalogue.stack_config import Config, load_config
from components.objects.stack_mark import StackName
from cronctl.engine import ask_engine, asked_stack, put_engine_on_path
from cronctl.stack_values import StackValues, values_of


class StateResource(NamedTuple):
    """A resource in the stack's state; ``kind`` is the last part of its type: ``CronJob``."""

    kind: str
    id: str
    outputs: Mapping[str, Any]


class Stack(NamedTuple):
    """What a stack declares, and what its state says."""

    config: Config
    state: tuple[StateResource, ...]


def config_of(asked: StackValues) -> Config:
    """What a stack declares. Raises InvalidConfiguration for mistakes in it."""
    return load_config(
        asked.values,
        stack=StackName(asked.project, asked.stack),
        root=asked.root,
        environment=os.environ,
        now=datetime.now(UTC),
    )


def read_stack(named: str | None, root: Path) -> Stack:
    """What a stack declares and what its state says, or the selected stack's.

    Raises Error where there is no engine or no such stack, InvalidConfiguration for mistakes in what is declared.
    """
    put_engine_on_path()
    stack = asked_stack(named, root)
    values = values_of(stack, root)  # two runs of the engine side by side
    exported = ask_engine(root, "stack", "export", "--show-secrets", *stack.arguments)
    config = config_of(values())
    deployment = json.loads(exported()).get("deployment") or {}
    return Stack(config, tuple(_resources(deployment)))


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
