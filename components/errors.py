"""One hierarchy for everything that can go wrong, so that a reader sees all failures in one place.

Texts follow psycopg's form: lower case, no full stop, one sentence that names the object, what was found and what to
do. No text ever holds a secret's value.
"""

from collections.abc import Iterable


class Error(Exception):
    """Root of this project's errors; ``str(error)`` is the sentence for the user."""


class InvalidConfiguration(Error):
    """The catalogue or the stack's configuration has mistakes; ``problems`` lists each as one sentence."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("\n".join(self.problems))


class ConnectionFailed(Error):
    """The database cannot be reached, refuses us, or does not offer the demanded security."""


class PreflightFailed(Error):
    """The server lacks something an object needs; found before anything is touched."""


class UnknownName(Error):
    """A name was given that nothing has, most likely by a slip of the keys."""


class Conflict(Error):
    """An object of that name exists and belongs to someone else."""


class UnreadableState(Error):
    """The state of a resource lacks inputs that this version of the project knows."""

    def __init__(self) -> None:
        super().__init__("its state was written by another version of this project; pulumi up renews it")


class ProbeRefused(Error):
    """A new value of a secret did not pass its probe; the current one stays."""


class StatementFailed(Error):
    """The server refused a statement, whose transaction is rolled back; ``sqlstate`` is its code."""

    def __init__(self, sentence: str, sqlstate: str | None = None) -> None:
        self.sqlstate = sqlstate
        super().__init__(sentence)
