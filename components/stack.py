"""The stack's own configuration as the engine hands it to the program."""

from pathlib import Path

import pulumi
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env

from components.catalogue.stack_file import keys_in_clear, values_in_clear
from components.errors import InvalidConfiguration


def stack_settings(root: Path) -> dict[str, str]:
    """All keys of the project's namespace with their values in clear; ``root`` is the folder of Pulumi.yaml.

    The whole map and not ``pulumi.Config().get``, so that a misspelt key is noticed; its source is the language host's
    contract, PULUMI_CONFIG and PULUMI_CONFIG_SECRET_KEYS in the environment. Raises InvalidConfiguration where a
    key that must be encrypted is not: Pulumi.yaml cannot demand it of a key that has a default.
    """
    project = pulumi.get_project()
    if found := list(values_in_clear(root, project, pulumi.get_stack())):
        raise InvalidConfiguration(found)
    values = get_config_env()
    if found := list(keys_in_clear(project, values, get_config_secret_keys_env())):
        raise InvalidConfiguration(found)
    prefix = f"{project}:"
    return {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
