"""Connections to the database, shared by all that one engine run asks, and what was read of it once.

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

CALLERS = 4
"""Threads that ask at once: those of Pulumi's dynamic server (pulumi/dynamic/__main__.py)."""

_COUNTS_STATEMENTS = "exec_parse_message"
"""Where PostgreSQL refuses a prepared text of several statements (tcop/postgres.c); its words depend on lc_messages."""

T = TypeVar("T")


class Database:
    """A database as seen by one engine run: connections, and a snapshot of each kind of object read once.

    Connections are made where none is idle, so there are no more than callers: Pulumi's dynamic server has as many
    worker threads as CALLERS. It fails at once, and says why, where the database is out of reach.
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

    def connect(self) -> None:
        """Have a connection ready for who comes next. Raises ConnectionFailed."""
        with self._connection():
            pass

    def connect_ahead(self, callers: int = CALLERS) -> None:
        """Begin to make a connection for each caller, so that none of them waits for its handshakes.

        Where not even one can be made, whoever needs it is told why.
        """
        with self._lock:
            missing = 0 if self._unreachable() else max(callers - self._opened, 0)
            self._opened += missing
            self._coming += missing
        for _ in range(missing):
            threading.Thread(target=self._connect_one_ahead, daemon=True).start()

    def close(self) -> None:
        """Close all connections, those in use when they are given back."""
        with self._lock:
            self._closed = True
            for connection in self._idle:
                connection.close()
            self._idle.clear()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One transaction with short lock and statement timeouts, and a search_path of PostgreSQL's own names alone.

        Raises ConnectionFailed or StatementFailed; whatever is raised, everything is rolled back.
        """
        with self._connection() as connection:
            transaction = Transaction(connection)
            yield transaction
            transaction.commit()

    def read(self, query: sql.Composable) -> list[Row]:
        """Run one query in a READ ONLY transaction, in a single round trip; values must be part of the query."""
        (rows,) = self.read_together([query])
        return rows

    def read_together(self, queries: Sequence[sql.Composable]) -> list[list[Row]]:
        """The rows of several queries that see the same moment, in a single round trip."""
        with self._connection() as connection:
            texts = (query.as_bytes(connection) for query in queries)
            return results(connection, [BEGIN_READ_ONLY.encode(), *texts, b"COMMIT"])

    def explain(self, text: str) -> None:
        """Let the server parse a text as a job's session would, and plan it where it is one statement that has a plan.

        Nothing of it is carried out. Raises ConnectionFailed or StatementFailed.
        """
        with self._connection() as connection:
            bounded = f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}s'"
            connection.execute("; ".join([BEGIN_READ_ONLY, AS_A_JOB.as_string(), bounded]).encode())
            connection.pgconn.send_prepare(b"", text.encode())
            *_, parsed = connection.wait(generators.execute(connection.pgconn))
            if parsed.status != ExecStatus.COMMAND_OK:
                refused = error_from_result(parsed)
                # Several statements are no fault: each was read before the server counted them.
                if refused.diag.source_function != _COUNTS_STATEMENTS:
                    raise refused
            else:
                with suppress(psycopg.errors.SyntaxError):  # a statement without a plan, such as CALL or VACUUM
                    connection.execute(b"EXPLAIN (COSTS OFF) " + text.encode())
            connection.execute("ROLLBACK")

    def snapshot(self, reader: Callable[["Database"], T]) -> T:
        """What ``reader`` finds, read once in the life of this object, which is one phase of one engine run.

        :meth:`forget` ends that life early.
        """
        with self._lock:
            lock = self._locks.setdefault(reader, threading.Lock())
        with lock:
            snapshots = self._snapshots  # another one after forget(), which what is read here may be older than
            if reader not in snapshots:
                snapshots[reader] = reader(self)
            return snapshots[reader]  # type: ignore[return-value]

    def forget(self) -> None:
        """Let everything be read anew, after a change that other objects' snapshots may tell of."""
        self._snapshots = {}

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Row]]:
        """A connection for this block alone, behind the gate: nothing of psycopg passes it outwards.

        Whatever is raised, what the block has begun is rolled back.
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
        """Why a connection could not be made ahead, as long as none could be made at all: nobody tries it again."""
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
    """Whether an idle connection ended meanwhile: what is there to read on it can only be the server's farewell."""
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
    elif status != TransactionStatus.IDLE:  # interrupted while the server answers, which then undoes it by itself
        connection.close()


@functools.cache
def database(conninfo: str) -> Database:
    """The process's one Database for a conninfo: all providers of an engine run share its connections and snapshots."""
    return Database(conninfo)
