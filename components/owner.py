"""The mark by which an object in the database is known as ours: who declared it, in one short line.

Jobs carry it in the first comment line of their command, tables and functions in their COMMENT.
"""

import re
from typing import NamedTuple

PROJECT = "supabase-cron"
_MARK = re.compile(rf"{PROJECT}: (?P<owner>[^\n]+)")


class Owner(NamedTuple):
    """The stack that declares an object."""

    project: str
    stack: str

    def __str__(self) -> str:
        return f"{self.project}/{self.stack}"


def mark(owner: str, name: str | None = None) -> str:
    """The mark's text: ``supabase-cron: project/stack`` and, for a named object, ``/name``."""
    return f"{PROJECT}: {owner}" if name is None else f"{PROJECT}: {owner}/{name}"


def owner_of(text: str | None, name: str | None = None) -> str | None:
    """Read the owner (``project/stack``) back from a text that starts with a mark, or None where there is none.

    For a named object the mark must end in that name: a command that was copied to another job is not ours.
    """
    found = _MARK.match((text or "").removeprefix("-- "))
    if found is None:
        return None
    owner = found["owner"]
    if name is None:
        return owner
    return owner.removesuffix(f"/{name}") if owner.endswith(f"/{name}") else None
