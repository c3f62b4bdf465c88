"""Summarizes who may do what with the store and the ledger, and the doctor's findings, for the report."""

from collections.abc import Iterable
from typing import NamedTuple

from components.database.connection import Database
from components.errors import StatementFailed
from components.security import access_table as access
from components.security.doctor import examine_catalogs, health_findings
from components.security.doctor_finding import Finding
from components.values.choices import StoreKind


class Permission(NamedTuple):
    """The only roles, ``who``, that may do ``actions`` on ``objects`` by the table of access."""

    objects: tuple[str, ...]
    actions: tuple[str, ...]
    who: tuple[str, ...]


class LockDown(NamedTuple):
    """The permissions, the roles that have none (``nothing``), and the doctor's findings.

    ``unasked`` is the error where the doctor could not examine the database, else None.
    """

    store: StoreKind
    permissions: tuple[Permission, ...]
    nothing: tuple[str, ...]
    findings: tuple[Finding, ...]
    unasked: str | None


def lock_down(
    database: Database, schema: str, store: StoreKind, rotators: Iterable[str] | None, problems: Iterable[str]
) -> LockDown:
    """Examine the database as the doctor does, in two round trips; ``problems`` are those of health and jobs.

    ``rotators`` are the roles that may rotate, None where they are unknown. Raises ConnectionFailed.
    """
    allowed, nothing = permissions(store, rotators)
    try:
        findings, unasked = (*examine_catalogs(database, schema), *health_findings(problems)), None
    except StatementFailed as exc:
        findings, unasked = (), str(exc)
    return LockDown(store, allowed, nothing, findings, unasked)


def permissions(store: StoreKind, rotators: Iterable[str] | None) -> tuple[tuple[Permission, ...], tuple[str, ...]]:
    """Return the permissions on a store and the ledger, and the roles that have none.

    ``rotators`` replace the role ``operator``; with None it keeps that name.
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
