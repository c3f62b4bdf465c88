"""The stack's own configuration as the engine hands it to the program."""

import pulumi
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env

from components.errors import InvalidConfiguration

SECRET_KEYS = {"databaseUrl": "databaseUrl", "secrets": "--path secrets.<key>, for each key"}
"""Keys that must be encrypted, and how one is set."""

UNSET = (None, "", "{}")


def stack_settings() -> dict[str, str]:
    """All keys of the project's namespace with their values in clear.

    The whole map and not ``pulumi.Config().get``, so that a misspelt key is noticed; its source is the language host's
    contract, PULUMI_CONFIG and PULUMI_CONFIG_SECRET_KEYS in the environment. Raises InvalidConfiguration where a
    key that must be encrypted is not: Pulumi.yaml cannot demand it of a key that has a default.
    """
    prefix = f"{pulumi.get_project()}:"
    encrypted = get_config_secret_keys_env()
    for key, how in SECRET_KEYS.items():
        if get_config_env().get(prefix + key) not in UNSET and prefix + key not in encrypted:
            raise InvalidConfiguration(
                [f"{prefix}{key} stands in clear in the stack's file; run: pulumi config set --secret {how}"]
            )
    return {key.removeprefix(prefix): value for key, value in get_config_env().items() if key.startswith(prefix)}
