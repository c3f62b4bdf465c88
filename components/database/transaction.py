"""A transaction on a connection, which sends its statements in few round trips."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from components.database.session_settings import BEGIN

Row = dict[str, Any]
Parameters = Mapping[str, object] | Sequence[object] | None


class CopyRow(NamedTuple):
    """A row of texts for ``query``, a COPY … FROM STDIN (FORMAT BINARY), which the server never logs."""

    query: sql.Composable
    row: tuple[str, ...]


class Transaction:
    """An open transaction.

    Statements without parameters wait until rows are needed and are then sent together, since a round trip to a
    distant server takes longer than a statement. So a later call, :meth:`commit` at the latest, may raise the error
    of such a statement.
    """

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        self._waiting: list[bytes] = [BEGIN.encode()]
        self._ended = False

    def execute(self, statement: sql.Composable, parameters: Parameters = None) -> None:
        """Run one statement; the server binds the parameters, which are never part of the text."""
        text = statement.as_bytes(self._connection)
        if parameters is None:
            self._waiting.append(text)
        else:
            self._send()
            self._connection.execute(text, parameters)

    def copy(self, given: CopyRow) -> None:
        """Copy one row in; unlike a parameter, it appears in no log of the server's."""
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
        """Run a text of one or more statements, and return the rows of the last query among them."""
        answers = self._send(text)
        return answers[-1] if answers else []

    def commit(self, *queries: sql.Composable) -> list[list[Row]]:
        """Commit, with ``queries`` as the last statements; return the rows of each. The second time, do nothing."""
        if self._ended:
            return []
        answers = self._send(*(query.as_bytes(self._connection) for query in queries), b"COMMIT")
        self._ended = True
        return answers[len(answers) - len(queries) :]

    def _send(self, *more: bytes) -> list[list[Row]]:
        texts = [*self._waiting, *more]
        self._waiting.clear()
        return results(self._connection, texts) if texts else []


def results(connection: psycopg.Connection[Row], texts: Iterable[bytes]) -> list[list[Row]]:
    """Send statements in one round trip, and return the rows of each that is a query."""
    cursor = connection.execute(_script(texts))
    answers = []
    while True:
        if cursor.description is not None:
            answers.append(cursor.fetchall())
        if not cursor.nextset():
            return answers


def _script(texts: Iterable[bytes]) -> bytes:
    return b"\n;".join(texts)  # a statement may end in a comment
