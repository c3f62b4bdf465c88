"""Trials of a statement or a predicate before it becomes a job's: the server parses it and executes nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from psycopg import sql
from pydantic import JsonValue

from components.database.connection import Database
from components.errors import PreflightFailed, StatementFailed

_PASSING = ("08", "25", "40", "53", "55", "57")
"""SQLSTATE classes of errors that no statement is to blame for: a lock, a timeout, a server without resources."""

_NO_PRIVILEGE = "42501"
_UNDEFINED = {"3F000", "42P01", "42883"}
"""SQLSTATEs of a schema, a table or a function that is not there."""


def try_statement(database: Database, text: str, ours: tuple[str, ...]) -> None:
    """Let the server parse a job's SQL and, where it is one statement, plan it.

    ``ours`` are names of functions that the same ``up`` may make first. Raises PreflightFailed with the server's
    message, and ConnectionFailed.
    """
    _try(database, text, text, ours, "run its sql")


def try_expressions(
    database: Database, made: Mapping[str, JsonValue], ours: tuple[str, ...], place: str = "body_sql"
) -> None:
    """Let the server parse and plan each SQL expression that makes a value, alone; ``made`` has them by key.

    What is more than one expression does not end where CASE ends it: not a list, nor a second statement, nor a comment
    that goes on. Nor may it yield rows. Raises PreflightFailed with the key and the server's message, and
    ConnectionFailed.
    """
    for key, part in made.items():
        if isinstance(part, dict):
            try_expressions(database, part, ours, f"{place}.{key}")
        else:
            text = f"SELECT CASE WHEN true THEN ({part}) END"
            _try(database, text, str(part), ours, f"make {place}.{key} by one expression")


def _try(database: Database, text: str, written: str, ours: tuple[str, ...], deed: str) -> None:
    try:
        database.explain(text)
    except StatementFailed as exc:
        state = exc.sqlstate or ""
        if state.startswith(_PASSING) or (state in _UNDEFINED and any(name in written for name in ours)):
            return
        raise PreflightFailed(f"the server cannot {deed}: {exc}; correct it, or make first what it needs") from exc


def try_request(database: Database, command: str, *, is_its_own: bool = False) -> None:
    """Let the server plan a command that sends a request, which fails where the role may not call its functions.

    Commands that call the same functions share one trial, but for one that ``is_its_own``, with expressions in it. An
    object that is not there is no fault, since the same ``up`` may make it first. Raises PreflightFailed with the
    server's message, and ConnectionFailed.
    """
    called = frozenset([command] if is_its_own else _CALLED.findall(command))
    if refused := database.snapshot(_Planned(called, command)):
        raise PreflightFailed(f"the server cannot run its command: {refused}")


_CALLED = re.compile(r'(?:net|"(?:[^"]|"")+")\.\w+(?=\()')
"""A call of a function of pg_net or of ours in a compiled command."""


@dataclass(frozen=True)
class _Planned:
    """A reader for :meth:`Database.snapshot`: the server's refusal of a command, or None.

    Readers of commands that call the same functions are equal.
    """

    called: frozenset[str]
    command: str = field(compare=False)

    def __call__(self, database: Database) -> str | None:
        try:
            database.explain(self.command)
        except StatementFailed as exc:
            state = exc.sqlstate or ""
            if state.startswith(_PASSING) or state in _UNDEFINED:
                return None
            return f"{exc}; let who owns it grant that to this role" if state == _NO_PRIVILEGE else str(exc)
        return None


def try_predicate(database: Database, predicate: str) -> None:
    """Let the server compile a jsonpath. Raises PreflightFailed with the server's message, and ConnectionFailed."""
    try:
        database.read(sql.SQL("SELECT {}::jsonpath IS NULL AS compiled").format(sql.Literal(predicate)))
    except StatementFailed as exc:
        raise PreflightFailed(f"success.body {predicate!r} is no jsonpath: {exc}") from exc
