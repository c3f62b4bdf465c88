"""The settings that our transactions depend on, whatever the role or the database has."""

from psycopg import sql

LOCK_TIMEOUT = 5
"""Seconds that DDL may wait for a lock before it lets others through and fails."""

STATEMENT_TIMEOUT = 60
"""Seconds that one statement may take."""

IDLE_TIMEOUT = 60
"""Seconds between two statements of a transaction after which the server gives it up."""

PINNED = {
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

OF_SESSION = {"client_encoding": "UTF8", "standard_conforming_strings": "on"}
"""What must hold before a statement is read; the server tells of it when a connection is made."""

_PINNING = "; ".join(f"SET LOCAL {name} = {value}" for name, value in PINNED.items())
AS_A_JOB = sql.SQL("; ").join(sql.SQL("SET LOCAL {} TO DEFAULT").format(sql.SQL(name)) for name in PINNED)
"""Statements that give a transaction the settings of a session of pg_cron's: the role's own."""

BEGIN = f"BEGIN ISOLATION LEVEL READ COMMITTED; {_PINNING}"
BEGIN_READ_ONLY = f"BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; {_PINNING}"
