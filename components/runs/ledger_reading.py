"""Reading the run ledger: what has to be there and to be seen, so that nothing hidden passes for nothing bad."""

from collections.abc import Sequence

from psycopg import sql

from components.database.connection import Database
from components.database.transaction import Row
from components.errors import Error, StatementFailed
from components.objects.table_names import RUNS
from components.sql import load_sql

UNDEFINED = ("42P01", "3F000")
"""SQLSTATEs of a table or a schema that is not there."""


class NoLedger(Error):
    """There is no run ledger where one was looked for."""


class RowsHidden(Error):
    """The ledger or its jobs are there, and this login is shown none of their rows."""


def read_ledger(database: Database, schema: str, query: sql.Composable) -> Sequence[Row]:
    """The rows of a query on the ledger, in one round trip.

    Raises NoLedger where there is none, RowsHidden where row security hides it from who asks, or another Error.
    """
    (rows,) = read_ledger_together(database, schema, [query])
    return rows


def read_ledger_together(database: Database, schema: str, queries: Sequence[sql.Composable]) -> list[list[Row]]:
    """The rows of several queries on the ledger that see the same moment, in one round trip. Raises the same."""
    runs = sql.Identifier(schema, RUNS).as_string()
    try:
        (reader,), *answers = database.read_together(
            [load_sql("ledger_reader").format(runs=sql.Literal(runs)), *queries]
        )
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
