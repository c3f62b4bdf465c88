"""Connections to the database, and a cache of what was read from it; all providers of one engine run share both.

Everything here works through a transaction pooler: no prepared statements, no session state, no session locks. A read
is one round trip in a READ ONLY transaction; a write is one transaction with its own lock and statement timeouts.
"""

import functools
import select
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, cast

import psycopg
from psycopg import generators, sql
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.rows import dict_row

from components.database.driver_errors import driver_errors_are_ours
from components.database.session_settings import AS_A_JOB, BEGIN_READ_ONLY, OF_SESSION, STATEMENT_TIMEOUT
from components.database.time_loader import register_pinned_loaders
from components.database.transaction import Row, Transaction, results
from components.errors import StatementFailed

CALLERS = 4
"""The number of worker threads of Pulumi's dynamic server (pulumi/dynamic/__main__.py), which share a Database."""

_COUNTS_STATEMENTS = "exec_parse_message"
"""The C function that refuses a prepared text of several statements; the error's text depends on lc_messages."""

T = TypeVar("T")


class Database:
    """A database in one engine run: its connections and its snapshots.

    A connection is made where none is idle, so there are at most as many as threads that use this object.
    ``conninfo`` is as :func:`resolve_conninfo` returns it.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._idle: list[psycopg.Connection[Row]] = []
        self._snapshots: dict[object, object] = {}
        self._locks: dict[object, threading.Lock] = {}
        self._lock = threading.Lock()
        self._arrival = threading.Condition(self._lock)
        self._opened = 0
        self._coming = 0
        self._failure: psycopg.Error | None = None
        self._closed = False
        self._ahead: dict[bytes, list[Row]] = {}

    def connect(self) -> None:
        """Make a connection, unless one is idle, and keep it for the next caller. Raises ConnectionFailed."""
        with self._connection():
            pass

    def connect_ahead(self, callers: int = CALLERS) -> None:
        """Begin to make connections in the background, until there are as many as ``callers``; return at once.

        Where none can be made, the next method that needs one raises ConnectionFailed with the reason.
        """
        with self._lock:
            missing = 0 if self._unreachable() else max(callers - self._opened, 0)
            self._opened += missing
            self._coming += missing
        for _ in range(missing):
            threading.Thread(target=self._connect_one_ahead, daemon=True).start()

    def close(self) -> None:
        """Close all idle connections now, and each of the others at the end of its use."""
        with self._lock:
            self._closed = True
            for connection in self._idle:
                connection.close()
            self._idle.clear()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction with the settings PINNED, which commits at the end of the block.

        Any exception rolls it back. Raises ConnectionFailed or StatementFailed.
        """
        with self._connection() as connection:
            transaction = Transaction(connection)
            yield transaction
            transaction.commit()

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
            bounded = f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}s'"
            connection.execute("; ".join([BEGIN_READ_ONLY, AS_A_JOB.as_string(), bounded]).encode())
            connection.pgconn.send_prepare(b"", text.encode())
            *_, parsed = connection.wait(generators.execute(connection.pgconn))
            if parsed.status != ExecStatus.COMMAND_OK:
                refused = error_from_result(parsed)
                # Several statements are no fault: the server has parsed each of them before it counts them.
                if refused.diag.source_function != _COUNTS_STATEMENTS:
                    raise refused
            else:
                with suppress(psycopg.errors.SyntaxError):  # a statement without a plan, such as CALL or VACUUM
                    connection.execute(b"EXPLAIN (COSTS OFF) " + text.encode())
            connection.execute("ROLLBACK")

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
    def _connection(self) -> Iterator[psycopg.Connection[Row]]:
        """A connection for this block alone; any exception rolls back its transaction.

        Raises ConnectionFailed or StatementFailed in place of psycopg's errors.
        """
        with driver_errors_are_ours(self._conninfo):
            connection = self._take()
            try:
                yield connection
            except BaseException:
                _roll_back(connection)
                raise
            finally:
                self._give_back(connection)

    def _take(self) -> psycopg.Connection[Row]:
        while True:
            with self._lock:
                self._arrival.wait_for(lambda: self._idle or not self._coming)
                if not self._idle:
                    if failure := self._unreachable():
                        raise failure
                    self._opened += 1
                    break
                connection = self._idle.pop()
            if not _is_stale(connection):
                return connection
        try:
            return self._connect()
        except psycopg.Error:
            with self._lock:
                self._opened -= 1
            raise

    def _unreachable(self) -> psycopg.Error | None:
        """The error of :meth:`connect_ahead`, while there is no connection at all, so that no caller tries it again."""
        return None if self._opened else self._failure

    def _connect(self) -> psycopg.Connection[Row]:
        connection = psycopg.connect(
            self._conninfo,
            autocommit=True,
            prepare_threshold=None,
            row_factory=cast(Any, dict_row),
            client_encoding=OF_SESSION["client_encoding"],
        )
        register_pinned_loaders(connection.adapters)
        status = {name: connection.info.parameter_status(name) for name in OF_SESSION}
        if wrong := [name for name, value in OF_SESSION.items() if status[name] not in {None, value}]:
            connection.execute("; ".join(f"SET {name} = {OF_SESSION[name]}" for name in wrong).encode())
        return connection

    def _connect_one_ahead(self) -> None:
        try:
            self._give_back(self._connect())
        except psycopg.Error as exc:
            with self._lock:
                self._opened -= 1
                self._failure = exc
        finally:
            with self._lock:
                self._coming -= 1
                self._arrival.notify_all()

    def _give_back(self, connection: psycopg.Connection[Row]) -> None:
        with self._lock:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)
            self._arrival.notify()


def _is_stale(connection: psycopg.Connection[Row]) -> bool:
    """Whether an idle connection has ended: all that the server sends on it unasked is the message that ends it."""
    if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
        connection.close()
        return True
    readable, _, _ = select.select([connection], [], [], 0)
    if readable:
        connection.close()
    return bool(readable)


def _roll_back(connection: psycopg.Connection[Row]) -> None:
    status = connection.info.transaction_status
    if status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        connection.execute("ROLLBACK")
    elif status != TransactionStatus.IDLE:  # interrupted while the server answers; the server rolls back
        connection.close()


@functools.cache
def database(conninfo: str) -> Database:
    """The process's one Database for a conninfo, which all providers of an engine run share."""
    return Database(conninfo)
