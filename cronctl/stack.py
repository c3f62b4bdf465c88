"""A stack as cronctl sees it: its configuration and its state, both asked of the engine."""

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from yaml import YAMLError

from components.catalogue.stack_config import Config, load_config
from components.catalogue.stack_file import keys_in_clear, values_in_clear
from components.errors import Error, InvalidConfiguration
from components.objects.stack_mark import Owner
from cronctl.engine import put_engine_on_path, selected_stack


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
    from pulumi.automation import CommandError, LocalWorkspace  # noqa: PLC0415 - half a second that --help need not pay

    try:
        workspace = LocalWorkspace(work_dir=str(root))
        project = workspace.project_settings().name
        with ThreadPoolExecutor() as pool:  # two runs of the engine, half a second each
            asked = pool.submit(workspace.get_all_config, name), pool.submit(workspace.export_stack, name)
        settings, deployment = asked[0].result(), asked[1].result().deployment or {}
    except CommandError as exc:
        raise Error(_last_line(str(exc))) from None
    except (FileNotFoundError, YAMLError, KeyError, AttributeError, TypeError):
        raise Error(f"no readable Pulumi.yaml in {root}; name the project's folder with --project") from None
    values = {key: each.value for key, each in settings.items() if key.startswith(f"{project}:")}
    encrypted = [key for key in values if settings[key].secret]
    found = [*values_in_clear(root, project, name)] or [*keys_in_clear(project, values, encrypted)]
    if found:
        raise InvalidConfiguration(found)
    config = load_config(
        {key.removeprefix(f"{project}:"): value for key, value in values.items()},
        owner=Owner(project, name),
        root=root,
        environment=os.environ,
        now=datetime.now(UTC),
    )
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


def _last_line(text: str) -> str:
    """The engine's own sentence out of what the automation API quotes: command, code, stdout, stderr."""
    errors = [line.partition("error: ")[2] for line in text.splitlines() if "error: " in line]
    return errors[-1] if errors else " ".join(text.split())
