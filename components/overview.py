"""The server and what the system catalogs tell of a stack: all that cannot fail, read in one round trip.

Beside it there are only the rows of two tables, jobs and secrets, which may not be there yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from components.connection import Database
from components.kinds import KINDS
from components.object_kind import ObjectKind
from components.server import SERVER_QUERY, Server, parse_server


class Overview(NamedTuple):
    """``objects`` has what lives in the stack's schema by the class of its kind, and then by identity."""

    server: Server
    objects: Mapping[type[ObjectKind[Any, Any]], dict[str, Any]]


@dataclass(frozen=True)
class OverviewReader:
    """A reader for :meth:`Database.snapshot`, equal for the same schema."""

    schema: str

    def __call__(self, database: Database) -> Overview:
        kinds = [kind for kind in KINDS.values() if kind.in_catalog]
        queries = [kind.query(self.schema if kind.in_schema else None) for kind in kinds]
        server, *objects = database.read_together([SERVER_QUERY, *queries])
        return Overview(
            parse_server(server),
            {type(kind): kind.parse(rows) for kind, rows in zip(kinds, objects, strict=True)},
        )
