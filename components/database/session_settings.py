"""The settings that our transactions depend on, which override those of the role and the database."""

from psycopg import sql

LOCK_TIMEOUT = 5
"""Seconds that a statement may wait for a lock before it fails and lets others through."""

STATEMENT_TIMEOUT = 60
"""Seconds that one statement may take."""

IDLE_TIMEOUT = 60
"""Seconds between two statements of a transaction after which the server ends it."""

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
"""Settings by name that statements and their results depend on.

Each transaction sets them, so that they hold through a pooler, too, whose sessions are not ours.
"""

OF_SESSION = {"client_encoding": "UTF8", "standard_conforming_strings": "on"}
"""Settings by name that decide how the server reads a statement; it reports them when a connection is made."""

READ_ONLY = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


def to_default(name: str) -> str:
    """The statement that gives a transaction a setting as a job of pg_cron has it: that of its role."""
    return f"SET LOCAL {name} TO DEFAULT"


_PINNING = "; ".join(f"SET LOCAL {name} = {value}" for name, value in PINNED.items())
AS_A_JOB = sql.SQL("; ").join(sql.SQL(to_default(name)) for name in PINNED)
"""Statements that give a transaction all of these settings as a job has them."""

BEGIN = f"BEGIN ISOLATION LEVEL READ COMMITTED; {_PINNING}"
BEGIN_READ_ONLY = f"{READ_ONLY}; {_PINNING}"
