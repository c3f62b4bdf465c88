"""Where a command works: the database and the schema that a stack, the environment and an option name."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from components.values.choices import DEFAULT_SCHEMA
from components.values.variables import URL_VARIABLE
from cronctl import late


class Place(NamedTuple):
    """A database, which the environment names where ``database_url`` is None, and the schema of its secret store."""

    schema: str = DEFAULT_SCHEMA
    allow_unverified_tls: bool = False
    database_url: str | None = None


def find_place(stack: str | None, root: Path) -> Callable[[], Place]:
    """Begin to find out where a command works; what is returned waits for it.

    Both raise InvalidConfiguration or another Error.
    """
    if stack is None and os.environ.get(URL_VARIABLE):
        return Place
    return late.stack_place.find_place_of_stack(stack, root)
