"""A stack as cronctl sees it: what it declares, and its state as the engine tells it."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from components.catalogue.stack_config import Config, load_config
from components.objects.stack_mark import StackName
from cronctl.stack_values import StackValues


class StateResource(NamedTuple):
    """A resource in the stack's state; ``kind`` is the last part of its type: ``CronJob``."""

    kind: str
    id: str
    outputs: Mapping[str, Any]


def config_of(asked: StackValues) -> Config:
    """What a stack declares. Raises InvalidConfiguration for mistakes in it."""
    return load_config(
        asked.values,
        stack=StackName(asked.project, asked.stack),
        root=asked.root,
        environment=os.environ,
        now=datetime.now(UTC),
    )


def state_of(exported: str) -> tuple[StateResource, ...]:
    """This project's resources in what the engine exports of a stack's state."""
    deployment = json.loads(exported).get("deployment") or {}
    return tuple(
        StateResource(
            resource["type"].rpartition(":")[2],
            resource.get("id", ""),
            {key: _plain(value) for key, value in resource.get("outputs", {}).items()},
        )
        for resource in deployment.get("resources", [])
        if resource["type"].startswith("pulumi-python:dynamic/cron:") and not resource.get("delete")
    )


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A value of an export with secrets shown, out of the envelope that the engine puts around a secret."""
    return json.loads(value["plaintext"]) if isinstance(value, dict) and "plaintext" in value else value
