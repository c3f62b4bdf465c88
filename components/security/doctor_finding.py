"""What a check of the doctor says, and about what: the words that the checks' files share."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from components.database.transaction import Row

Level = Literal["ok", "note", "problem"]

Found = Iterable[tuple[Level, str, str]]
"""What a judgement yields: level, object and sentence, each the part of a Finding that it can know."""

Answers = Mapping[str, Sequence[Row]]
"""The rows of each query that a check needs, by the query's name."""


class Finding(NamedTuple):
    """One thing that a check has to say."""

    check: str
    level: Level
    object: str
    sentence: str


class Subject(NamedTuple):
    """What the checks look at: the database behind a connection, and in it the schema of the store."""

    schema: str
    role: str
    sees_all_jobs: bool
    has_store: bool
    has_cron: bool
    has_net: bool
