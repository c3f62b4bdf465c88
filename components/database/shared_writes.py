"""Writes of several callers that share a round trip and a transaction, while each has an outcome of its own."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from psycopg import sql

from components.database.pool import Connection, roll_back
from components.database.transaction import Row, Transaction


@dataclass(eq=False)
class Write:
    """The ``statements`` of one caller, without parameters, and the ``query`` whose rows it wants after them.

    ``rows`` are those rows once a shared transaction has been committed with this write.
    """

    statements: Sequence[sql.Composable]
    query: sql.Composable
    rows: list[Row] | None = None
    taken: bool = False
    ended: threading.Event = field(default_factory=threading.Event)


class SharedWrites:
    """The writes that wait for a connection; whoever gets one carries out all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Write] = []

    def add(self, write: Write) -> None:
        """Let a write wait."""
        with self._lock:
            self._waiting.append(write)

    def withdraw(self, write: Write) -> bool:
        """Let a write wait no longer; False where it does not, since somebody has taken it."""
        with self._lock:
            if waits := write in self._waiting:
                self._waiting.remove(write)
            return waits

    def take(self) -> list[Write]:
        """The writes that wait, which the caller must carry out."""
        with self._lock:
            taken, self._waiting = self._waiting, []
            for write in taken:
                write.taken = True
            return taken

    def share(self, connection: Connection, writes: Sequence[Write]) -> None:
        """Carry out writes in one transaction; where it fails, none of them is done.

        The error is not told, since each caller learns its own when it carries out its write alone.
        """
        try:
            answers = carry_out(connection, writes)
            for write, rows in zip(writes, answers, strict=True):
                write.rows = rows
        except Exception:  # a text that cannot be sent, too, which is one caller's and not the others'
            roll_back(connection)
        finally:
            for write in writes:
                write.ended.set()


def carry_out(connection: Connection, writes: Sequence[Write]) -> list[list[Row]]:
    """Carry out writes in one transaction and one round trip, and return the rows of each. Raises psycopg.Error."""
    transaction = Transaction(connection)
    for write in writes:
        for statement in write.statements:
            transaction.execute(statement)
    return transaction.commit(*(write.query for write in writes))
