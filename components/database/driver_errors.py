"""The one place where psycopg's errors become ours, each with one sentence that holds no value."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict

from components.database.connection_failure import connection_sentence, is_unexplained
from components.database.conninfo import CONNECT_TIMEOUT
from components.database.server_certificate import certificate_fault
from components.errors import ConnectionFailed, Error, StatementFailed

CONNECTION_CLASSES = ("08", "28", "3D", "53", "57P")
"""SQLSTATE classes of errors that are about the connection, not about a statement."""


@contextmanager
def driver_errors_are_ours(conninfo: str) -> Iterator[None]:
    """Raise ConnectionFailed and StatementFailed in place of psycopg's errors in this block."""
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
    """The message and the hint of the server, without its detail, which may quote a row with a value in it."""
    text = " ".join((exc.diag.message_primary or str(exc)).split())
    hint = exc.diag.message_hint
    if exc.sqlstate == "55P03":
        text, hint = (
            "another session holds a lock that is needed",
            "look for it in pg_stat_activity and try again",
        )
    return f"{text} ({hint})" if hint else text
