"""One run of a project's program: its command line, its environment, and what its exit code means."""

import json
import signal
from collections.abc import Mapping

from pulumi.runtime.proto.language_pb2 import RunRequest, RunResponse

from .environment import Environment

ERROR_SHOWN = (1, 32)
"""Exit codes after which the launcher has shown the error: 32 for exceptions, 1 for a ``pulumi.RunError``."""


def command(environment: Environment, launcher: str, engine: str, request: RunRequest) -> list[str]:
    """The launcher's command line; ``launcher`` is the path of Pulumi's ``pulumi-language-python-exec``.

    Raises ``HostError`` when the virtual environment is missing.
    """
    options = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "stack": request.stack,
        "organization": request.organization,
        "root_directory": request.info.root_directory,
        "pwd": request.info.program_directory,
        "dry_run": "true" if request.dryRun else "false",
        "parallel": str(request.parallel),
    }
    flags = [word for name, value in options.items() for word in (f"--{name}", value)]
    return [environment.python(), "-u", launcher, *flags, request.info.entry_point or ".", *request.args]


def variables(environment: Environment, request: RunRequest, environ: Mapping[str, str]) -> dict[str, str]:
    """The program's environment variables, the stack's configuration among them."""
    return environment.variables(environ) | {
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
    }


def outcome(code: int, *, cancelled: bool) -> RunResponse:
    """What to tell the engine about exit code ``code``; a negative one is the signal that ended the program.

    ``bail`` means that the engine need not show an error of its own.
    """
    if code == 0:
        return RunResponse()
    if cancelled or code in ERROR_SHOWN:
        return RunResponse(bail=True)
    if code < 0:
        return RunResponse(error=f"program was ended by signal {-code} ({signal.strsignal(-code)})")
    return RunResponse(error=f"program ended with exit code {code}")
