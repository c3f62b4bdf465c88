"""The mark by which an object in the database is known as ours: who declared it, in one short line.

Jobs carry it in the first comment line of their command, tables and functions in their COMMENT.
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
ALERT = "cron-alert-"
OWN_JOBS = (RUNS_SWEEP, SECRETS_SWEEP, ALERT)
"""How the names of the jobs begin that the project runs for itself, or ran in earlier versions (SECRETS_SWEEP)."""

OWN_JOBS_PATTERN = f"^({'|'.join(OWN_JOBS)})"
"""The same as a regular expression of PostgreSQL's."""


def is_own_job(name: str) -> bool:
    """Whether a job is the project's own and none of the catalogue's."""
    return name.startswith(OWN_JOBS)


def mark(stack: str, name: str | None = None) -> str:
    """The mark's text: ``supabase-cron: project/stack`` and, for a named object, ``/name``."""
    return f"{PROJECT}: {stack}" if name is None else f"{PROJECT}: {stack}/{name}"


def marked_line(stack: str | None = None) -> str:
    """How the command of a stack's job begins, and without ``stack`` that of any stack's."""
    return f"-- {mark('')}" if stack is None else f"-- {mark(stack)}/"


def stack_of(text: str | None, name: str | None = None) -> str | None:
    """Read the stack (``project/stack``) back from a text that starts with a mark, or None where there is none.

    For a named object the mark must end in that name: a command that was copied to another job is not ours.
    """
    found = _MARK.match((text or "").removeprefix("-- "))
    if found is None:
        return None
    stack = found["stack"]
    if name is None:
        return stack
    return stack.removesuffix(f"/{name}") if stack.endswith(f"/{name}") else None


class Claim(NamedTuple):
    """What decides whether an object may be changed: whose it is, and who asks.

    ``stacks`` are those that may: the one that declares it now, and the one that the state says did before;
    ``known`` says that the state has the object, so that a lost mark is drift and no stranger's work.
    """

    stacks: frozenset[str]
    known: bool
    adopt: bool

    @classmethod
    def of(cls, stack: str, previous_stack: str | None, *, adopt: bool) -> "Claim":
        """The claim of a stack; ``previous_stack`` is the state's, None where it has none."""
        return cls(frozenset({stack, previous_stack or stack}), previous_stack is not None, adopt)

    def refuse_strangers(self, name: str, *, mine: bool, role: str, stack: str | None, taken: str) -> None:
        """Raise Conflict for an object of another role or stack, or one that is there and asks for adopt.

        ``taken`` says what adopting does, after "to ": "replace it".
        """
        if not mine:
            raise Conflict(f"{name} belongs to the role {role!r}; connect as it, or set another schema")
        if stack is not None and stack not in self.stacks:
            raise Conflict(f"{name} belongs to the stack {stack}; set another schema, or remove it there first")
        if stack is None and not self.known and not self.adopt:
            raise Conflict(
                f"{name} exists already and no stack manages it; to {taken}, run: pulumi config set adopt true"
            )
