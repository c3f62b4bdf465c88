"""The server and all objects of a stack's schema, read in one round trip."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from components.database.connection import Database
from components.database.server_facts import SERVER_QUERY, Server, parse_server
from components.errors import StatementFailed
from components.objects.all_kinds import KINDS
from components.objects.object_kind import LiveT, ObjectKind, Objects, Reading, Rows, snapshot


def readings(schemas: Iterable[str], kinds: Iterable[ObjectKind[Any, Any]] = KINDS.values()) -> list[Reading]:
    """The readings of all kinds in some schemas and, for kinds outside of schemas, in the database."""
    wanted = [(kind, schema if kind.in_schema else None) for schema in sorted(set(schemas)) for kind in kinds]
    return list(dict.fromkeys(Reading.of(kind, scope) for kind, scope in wanted))


class Overview(NamedTuple):
    """``rows`` has what each reading found in the schema or, for kinds outside of schemas, in the database."""

    server: Server
    rows: Mapping[Reading, Rows]

    def objects(self, kind: ObjectKind[Any, LiveT], database: Database, scope: str | None) -> Objects[LiveT]:
        """The objects of a kind; where the overview could not read them, as :func:`snapshot` reads or refuses them."""
        rows = self.rows.get(Reading.of(kind, scope))
        return snapshot(kind, database, scope) if rows is None else Objects(kind, rows)


@dataclass(frozen=True)
class OverviewReader:
    """A reader for :meth:`Database.snapshot`, equal for the same schema. Raises ConnectionFailed."""

    schema: str

    def __call__(self, database: Database) -> Overview:
        try:
            return self._read(database, KINDS.values())
        except StatementFailed:
            # A role that may not read every table learns that from the first resource that needs the table.
            return self._read(database, [kind for kind in KINDS.values() if kind.in_catalog])

    def _read(self, database: Database, kinds: Iterable[ObjectKind[Any, Any]]) -> Overview:
        wanted = readings([self.schema], kinds)
        server, *results = database.read_together([SERVER_QUERY, *(reading.script() for reading in wanted)])
        answered = zip(wanted, results, strict=True)
        return Overview(parse_server(server), {reading: reading.by_identity(rows) for reading, rows in answered})
