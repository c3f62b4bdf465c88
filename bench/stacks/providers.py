"""What this project is held against: a provider that does nothing, and one that makes a query for each operation."""

import os
import threading
from typing import Any

from pulumi.dynamic import CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

_own = threading.local()


class Floor(ResourceProvider):
    """Does nothing: what remains is what the engine costs."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """As if it were made."""
        return CreateResult(props["name"], props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """As if it were still so."""
        return ReadResult(id_, props)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """By the inputs alone."""
        return DiffResult(changes=any(_olds.get(key) != value for key, value in _news.items()))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """As if it were changed."""
        return UpdateResult(_news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """As if it were gone."""


class Naive(Floor):
    """Straightforward: one query for each create, read, update and delete, on a connection a thread."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """SELECT cron.schedule."""
        if "command" in props:
            _ask("SELECT cron.schedule(%s, %s, %s)", props["name"], props["schedule"], props["command"])
        else:
            _ask("SELECT 1")
        return CreateResult(props["name"], props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """SELECT FROM cron.job."""
        found = _ask("SELECT schedule, command FROM cron.job WHERE jobname = %s", id_)
        if "command" in props and found:
            props = {**props, "schedule": found[0], "command": found[1]}
        return ReadResult(id_, props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """SELECT cron.schedule, which changes a job of that name."""
        self.create(_news)
        return UpdateResult(_news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """SELECT cron.unschedule."""
        if "command" in _props:
            _ask("SELECT cron.unschedule(%s)", _id)
        else:
            _ask("SELECT 1")


def _ask(query: str, *values: str) -> tuple[Any, ...] | None:
    import psycopg  # noqa: PLC0415 - the floor does without

    connection = getattr(_own, "connection", None)
    if connection is None:
        url = os.environ["SUPABASE_CRON_DATABASE_URL"]
        connection = _own.connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)
    return connection.execute(query, values).fetchone()
