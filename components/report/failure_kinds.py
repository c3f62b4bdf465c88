"""Groups failed runs by kind, without any text that may quote a secret. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from components.database.transaction import Row
from components.leaks.exposed_key import planted_keys
from components.runs.cause_rule import Explanation
from components.runs.explanation import explain

MOST_KINDS = 40
"""The most kinds of failures in a report; the newest are kept."""


class Failure(NamedTuple):
    """A kind of failure: how many runs it has, and ``run``, ``detail`` and ``explanation`` of the newest."""

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
    """The numbers of all failed ``runs`` and of their ``kinds``, and the newest kinds (``shown``)."""

    runs: int
    kinds: int
    shown: tuple[Failure, ...]


def failures(rows: Sequence[Row]) -> Failures:
    """Return the kinds in rows of sql/report/report_failures.sql with their causes, without the endpoint's answers."""
    if not rows:
        return Failures(0, 0, ())
    return Failures(rows[0]["all_runs"], rows[0]["kinds"], tuple(_failure(row) for row in rows))


def _failure(row: Row) -> Failure:
    explanation = explain(row["state"], row["status_code"], row["detail"], row["response"])
    shared = {name: row[name] for name in Failure._fields if name in row}
    return Failure(**{**shared, "detail": publishable_detail(row["detail"])}, explanation=explanation)


def publishable_detail(detail: str | None) -> str:
    """Return the first line of a message, or a sentence in its place where something in it looks like a key."""
    line = (detail or "").partition("\n")[0]
    kinds = planted_keys(line)
    return f"not shown, as it holds {' and '.join(kinds)}" if kinds else line
