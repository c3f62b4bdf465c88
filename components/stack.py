"""The stack's own configuration as the engine hands it to the program."""

from pathlib import Path

import pulumi

from components.catalogue.stack_file import keys_in_clear, values_in_clear
from components.errors import InvalidConfiguration
from components.provider.sdk_internals import stack_values


def stack_settings(root: Path) -> dict[str, str]:
    """All keys of the project's namespace with their values in clear; ``root`` is the folder of Pulumi.yaml.

    Raises InvalidConfiguration where a key that must be encrypted is not: Pulumi.yaml cannot demand it of a key that
    has a default.
    """
    project = pulumi.get_project()
    if found := list(values_in_clear(root, project, pulumi.get_stack())):
        raise InvalidConfiguration(found)
    values, encrypted = stack_values()
    if found := list(keys_in_clear(project, values, encrypted)):
        raise InvalidConfiguration(found)
    prefix = f"{project}:"
    return {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
