"""Reads which value of a secret was sent with which run, by the value's version: 1 for the first, then 2 and so on.

A job's command records the versions with the request (sql/store/cron_secret_versions.sql). A version is a count and
holds nothing of the value; an undone rotation brings back the previous version. The secrets that an SQL job reads are
not recorded.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from psycopg import sql

from components.database.connection import Database
from components.database.transaction import Row
from components.errors import StatementFailed
from components.objects.table_names import SECRETS
from components.runs.history import Run

UNKNOWN = ("42501", "42703", "42P01", "42883", "3F000")
"""SQLSTATEs of missing rights, and of a missing store or one of an earlier version."""


class SecretUse(NamedTuple):
    """A value, the last run that was sent with it, and the number of such runs that are open (``on_the_way``)."""

    version: int
    is_current: bool
    on_the_way: int
    run: int | None
    job: str | None
    fired_at: datetime | None
    state: str | None


def secret_use(database: Database, schema: str, key: str) -> list[SecretUse]:
    """Return the current value of a key and those that runs of the ledger were sent with, the newest first.

    Without rights or a store the list is empty. Raises ConnectionFailed or StatementFailed.
    """
    query = sql.SQL("SELECT * FROM {}.cron_secret_use({})").format(sql.Identifier(schema), sql.Literal(key))
    return [SecretUse(**row) for row in _rows_if_known(database, query)]


def use_of_earlier(key: str, uses: Iterable[SecretUse]) -> Iterator[str]:
    """Yield sentences on the last run and the open runs with an earlier value, for whoever is about to revoke it."""
    earlier = [use for use in uses if not use.is_current and use.run is not None]
    if not earlier:
        return
    last = max(earlier, key=lambda use: use.run or 0)
    yield _last_run(key, last)
    if waiting := sum(use.on_the_way for use in earlier):
        yield f"on the way with it: {waiting}; revoke it when they have ended (cronctl history --secret {key})"


def current_versions(database: Database, schema: str) -> dict[str, int]:
    """Return the version of each key's current value; an empty dict without rights or a store.

    Raises ConnectionFailed or StatementFailed.
    """
    return {row["key"]: row["version"] for row in _rows_if_known(database, versions_query(schema))}


def versions_query(schema: str) -> sql.Composed:
    """Return the query of current_versions."""
    return sql.SQL("SELECT key, version FROM {}").format(sql.Identifier(schema, SECRETS))


def _rows_if_known(database: Database, query: sql.Composable) -> list[Row]:
    try:
        return database.read(query)
    except StatementFailed as exc:
        if exc.sqlstate in UNKNOWN:
            return []
        raise


def runs_with_earlier(runs: Iterable[Run], current: Mapping[str, int]) -> Iterator[str]:
    """Yield a sentence on each key of which one of these runs, the newest first, was sent with an earlier value."""
    mentioned = set()
    for run in runs:
        for key, version in (run.secrets or {}).items():
            if key not in mentioned and version != current.get(key, version):
                mentioned.add(key)
                yield _last_run(key, run)


def _last_run(key: str, run: Run | SecretUse) -> str:
    fired = f"{run.fired_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if run.fired_at else "at an unknown time"
    return f"last run with the previous value of secret {key!r}: {run.run} of {run.job}, {fired}, {run.state}"
