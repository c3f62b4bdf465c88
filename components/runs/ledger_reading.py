"""Reads the run ledger. A missing ledger and hidden rows are errors, since neither may look like no failures."""

from collections.abc import Iterable, Sequence

from psycopg import sql

from components.database.connection import Database
from components.database.transaction import Row
from components.errors import Error, StatementFailed
from components.objects.table_names import RUNS
from components.sql import load_sql

UNDEFINED = ("42P01", "3F000")
"""SQLSTATEs of a missing table and of a missing schema."""


class NoLedger(Error):
    """The schema has no run ledger."""


class RowsHidden(Error):
    """Row security hides the rows of the ledger or of cron.job from this login."""


def read_ledger(database: Database, schema: str, query: sql.Composable) -> Sequence[Row]:
    """Return the rows of a query on the ledger in ``schema``, in one round trip.

    Raises NoLedger where a table is missing, RowsHidden where row security hides rows, or another Error.
    """
    (rows,) = read_ledger_together(database, schema, [query])
    return rows


def read_ledger_together(database: Database, schema: str, queries: Sequence[sql.Composable]) -> Sequence[Sequence[Row]]:
    """Return the rows of each query, all of the same moment, in one round trip.

    Raises the errors of read_ledger. One refused query fails all of them.
    """
    try:
        (reader,), *answers = database.read_together(ledger_script(schema, queries))
    except StatementFailed as exc:
        if exc.sqlstate in UNDEFINED:
            raise NoLedger(
                f"schema {schema!r} has no run ledger; run pulumi up, or name the schema that has it with --schema"
            ) from exc
        raise
    if reader["hides_runs"] or reader["hides_jobs"]:
        hidden = "the ledger" if reader["hides_runs"] else "cron.job"
        raise RowsHidden(
            f"row security hides {hidden} from {reader['reader']!r}, so nothing can be told; connect as "
            f"{reader['owner']!r}, or as a login with BYPASSRLS"
        )
    return answers


def ledger_script(schema: str, queries: Iterable[sql.Composable]) -> list[sql.Composable]:
    """Return what read_ledger_together sends."""
    runs = sql.Identifier(schema, RUNS).as_string()
    return [load_sql("ledger_reader").format(runs=sql.Literal(runs)), *queries]
