"""The target of a command: an open database and the schema of its secret store."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from components.database.connection import Database
from components.database.conninfo import resolve_conninfo
from cronctl.place import Place


class Target(NamedTuple):
    """A database and the schema of its secret store."""

    database: Database
    schema: str


@contextmanager
def opened(find: Callable[[], Place], schema: str | None) -> Iterator[Target]:
    """The target at a place, connected to while others work, and closed afterwards. Raises an Error."""
    place = find()
    conninfo = resolve_conninfo(place.database_url, os.environ, allow_unverified_tls=place.allow_unverified_tls)
    with connected(conninfo) as database:
        yield Target(database, schema or place.schema)


@contextmanager
def connected(conninfo: str) -> Iterator[Database]:
    """A database that is connected to while others work, closed afterwards."""
    database = Database(conninfo)
    database.connect_ahead(1)
    try:
        yield database
    finally:
        database.close()
