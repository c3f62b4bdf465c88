"""The runs that came to nothing, those of a kind together, told without anything that may quote a secret. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from components.database.transaction import Row
from components.leaks.exposed_key import planted_keys
from components.runs.cause_rule import Explanation
from components.runs.explanation import explain

MOST_KINDS = 40
"""How many kinds of failures are told at most, the newest."""


class Failure(NamedTuple):
    """Runs that came to nothing in the same way; ``run``, ``detail`` and ``explanation`` are the newest one's."""

    job: str
    state: str
    status_code: int | None
    runs: int
    first: datetime
    last: datetime
    run: int | None
    detail: str
    explanation: Explanation | None


class Failures(NamedTuple):
    """The newest ``shown`` of so many ``kinds``, and how many ``runs`` all of them are."""

    runs: int
    kinds: int
    shown: tuple[Failure, ...]


def failures(rows: Sequence[Row]) -> Failures:
    """Rows of sql/report/report_failures.sql with their causes, and without what they were found by."""
    if not rows:
        return Failures(0, 0, ())
    return Failures(rows[0]["all_runs"], rows[0]["kinds"], tuple(_failure(row) for row in rows))


def _failure(row: Row) -> Failure:
    cause = explain(row["state"], row["status_code"], row["detail"], row["response"])
    shared = {name: row[name] for name in Failure._fields if name in row}
    return Failure(**{**shared, "detail": publishable_detail(row["detail"])}, explanation=cause)


def publishable_detail(detail: str | None) -> str:
    """What of a message may be shown: its first line, unless something in it looks like a key."""
    line = (detail or "").partition("\n")[0]
    kinds = planted_keys(line)
    return f"not shown, as it holds {' and '.join(kinds)}" if kinds else line
