"""The types that the doctor and its judges share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from components.database.transaction import Row

Level = Literal["ok", "note", "problem"]

Judgement = Iterable[tuple[Level, str, str]]
"""The level, object and sentence of each finding of one check."""

RowsByQuery = Mapping[str, Sequence[Row]]
"""The rows of each query of a check, by the query's name."""


class Finding(NamedTuple):
    """A result of a check on an object; ``object`` is empty where the finding is about the whole database."""

    check: str
    level: Level
    object: str
    sentence: str


class Subject(NamedTuple):
    """The subject of all checks: the login, the schema of the store, and the parts that exist in the database."""

    schema: str
    role: str
    sees_all_jobs: bool
    has_store: bool
    has_cron: bool
    has_net: bool
