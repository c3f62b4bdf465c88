"""The target of a command that goes by what a stack declares, where one is named."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from components.catalogue.settings import Settings
from components.catalogue.stack_config import Config
from components.database.connection import Database
from cronctl.stack import config_of
from cronctl.stack_place import database_is_missed
from cronctl.stack_values import StackValues
from cronctl.target import connected


class DeclaredTarget(NamedTuple):
    """A database, the schema of its secret store, and what the stack declares; None where only a database is named."""

    database: Database
    schema: str
    config: Config | None


@contextmanager
def opened(asked: Callable[[], StackValues] | None, stack: str | None, schema: str | None) -> Iterator[DeclaredTarget]:
    """The target of a stack that the engine was asked for, or of the environment; closed afterwards.

    Raises InvalidConfiguration or another Error.
    """
    with database_is_missed(stack):
        config = config_of(asked()) if asked else None
    settings = config.settings if config else Settings()
    with connected(settings.conninfo(os.environ)) as database:
        yield DeclaredTarget(database, schema or settings.schema_name, config)
