"""The stack's own configuration as the engine hands it to the program."""

import pulumi
from pulumi.runtime.config import get_config_env


def stack_settings() -> dict[str, str]:
    """All keys of the project's namespace with their values in clear.

    The whole map and not ``pulumi.Config().get``, so that a misspelt key is noticed; its source is the language host's
    contract, PULUMI_CONFIG in the environment.
    """
    prefix = f"{pulumi.get_project()}:"
    return {key.removeprefix(prefix): value for key, value in get_config_env().items() if key.startswith(prefix)}
