"""What a stack's database has: the server, and all that lives in the stack's schema, read in one round trip."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from components.database.connection import Database
from components.database.server_facts import SERVER_QUERY, Server, parse_server
from components.database.transaction import Row
from components.errors import StatementFailed
from components.objects.all_kinds import KINDS
from components.objects.object_kind import ObjectKind, Objects, snapshot_query


class Overview(NamedTuple):
    """``objects`` has what lives in the stack's schema by the class of its kind, and then by identity."""

    server: Server
    objects: Mapping[type[ObjectKind[Any, Any]], Objects[Any]]

    def keep(self, kind: ObjectKind[Any, Any], scope: str | None, identity: str, rows: Sequence[Row]) -> None:
        """Take an object from rows that were read later, for all kinds that the same rows tell of."""
        query = kind.query(scope, identity)
        for each in KINDS.values():
            if each.in_schema == kind.in_schema and each.query(scope, identity) == query:
                self.objects[type(each)].keep(identity, Objects(each, rows))


@dataclass(frozen=True)
class OverviewReader:
    """A reader for :meth:`Database.snapshot`, equal for the same schema."""

    schema: str

    def __call__(self, database: Database) -> Overview:
        try:
            return self._read(database, list(KINDS.values()))
        except StatementFailed:
            # A role that may not read all tables is told so where it needs them, and not where it asks what there is.
            return self._read(database, [kind for kind in KINDS.values() if kind.in_catalog])

    def _read(self, database: Database, kinds: Sequence[ObjectKind[Any, Any]]) -> Overview:
        queries = [snapshot_query(kind, self.schema if kind.in_schema else None) for kind in kinds]
        texts = [query.as_string() for query in queries]
        asked = dict(zip(texts, queries, strict=True))  # two kinds may tell of the same rows
        server, *found = database.read_together([SERVER_QUERY, *asked.values()])
        rows = dict(zip(asked, found, strict=True))
        return Overview(
            parse_server(server),
            {type(kind): Objects(kind, rows[text]) for kind, text in zip(kinds, texts, strict=True)},
        )
