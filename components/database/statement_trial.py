"""What the server says of a statement or a predicate before a job is made of it; nothing of it is carried out."""

import re
from dataclasses import dataclass, field

from psycopg import sql

from components.database.connection import Database
from components.errors import PreflightFailed, StatementFailed

_PASSING = ("08", "25", "40", "53", "55", "57")
"""SQLSTATE classes of errors that say nothing of the statement: a lock, a timeout, a server that has no room."""

_NO_PRIVILEGE = "42501"
_UNDEFINED = {"3F000", "42P01", "42883"}
"""SQLSTATEs of a schema, a table or a function that is not there."""


def try_statement(database: Database, text: str, ours: tuple[str, ...]) -> None:
    """Let the server parse a job's SQL and, where it is one statement, plan it.

    ``ours`` are names of functions that the same ``up`` may make first. Raises PreflightFailed with the server's words,
    ConnectionFailed.
    """
    try:
        database.explain(text)
    except StatementFailed as exc:
        state = exc.sqlstate or ""
        if state.startswith(_PASSING) or (state in _UNDEFINED and any(name in text for name in ours)):
            return
        raise PreflightFailed(f"the server cannot run its sql: {exc}; correct it, or make first what it needs") from exc


def try_request(database: Database, command: str) -> None:
    """Let the server plan a command that sends a request, which also asks whether its role may call what it calls.

    That is the same for all that call the same functions, so one of them is asked for. What the same ``up`` may make
    first is no fault. Raises PreflightFailed with the server's words, ConnectionFailed.
    """
    if refused := database.snapshot(_Planned(frozenset(_CALLED.findall(command)), command)):
        raise PreflightFailed(f"the server cannot run its command: {refused}")


_CALLED = re.compile(r'(?:net|"(?:[^"]|"")+")\.\w+(?=\()')
"""A function of pg_net or of ours, as a compiled command calls it."""


@dataclass(frozen=True)
class _Planned:
    """What the server says of a command, by the functions that it calls."""

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
    """Let the server compile a jsonpath. Raises PreflightFailed with the server's words, ConnectionFailed."""
    try:
        database.read(sql.SQL("SELECT {}::jsonpath IS NULL AS compiled").format(sql.Literal(predicate)))
    except StatementFailed as exc:
        raise PreflightFailed(f"success.body {predicate!r} is no jsonpath: {exc}") from exc
