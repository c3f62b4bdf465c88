"""The connections to a database that the threads of a process share."""

import select
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from components.database.session_settings import OF_SESSION
from components.database.time_loader import register_pinned_loaders
from components.database.transaction import Row

CONNECTIONS = 8
"""The most connections of a process; as many as pulumi's engine works on objects at once on two cores."""

TRIPS = 4
"""Round trips that a connection takes to be made, and so callers that have waited before one more is worth it."""

PATIENCE = 0.5
"""Seconds after which one more is made for a caller, since those at work may be so for long."""

Connection = psycopg.Connection[Row]


class Pool:
    """At most CONNECTIONS connections; one is made for the first caller, and others while callers have to wait.

    ``conninfo`` is as :func:`resolve_conninfo` returns it. No caller takes a second connection before it has given the
    first one back.
    """

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._lock = threading.Lock()
        self._arrival = threading.Condition(self._lock)
        self._idle: list[Connection] = []
        self._opened = 0  # those that are idle, at work, or being made
        self._limit = CONNECTIONS
        self._waits = 0
        self._failures = 0
        self._failure: psycopg.Error | None = None
        self._unreachable = False
        self._connected = False
        self._closed = False

    def connect_ahead(self, connections: int) -> None:
        """Begin to make connections in the background, until there are as many; return at once.

        Where none can be made, :meth:`take` raises the reason.
        """
        with self._lock:
            self._begin(0 if self._unreachable else min(connections, self._limit) - self._opened)

    def take(self) -> Connection:
        """A connection for the caller alone. Raises psycopg.Error where there is none and none can be made."""
        connection = self.take_unless(lambda: False)
        if connection is None:
            raise AssertionError
        return connection

    def take_unless(self, condition: Callable[[], bool]) -> Connection | None:
        """As :meth:`take`, but None where the condition holds, now or when a connection is given back."""
        with self._lock:
            failures, is_counted = self._failures, False
            while True:
                if condition():
                    return None
                if (connection := self._living()) is not None:
                    return connection
                if not self._opened:
                    self._raise_known(failures)
                    self._opened = 1
                    break
                if not is_counted:
                    is_counted = True
                    self._count_wait()
                if not self._arrival.wait(PATIENCE):
                    self._begin_one_more()
        return self._connect()

    def give_back(self, connection: Connection) -> None:
        """Let others have a connection, which may have ended."""
        with self._lock:
            if self._closed:
                connection.close()
            self._idle.append(connection)
            self._arrival.notify_all()

    def close(self) -> None:
        """Close all idle connections now, and each of the others at the end of its use."""
        with self._lock:
            self._closed = True
            for connection in self._idle:
                connection.close()

    def _living(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not _has_ended(connection):
                return connection
            self._opened -= 1
        return None

    def _raise_known(self, failures: int) -> None:
        """Raise the failure of an attempt that the caller has waited for: a server may be silent for long."""
        if self._failure is not None and (self._unreachable or self._failures > failures):
            raise self._failure

    def _count_wait(self) -> None:
        self._waits += 1
        if self._waits % TRIPS == 0:
            self._begin_one_more()

    def _begin_one_more(self) -> None:
        if self._connected:  # who waits for the first connection needs no second one
            self._begin(min(1, self._limit - self._opened))

    def _begin(self, number: int) -> None:
        for _ in range(number):
            self._opened += 1
            threading.Thread(target=self._connect_ahead, daemon=True).start()

    def _connect_ahead(self) -> None:
        with suppress(psycopg.Error):  # who needs the connection is told
            self.give_back(self._connect(ahead=True))

    def _connect(self, *, ahead: bool = False) -> Connection:
        try:
            connection = connect(self._conninfo)
        except BaseException as exc:
            with self._lock:
                self._opened -= 1
                if isinstance(exc, psycopg.Error):
                    self._remember(exc, ahead=ahead)
                self._arrival.notify_all()
            raise
        with self._lock:
            self._connected = True
        return connection

    def _remember(self, exc: psycopg.Error, *, ahead: bool) -> None:
        if self._opened:
            self._limit = self._opened  # the server, or a pooler, lets no more in
        else:
            self._failure = exc
            self._failures += 1
            self._unreachable = ahead and not self._connected


def connect(conninfo: str) -> Connection:
    """A connection whose settings of the session are ours. Raises psycopg.Error."""
    connection = psycopg.connect(
        conninfo,
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


def _has_ended(connection: Connection) -> bool:
    """Whether an idle connection has ended: all that the server sends on it unasked is the message that ends it."""
    if connection.closed or connection.info.transaction_status != TransactionStatus.IDLE:
        connection.close()
        return True
    readable, _, _ = select.select([connection], [], [], 0)
    if readable:
        connection.close()
    return bool(readable)


def roll_back(connection: Connection) -> None:
    """End the transaction of a connection, or the connection where the server is still at work."""
    status = connection.info.transaction_status
    if status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        connection.execute("ROLLBACK")
    elif status != TransactionStatus.IDLE:  # interrupted while the server answers; the server rolls back
        connection.close()
