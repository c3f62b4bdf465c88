"""The stack's own configuration as the engine hands it to the program."""

from pathlib import Path

import pulumi
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env

from components.errors import InvalidConfiguration
from components.stack_file import SECRET_KEYS, values_in_clear

HOW = {"databaseUrl": "databaseUrl", "secrets": "--path secrets.<key>, for each key"}
"""How a key that must be encrypted is set."""

UNSET = (None, "", "{}")


def stack_settings(root: Path) -> dict[str, str]:
    """All keys of the project's namespace with their values in clear; ``root`` is the folder of Pulumi.yaml.

    The whole map and not ``pulumi.Config().get``, so that a misspelt key is noticed; its source is the language host's
    contract, PULUMI_CONFIG and PULUMI_CONFIG_SECRET_KEYS in the environment. Raises InvalidConfiguration where a
    key that must be encrypted is not: Pulumi.yaml cannot demand it of a key that has a default.
    """
    project = pulumi.get_project()
    if found := list(values_in_clear(root, project, pulumi.get_stack())):
        raise InvalidConfiguration(found)
    prefix = f"{project}:"
    encrypted = get_config_secret_keys_env()
    for key in SECRET_KEYS:
        if get_config_env().get(prefix + key) not in UNSET and prefix + key not in encrypted:
            raise InvalidConfiguration(
                [f"{prefix}{key} stands in clear in the stack's file; run: pulumi config set --secret {HOW[key]}"]
            )
    return {key.removeprefix(prefix): value for key, value in get_config_env().items() if key.startswith(prefix)}
