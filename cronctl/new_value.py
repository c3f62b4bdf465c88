"""A secret's new value on its way in: made up or given, checked against what the stack declares, written down."""

import os
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path

import typer

from components.catalogue.secret_spec import SecretSpec
from components.catalogue.secret_value import misplaced_keys, misplaced_probe_keys, text_problem, value_problem
from components.catalogue.stack_config import Config
from components.errors import Error, InvalidConfiguration
from cronctl.output import say_on_terminal

GENERATED_BYTES = 32


def made_up(key: str, spec: SecretSpec | None) -> str:
    """A random token. Raises InvalidConfiguration where the key is no token."""
    if spec is not None and spec.format != "token":
        raise InvalidConfiguration(
            [f"secret {key!r} is declared as {spec.format}, which cannot be made up; give it without --generate"]
        )
    return secrets.token_urlsafe(GENERATED_BYTES)


def given(key: str) -> str:
    """What is typed at a prompt that does not show it, or comes on stdin. Raises UnicodeError where it is no text."""
    if sys.stdin is None:  # closed by who started us
        return ""
    if sys.stdin.isatty():
        value: str = typer.prompt(f"New value of {key}", hide_input=True, confirmation_prompt=True, err=True)
        value.encode()  # what the terminal sent and was no text
        return value
    return sys.stdin.buffer.read().decode().removesuffix("\n").removesuffix("\r")


def value_problems(config: Config | None, key: str, spec: SecretSpec | None, value: str) -> list[str]:
    """What can be known to be wrong with it before anything is touched, a sentence each, without any of it."""
    plain_http = config.settings.plain_http_hosts if config else ()
    if problem := text_problem(value) if spec is None else value_problem(spec, value, datetime.now(UTC), plain_http):
        return [f"the new value of secret {key!r} {problem}"]
    if config is None:
        return []
    problems = [f"job {job!r} {problem}" for job, problem in misplaced_keys(config.catalogue, {key: value})]
    problems += [f"secret {own!r} {problem}" for own, problem in misplaced_probe_keys(config.catalogue, {key: value})]
    return problems


def show(key: str, value: str) -> None:
    """Show a generated value on the terminal before it is used; there must be one."""
    say_on_terminal(f"the new value of secret {key!r}, shown this once, for the side that checks it:")
    say_on_terminal(value)


def write(save: Path, value: str) -> None:
    """Write a generated value down before it is used, for its owner alone. Raises Error."""
    try:
        handle = os.open(save, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(value + "\n")
        except OSError:  # a full disk
            save.unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise Error(f"the value cannot be written to {save}: {exc.strerror}; nothing has changed") from None
