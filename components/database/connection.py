"""The way to the database: connections, transactions, and the one gate where the driver's errors become ours.

Everything here works through a transaction pooler: no prepared statements, no session state, no session locks. A read
is one round trip in a READ ONLY transaction; a write is one transaction with its own lock and statement timeouts.
"""

import functools
import select
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeVar, cast

import psycopg
from psycopg import generators, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.rows import dict_row

from components.database.connection_failure import connection_sentence, is_unexplained
from components.database.conninfo import CONNECT_TIMEOUT
from components.database.server_certificate import certificate_fault
from components.database.time_loader import register_pinned_loaders
from components.errors import ConnectionFailed, Error, StatementFailed

LOCK_TIMEOUT = 5
"""Seconds that DDL may wait for a lock before it lets others through and fails."""

STATEMENT_TIMEOUT = 60
"""Seconds that one statement may take."""

CALLERS = 4
"""Threads that ask at once: those of Pulumi's dynamic server (pulumi/dynamic/__main__.py)."""

CONNECTION_CLASSES = ("08", "28", "3D", "53", "57P")
"""SQLSTATE classes of errors that are about the connection, not about a statement."""

IDLE_TIMEOUT = 60
"""Seconds between two statements of a transaction after which the server gives it up."""

_PINNED = {
    "statement_timeout": f"'{STATEMENT_TIMEOUT}s'",
    "lock_timeout": f"'{LOCK_TIMEOUT}s'",
    "idle_in_transaction_session_timeout": f"'{IDLE_TIMEOUT}s'",
    "search_path": "pg_catalog, pg_temp",
    "DateStyle": "ISO",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "quote_all_identifiers": "off",
    "row_security": "on",
    "transform_null_equals": "off",
    "plpgsql.extra_errors": "''",
}
"""What statements and their answers depend on, which a role or a database may have otherwise.

Set in each transaction, so that it holds through a pooler, too, whose sessions are not ours.
"""

_OF_SESSION = {"client_encoding": "UTF8", "standard_conforming_strings": "on"}
"""What must hold before a statement is read; the server tells of it when a connection is made."""

_COUNTS_STATEMENTS = "exec_parse_message"
"""Where PostgreSQL refuses a prepared text of several statements (tcop/postgres.c); its words depend on lc_messages."""

_SETTINGS = "; ".join(f"SET LOCAL {name} = {value}" for name, value in _PINNED.items())
AS_A_JOB = sql.SQL("; ").join(sql.SQL("SET LOCAL {} TO DEFAULT").format(sql.SQL(name)) for name in _PINNED)
"""Statements that give a transaction the settings of a session of pg_cron's: the role's own."""

_BEGIN = f"BEGIN ISOLATION LEVEL READ COMMITTED; {_SETTINGS}"
_BEGIN_READ_ONLY = f"BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; {_SETTINGS}"

T = TypeVar("T")
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
        self._waiting: list[bytes] = [_BEGIN.encode()]
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
        """Send one row, right after what waits."""
        texts = [*self._waiting, given.query.as_bytes(self._connection)]
        self._waiting.clear()
        encoding = self._connection.info.encoding
        _copy_in(self._connection, _script(texts), _binary_copy([text.encode(encoding) for text in given.row]))

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
        return _results(self._connection, texts) if texts else []


def _results(connection: psycopg.Connection[Row], texts: Iterable[bytes]) -> list[list[Row]]:
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


def _copy_in(connection: psycopg.Connection[Row], script: bytes, data: bytes) -> None:
    """Run statements of which the last is a COPY FROM STDIN.

    With the parts of psycopg's Cursor.copy, which itself takes no statement beside it: that would be a trip more.
    """
    connection.pgconn.send_query(script)
    *_, last = connection.wait(generators.execute(connection.pgconn))
    if last.status != ExecStatus.COPY_IN:
        raise error_from_result(last)
    connection.wait(generators.copy_to(connection.pgconn, data))
    connection.wait(generators.copy_end(connection.pgconn, None))


def _binary_copy(values: Sequence[bytes]) -> bytes:
    """One row in the form of COPY … (FORMAT BINARY), see PostgreSQL's documentation of COPY."""
    fields = b"".join(struct.pack("!i", len(value)) + value for value in values)
    return b"PGCOPY\n\xff\r\n\0" + struct.pack("!iih", 0, 0, len(values)) + fields + struct.pack("!h", -1)


def _roll_back(connection: psycopg.Connection[Row]) -> None:
    status = connection.info.transaction_status
    if status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        connection.execute("ROLLBACK")
    elif status != TransactionStatus.IDLE:  # interrupted while the server answers, which then undoes it by itself
        connection.close()


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
            return _results(connection, [_BEGIN_READ_ONLY.encode(), *texts, b"COMMIT"])

    def explain(self, text: str) -> None:
        """Let the server parse a text as a job's session would, and plan it where it is one statement that has a plan.

        Nothing of it is carried out. Raises ConnectionFailed or StatementFailed.
        """
        with self._connection() as connection:
            bounded = f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}s'"
            connection.execute("; ".join([_BEGIN_READ_ONLY, AS_A_JOB.as_string(), bounded]).encode())
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
            client_encoding=_OF_SESSION["client_encoding"],
        )
        register_pinned_loaders(connection.adapters)
        status = {name: connection.info.parameter_status(name) for name in _OF_SESSION}
        if wrong := [name for name, value in _OF_SESSION.items() if status[name] not in {None, value}]:
            connection.execute("; ".join(f"SET {name} = {_OF_SESSION[name]}" for name in wrong).encode())
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


@contextmanager
def driver_errors_are_ours(conninfo: str) -> Iterator[None]:
    """Turn psycopg's errors into ConnectionFailed and StatementFailed, told in one sentence without any value."""
    try:
        yield
    except Error:
        raise
    except psycopg.OperationalError as exc:
        if exc.sqlstate and not exc.sqlstate.startswith(CONNECTION_CLASSES):
            raise StatementFailed(statement_sentence(exc), exc.sqlstate) from exc
        fault = certificate_fault(conninfo_to_dict(conninfo), CONNECT_TIMEOUT) if is_unexplained(exc) else None
        raise ConnectionFailed(connection_sentence(exc, conninfo, fault)) from exc
    except psycopg.Error as exc:
        raise StatementFailed(statement_sentence(exc), exc.sqlstate) from exc


def statement_sentence(exc: psycopg.Error) -> str:
    """The server's own words and its hint; never its detail, which may quote a row with a value in it."""
    text = " ".join((exc.diag.message_primary or str(exc)).split())
    hint = exc.diag.message_hint
    if exc.sqlstate == "55P03":
        text, hint = (
            "another session holds a lock that is needed",
            "look for it in pg_stat_activity and try again",
        )
    return f"{text} ({hint})" if hint else text


@functools.cache
def database(conninfo: str) -> Database:
    """The process's one Database for a conninfo: all providers of an engine run share its connections and snapshots."""
    return Database(conninfo)
