"""The database of an engine run, and a cache of what was read from it; all providers of the run share both.

Everything here works through a transaction pooler: no prepared statements, no session state, no session locks. A read
is one round trip in a READ ONLY transaction; a write is one transaction with its own lock and statement timeouts.
"""

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from psycopg import sql

from components.database.driver_errors import driver_errors_are_ours
from components.database.explain import explain
from components.database.pool import Connection, Pool, roll_back
from components.database.session_settings import BEGIN_READ_ONLY
from components.database.shared_writes import SharedWrites, Write, carry_out
from components.database.transaction import Row, Transaction, results
from components.errors import StatementFailed

T = TypeVar("T")


class Database:
    """A database in one engine run: its connections and its snapshots.

    ``conninfo`` is as :func:`resolve_conninfo` returns it.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._pool = Pool(conninfo)
        self._writes = SharedWrites()
        self._snapshots: dict[object, object] = {}
        self._locks: dict[object, threading.Lock] = {}
        self._lock = threading.Lock()
        self._ahead: dict[bytes, list[Row]] = {}

    def connect(self) -> None:
        """Make a connection, unless one is idle, and keep it for the next caller. Raises ConnectionFailed."""
        with self._connection():
            pass

    def connect_ahead(self, connections: int) -> None:
        """Begin to make connections in the background, until there are as many; return at once.

        Where none can be made, the next method that needs one raises ConnectionFailed with the reason.
        """
        self._pool.connect_ahead(connections)

    def close(self) -> None:
        """Close all idle connections now, and each of the others at the end of its use."""
        self._pool.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction with the settings PINNED, which commits at the end of the block.

        Any exception rolls it back. Raises ConnectionFailed or StatementFailed.
        """
        with self._connection() as connection:
            transaction = Transaction(connection)
            yield transaction
            transaction.commit()

    def write(self, statements: Sequence[sql.Composable], query: sql.Composable) -> list[Row]:
        """Run statements and then the query in one transaction and one round trip; return the query's rows.

        Values must be part of the statements, as literals. Writes that wait for a connection at the same time share a
        transaction; where it fails, each is carried out in one of its own. Raises ConnectionFailed or StatementFailed.
        """
        mine = Write(statements, query)
        self._writes.add(mine)
        try:
            with driver_errors_are_ours(self._conninfo):
                if (connection := self._take_for(mine)) is not None:
                    with self._given_back(connection):
                        taken = self._writes.take()
                        if taken == [mine]:
                            (rows,) = carry_out(connection, taken)
                            return rows
                        self._writes.share(connection, taken)
        finally:
            self._writes.withdraw(mine)
        mine.ended.wait()
        if mine.rows is not None:
            return mine.rows
        with self._connection() as connection:
            (rows,) = carry_out(connection, [mine])
        return rows

    def _take_for(self, write: Write) -> Connection | None:
        """A connection to carry out a write with; None where another caller carries it out, or has done so."""
        try:
            return self._pool.take_unless(lambda: write.taken)
        except psycopg.Error:
            if self._writes.withdraw(write):
                raise
            return None

    def read(self, query: sql.Composable) -> list[Row]:
        """Run one query in a READ ONLY transaction, in a single round trip, and return its rows.

        Values must be part of the query, as literals. Raises ConnectionFailed or StatementFailed.
        """
        (rows,) = self.read_together([query])
        return rows

    def read_together(self, queries: Sequence[sql.Composable]) -> list[list[Row]]:
        """Run queries that see the same moment, in a single round trip, and return the rows of each.

        Raises ConnectionFailed or StatementFailed.
        """
        with self._connection() as connection:
            texts = [query.as_bytes(connection) for query in queries]
            if self._ahead.keys() >= set(texts):
                return [self._ahead[text] for text in texts]
            return results(connection, [BEGIN_READ_ONLY.encode(), *texts, b"COMMIT"])

    @contextmanager
    def reading_ahead(self, *groups: Sequence[sql.Composable]) -> Iterator[None]:
        """Read queries in a single round trip, of which reads of the same queries in this block return the rows.

        Where the server refuses one, each group is read on its own; a group with a refused one is left to the reads in
        the block, which meet the error. For one thread. Raises ConnectionFailed.
        """
        before = self._ahead
        self._ahead = dict(before)
        try:
            if not self._read_ahead([query for group in groups for query in group]):
                for group in groups if len(groups) > 1 else ():
                    self._read_ahead(group)
            yield
        finally:
            self._ahead = before

    def _read_ahead(self, queries: Sequence[sql.Composable]) -> bool:
        try:
            rows = self.read_together(queries)
        except StatementFailed:
            return False
        with self._connection() as connection:
            self._ahead.update(zip((query.as_bytes(connection) for query in queries), rows, strict=True))
        return True

    def explain(self, text: str) -> None:
        """Let the server parse a text as in a job's session, and plan it where it is one statement that has a plan.

        The server executes nothing of it. Raises ConnectionFailed or StatementFailed.
        """
        with self._connection() as connection:
            explain(connection, text)

    def snapshot(self, reader: Callable[["Database"], T]) -> T:
        """The result of ``reader``, which is kept for all equal readers until :meth:`forget`.

        A Database lives for one phase of an engine run, so the result is never older than that phase.
        """
        with self._lock:
            lock = self._locks.setdefault(reader, threading.Lock())
        with lock:
            snapshots = self._snapshots  # a forget() during the reading starts another dict, which must not get it
            if reader not in snapshots:
                snapshots[reader] = reader(self)
            return snapshots[reader]  # type: ignore[return-value]

    def forget(self) -> None:
        """Drop all snapshots, so that the next :meth:`snapshot` reads again, after a change on which several depend."""
        self._snapshots = {}

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection for this block alone; any exception rolls back its transaction.

        Raises ConnectionFailed or StatementFailed in place of psycopg's errors.
        """
        with driver_errors_are_ours(self._conninfo), self._given_back(self._pool.take()) as connection:
            yield connection

    @contextmanager
    def _given_back(self, connection: Connection) -> Iterator[Connection]:
        try:
            yield connection
        except BaseException:
            roll_back(connection)
            raise
        finally:
            self._pool.give_back(connection)


@functools.cache
def database(conninfo: str) -> Database:
    """The process's one Database for a conninfo, which all providers of an engine run share."""
    return Database(conninfo)
