"""Options and arguments that several commands have."""

import os
from pathlib import Path
from typing import Annotated

import typer

from components.values.duration import seconds
from components.values.variables import URL_VARIABLE

LONGEST = 3650 * 86400.0
"""Seconds that a ledger keeps runs at most."""

CATALOGUE = Path("jobs.yaml")


def named(value: str | None) -> str | None:
    """Refuse a name that is empty, as an unset variable in a script makes it, or holds what no name does."""
    if value is not None and not (value and value.isprintable()):
        raise typer.BadParameter("is empty or holds characters that no name has")
    return value


def span(text: str, option: str) -> float:
    """The seconds that an option's ``30s``, ``5m`` or ``1 day`` says. Raises typer.BadParameter."""
    try:
        return seconds(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint=option) from None


def in_environment(conninfo: str | None) -> str | None:
    """Put a database that an option names where the environment's is looked for."""
    if conninfo is not None:
        os.environ[URL_VARIABLE] = conninfo
    return conninfo


StackOption = Annotated[
    str | None,
    typer.Option(
        "--stack",
        "-s",
        help="The stack; without it, the database that --database or SUPABASE_CRON_DATABASE_URL names, else the "
        "selected stack.",
        callback=named,
    ),
]
DeclaredStackOption = Annotated[
    str | None,
    typer.Option(
        "--stack", "-s", help="The stack; without it, the one in PULUMI_STACK or the selected one.", callback=named
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        "-d",
        metavar="CONNINFO",
        help="The database, before SUPABASE_CRON_DATABASE_URL, which suits a password better.",
        callback=in_environment,
    ),
]
SchemaOption = Annotated[
    str | None,
    typer.Option("--schema", help="The schema of the secret store; by default the stack's, or public.", callback=named),
]
ProjectOption = Annotated[Path, typer.Option("--project", "-C", help="The project's folder.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document instead of tables and sentences.")]
JobArgument = Annotated[str, typer.Argument(help="The job's name.", callback=named)]
AnyJobArgument = Annotated[str | None, typer.Argument(help="A job's name; all jobs without it.", callback=named)]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many runs at most.")]
