"""A statement as the server would understand it in a job's session: parsed and planned, and nothing of it executed."""

from contextlib import suppress

import psycopg
from psycopg import generators
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from components.database.pool import Connection
from components.database.session_settings import PINNED, READ_ONLY, STATEMENT_TIMEOUT, to_default

_COUNTS_STATEMENTS = "exec_parse_message"
"""The C function that refuses a prepared text of several statements; the error's text depends on lc_messages."""

_BEGIN = (READ_ONLY, *map(to_default, PINNED), f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}s'")


def explain(connection: Connection, text: str) -> None:
    """Let the server parse a text, and plan it where it is one statement that has a plan, in one round trip.

    Raises psycopg.Error within the transaction that is left to be rolled back.
    """
    parsed, planned = _parse_and_plan(connection, text.encode())
    if parsed.status != ExecStatus.COMMAND_OK:
        refused = error_from_result(parsed)
        # Several statements are no fault: the server has parsed each of them before it counts them.
        if refused.diag.source_function != _COUNTS_STATEMENTS:
            raise refused
        connection.execute("ROLLBACK")
    elif planned.status != ExecStatus.TUPLES_OK:
        connection.execute("ROLLBACK")
        _plan_alone(connection, text.encode())


def _parse_and_plan(connection: Connection, text: bytes) -> tuple[PGresult, PGresult]:
    """The answers to both; the transaction has ended where none of them is an error."""
    pgconn = connection.pgconn
    pgconn.enter_pipeline_mode()
    for setting in _BEGIN:
        pgconn.send_query_params(setting.encode(), None)
    pgconn.send_prepare(b"", text)
    pgconn.send_query_params(_explain(text), None)
    pgconn.send_query_params(b"ROLLBACK", None)
    pgconn.pipeline_sync()
    connection.wait(generators.send(pgconn))
    *begun, parsed, planned, _ended, _synced = (
        connection.wait(generators.fetch_many(pgconn))[-1] for _ in (*_BEGIN, "parse", "plan", "end", "sync")
    )
    pgconn.exit_pipeline_mode()
    for answer in begun:
        if answer.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(answer)
    return parsed, planned


def _plan_alone(connection: Connection, text: bytes) -> None:
    """Plan a statement as a session does, for the error that one would see: a pipeline has errors of its own."""
    connection.execute("; ".join(_BEGIN).encode())
    with suppress(psycopg.errors.SyntaxError):  # a statement without a plan, such as CALL or VACUUM
        connection.execute(_explain(text))
    connection.execute("ROLLBACK")


def _explain(text: bytes) -> bytes:
    return b"EXPLAIN (COSTS OFF) " + text
