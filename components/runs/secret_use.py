"""Which value of a secret runs were sent with, by its version: 1 for the first, one more with each value after it.

A job's command writes the versions down with the request (sql/store/cron_secret_versions.sql). They are counted, and
nothing in them comes from a value; one that is undone brings back the version of the value before. What an SQL job
reads is not written down.
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
"""SQLSTATEs of what this login may not see, and of a store of an earlier version."""


class SecretUse(NamedTuple):
    """A value that is current or that runs of the ledger were sent with: the last of them, and how many are open."""

    version: int
    is_current: bool
    on_the_way: int
    run: int | None
    job: str | None
    fired_at: datetime | None
    state: str | None


def secret_use(database: Database, schema: str, key: str) -> list[SecretUse]:
    """The values of a key, newest first; none where this login may not ask. Raises ConnectionFailed."""
    query = sql.SQL("SELECT * FROM {}.cron_secret_use({})").format(sql.Identifier(schema), sql.Literal(key))
    return [SecretUse(**row) for row in _rows_if_known(database, query)]


def use_of_earlier(key: str, uses: Iterable[SecretUse]) -> Iterator[str]:
    """Sentences on the last run with a value that is current no more, for whoever is about to revoke it."""
    before = [use for use in uses if not use.is_current and use.run is not None]
    if not before:
        return
    last = max(before, key=lambda use: use.run or 0)
    yield _last_run(key, last)
    if waiting := sum(use.on_the_way for use in before):
        yield f"on the way with it: {waiting}; revoke it when they have ended (cronctl history --secret {key})"


def current_versions(database: Database, schema: str) -> dict[str, int]:
    """The version of each key's current value; none where this login may not see them. Raises ConnectionFailed."""
    query = sql.SQL("SELECT key, version FROM {}").format(sql.Identifier(schema, SECRETS))
    return {row["key"]: row["version"] for row in _rows_if_known(database, query)}


def _rows_if_known(database: Database, query: sql.Composable) -> list[Row]:
    try:
        return database.read(query)
    except StatementFailed as exc:
        if exc.sqlstate in UNKNOWN:
            return []
        raise


def runs_with_earlier(runs: Iterable[Run], current: Mapping[str, int]) -> Iterator[str]:
    """A sentence on each key of which one of these runs, newest first, was sent with an earlier value."""
    told = set()
    for run in runs:
        for key, version in (run.secrets or {}).items():
            if key not in told and version != current.get(key, version):
                told.add(key)
                yield _last_run(key, run)


def _last_run(key: str, run: Run | SecretUse) -> str:
    fired = f"{run.fired_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if run.fired_at else "at an unknown time"
    return f"last run with the previous value of secret {key!r}: {run.run} of {run.job}, {fired}, {run.state}"
