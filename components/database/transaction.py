"""A transaction on a connection: statements that go together in few round trips, and stay or go as a whole."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from components.database.session_settings import BEGIN

Row = dict[str, Any]
Parameters = Mapping[str, object] | Sequence[object] | None


class CopyRow(NamedTuple):
    """A row of texts for COPY … FROM STDIN (FORMAT BINARY), which the server does not log, not even in an error."""

    query: sql.Composable
    row: tuple[str, ...]


class Transaction:
    """An open transaction; what is executed here stays or goes as a whole.

    Statements without parameters wait until an answer is needed and then go together, since each trip to a distant
    server costs more than the statement. So an error of theirs may come with a later call, at the latest at the end.
    """

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        self._waiting: list[bytes] = [BEGIN.encode()]
        self._ended = False

    def execute(self, statement: sql.Composable, parameters: Parameters = None) -> None:
        """Run one statement; parameters are bound by the server, never part of the text."""
        text = statement.as_bytes(self._connection)
        if parameters is None:
            self._waiting.append(text)
        else:
            self._send()
            self._connection.execute(text, parameters)

    def copy(self, given: CopyRow) -> None:
        """Send one row; the server logs none of it, unlike a parameter."""
        self._send()
        with self._connection.cursor() as cursor, cursor.copy(given.query.as_bytes(self._connection)) as copy:
            copy.set_types(["text"] * len(given.row))
            copy.write_row(given.row)

    def fetch(self, query: sql.Composable, parameters: Parameters = None) -> list[Row]:
        """Run one query and return its rows as dicts."""
        text = query.as_bytes(self._connection)
        if parameters is None:
            return self.run_script(text)
        self._send()
        return self._connection.execute(text, parameters).fetchall()

    def run_script(self, text: bytes) -> list[Row]:
        """Run statements as they were written, and return the rows of the last one that has any."""
        found = self._send(text)
        return found[-1] if found else []

    def commit(self, *queries: sql.Composable) -> list[list[Row]]:
        """End the transaction, with queries as its last statements; returns the rows of each."""
        if self._ended:
            return []
        found = self._send(*(query.as_bytes(self._connection) for query in queries), b"COMMIT")
        self._ended = True
        return found[len(found) - len(queries) :]

    def _send(self, *more: bytes) -> list[list[Row]]:
        texts = [*self._waiting, *more]
        self._waiting.clear()
        return results(self._connection, texts) if texts else []


def results(connection: psycopg.Connection[Row], texts: Iterable[bytes]) -> list[list[Row]]:
    """The rows of each statement that has any, in one round trip."""
    cursor = connection.execute(_script(texts))
    found = []
    while True:
        if cursor.description is not None:
            found.append(cursor.fetchall())
        if not cursor.nextset():
            return found


def _script(texts: Iterable[bytes]) -> bytes:
    return b"\n;".join(texts)  # a statement may end in a comment
