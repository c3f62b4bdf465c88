"""The mark that names the stack of an object in the database.

A job has it in the first line of its command, which is a comment; a table, view or function in its COMMENT.
"""

import re
from typing import NamedTuple

from components.errors import Conflict

PROJECT = "supabase-cron"
_MARK = re.compile(rf"{PROJECT}: (?P<stack>[^\n]+)")


class StackName(NamedTuple):
    """The stack that declares an object: ``project/name``."""

    project: str
    name: str

    def __str__(self) -> str:
        return f"{self.project}/{self.name}"


RUNS_SWEEP = "cron-runs-sweep-"
SECRETS_SWEEP = "cron-secrets-sweep-"
CATCH_UP = "cron-catch-up-"
ALERT = "cron-alert-"
OWN_JOBS = (RUNS_SWEEP, SECRETS_SWEEP, CATCH_UP, ALERT)
"""The prefixes of the names of the project's own jobs, which end in the name of the schema.

A job with SECRETS_SWEEP is of an earlier version: the sweep of runs does its work.
"""

OWN_JOBS_PATTERN = f"^({'|'.join(OWN_JOBS)})"
"""OWN_JOBS as a regular expression of PostgreSQL's."""


def is_own_job(name: str) -> bool:
    """Whether a job is the project's own, by its name, and not one of the catalogue."""
    return name.startswith(OWN_JOBS)


def mark(stack: str, name: str | None = None) -> str:
    """The mark's text: ``supabase-cron: project/stack`` and, for a named object, ``/name``."""
    return f"{PROJECT}: {stack}" if name is None else f"{PROJECT}: {stack}/{name}"


def marked_line(stack: str | None = None) -> str:
    """The text that the command of a stack's job starts with; without ``stack``, that of a job of any stack."""
    return f"-- {mark('')}" if stack is None else f"-- {mark(stack)}/"


def stack_of(text: str | None, name: str | None = None) -> str | None:
    """The stack (``project/stack``) of a text that starts with a mark, or None for any other text.

    With ``name`` the mark must end in that name, so that a command that was copied to another job has no mark.
    """
    marked = _MARK.match((text or "").removeprefix("-- "))
    if marked is None:
        return None
    stack = marked["stack"]
    if name is None:
        return stack
    return stack.removesuffix(f"/{name}") if stack.endswith(f"/{name}") else None


class Claim(NamedTuple):
    """A stack's claim to change an object.

    ``stacks`` are the stack that declares the object now and the one that the state has for it. ``known`` is true
    where the state has the object, so that an object without a mark has lost it and is not somebody else's.
    """

    stacks: frozenset[str]
    known: bool
    adopt: bool

    @classmethod
    def of(cls, stack: str, previous_stack: str | None, *, adopt: bool) -> "Claim":
        """The claim of a stack; ``previous_stack`` is the state's, or None where the state lacks the object."""
        return cls(frozenset({stack, previous_stack or stack}), previous_stack is not None, adopt)

    def refuse_strangers(self, name: str, *, mine: bool, role: str, stack: str | None, taken: str) -> None:
        """Raise Conflict for an object of another role or stack, or one without a mark that needs ``adopt``.

        ``stack`` is that of the object's mark; ``taken`` is what ``adopt`` would do, such as "replace it".
        """
        if not mine:
            raise Conflict(f"{name} belongs to the role {role!r}; connect as it, or set another schema")
        if stack is not None and stack not in self.stacks:
            raise Conflict(f"{name} belongs to the stack {stack}; set another schema, or remove it there first")
        if stack is None and not self.known and not self.adopt:
            raise Conflict(
                f"{name} exists already and no stack manages it; to {taken}, run: pulumi config set adopt true"
            )
