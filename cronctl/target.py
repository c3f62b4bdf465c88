"""Where a command works: the database and schema of a stack, or those that the environment and an option name."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from components.catalogue.settings import Settings
from components.catalogue.stack_config import Config
from components.database.connection import Database
from components.database.conninfo import URL_VARIABLE
from components.errors import Error, InvalidConfiguration
from components.values.duration import seconds
from cronctl.stack import Stack, read_stack


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


class Target(NamedTuple):
    """A database and the schema of its secret store; ``stack`` is None where only the environment names them."""

    database: Database
    schema: str
    stack: Stack | None

    @property
    def config(self) -> Config | None:
        """What the stack declares."""
        return self.stack.config if self.stack else None


@contextmanager
def open_target(stack: str | None, schema: str | None, project: Path, *, declared: bool = False) -> Iterator[Target]:
    """The target of a command, closed afterwards; a database that is named needs no engine, unless ``declared``.

    Raises InvalidConfiguration or another Error.
    """
    named_alone = stack is None and not declared and bool(os.environ.get(URL_VARIABLE))
    found = None if named_alone else _stack_or_hint(stack, project.resolve())
    settings = found.config.settings if found else Settings()
    with open_database(settings) as database:
        yield Target(database, schema or settings.schema_name, found)


def _stack_or_hint(stack: str | None, root: Path) -> Stack:
    try:
        return read_stack(stack, root)
    except InvalidConfiguration:
        raise
    except Error as exc:
        if stack is None and not os.environ.get(URL_VARIABLE):
            named = f"set {URL_VARIABLE} in the environment, or give --database"
            raise Error(f"no database to connect to; {named}, or let a stack say it ({exc})") from None
        raise


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database that the environment or the settings name, closed afterwards. Raises InvalidConfiguration."""
    database = Database(settings.conninfo(os.environ))
    try:
        yield database
    finally:
        database.close()
