"""Who may do what with the store and the ledger, in the few lines that a reader wants, and what the doctor found."""

from collections.abc import Iterable
from typing import NamedTuple

from components.database.connection import Database
from components.errors import StatementFailed
from components.security import access_table as access
from components.security.doctor import examine
from components.security.doctor_finding import Finding
from components.values.choices import StoreKind


class Permission(NamedTuple):
    """What ``who`` may do: ``actions`` on ``objects``, by the table of access; nobody else may."""

    objects: tuple[str, ...]
    actions: tuple[str, ...]
    who: tuple[str, ...]


class LockDown(NamedTuple):
    """What this project allows, to whom nothing, and what the doctor found; ``unasked`` says why it was not asked."""

    store: StoreKind
    permissions: tuple[Permission, ...]
    nothing: tuple[str, ...]
    findings: tuple[Finding, ...]
    unasked: str | None


def lock_down(database: Database, schema: str, store: StoreKind, rotators: Iterable[str] | None) -> LockDown:
    """What is allowed and what the doctor finds. Raises ConnectionFailed."""
    allowed, nothing = permissions(store, rotators)
    try:
        found, unasked = tuple(examine(database, schema)), None
    except StatementFailed as exc:
        found, unasked = (), str(exc)
    return LockDown(store, allowed, nothing, found, unasked)


def permissions(store: StoreKind, rotators: Iterable[str] | None) -> tuple[tuple[Permission, ...], tuple[str, ...]]:
    """Who may do what with a store and the ledger, and the roles that may do nothing of it.

    ``rotators`` stand for the role ``operator``, where a stack says who they are.
    """
    operators = ["operator"] if rotators is None else list(rotators)
    names = {role.name: operators if role.name == "operator" else [role.name] for role in access.ROLES}
    allowed: list[Permission] = []
    idle = set(names)
    for line in access.lines(store):
        answers = list(zip(names, line.answers, strict=True))
        idle -= {role for role, answer in answers if answer is not access.Answer.NO}
        who = [
            name if answer is access.Answer.YES else f"{name} ({answer})"
            for role, answer in answers
            if answer is not access.Answer.NO
            for name in names[role]
        ]
        allowed.append(Permission(line.objects, line.actions, tuple(who)))
    return tuple(allowed), tuple(role for role in names if role in idle)
