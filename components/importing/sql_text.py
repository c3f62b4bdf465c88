"""The text of a command: its statements as PostgreSQL parses them, and the one call of pg_net's that it is. Pure.

The parser is PostgreSQL's own, of the version in :data:`GRAMMAR`; it reads a few things that older servers refuse, so
the server itself is asked as well (database.py).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import postgast
from google.protobuf.message import DecodeError

from components.importing.call import Signature
from components.importing.outcome import Broken, NoCall, Reason

GRAMMAR = 18
"""The version of PostgreSQL whose grammar the pinned postgast has; a test holds that."""

MOST_TOKENS = 20_000
"""Tokens of a text at most: libpg_query ends the process on an expression of some 30,000 that are joined."""

Node = Any
"""A node of a parse tree: a protobuf message, whose types postgast makes when it is imported."""

_PLAIN_SELECT = {"target_list", "limit_option", "op"}
_PLAIN_CALL = {"funcname", "args", "funcformat", "location"}


class Unparsed(Exception):
    """A text that the parser does not read; ``str()`` is its sentence, without any of the text."""


class Call(NamedTuple):
    """A call of a function of pg_net's: the function, and the expressions of the arguments that are given."""

    function: Signature
    arguments: Mapping[str, Node]


def statements(text: str) -> Sequence[Node]:
    """The statements of a text; none of a text that is all comments. Raises Unparsed."""
    try:
        if len(postgast.scan(text).tokens) > MOST_TOKENS:
            raise Unparsed(f"a text of more than {MOST_TOKENS} words")
        return [each.stmt for each in postgast.parse(text).stmts]
    except postgast.PgQueryError as exc:
        place = f" at character {exc.cursorpos}" if exc.cursorpos else ""
        raise Unparsed(f"a syntax error{place}") from None
    except DecodeError:
        raise Unparsed("an expression that is nested too deeply") from None
    except UnicodeError:
        raise Unparsed("a character that is none") from None


def kind(node: Node) -> str:
    """The kind of a node: ``func_call``, ``a_const``, …; empty for none."""
    return node.WhichOneof("node") or ""


def inner(node: Node) -> Node:
    """The message inside of a node."""
    return getattr(node, kind(node))


def has_only(message: Node, fields: Iterable[str]) -> bool:
    """Whether a message has none but some fields."""
    return {each.name for each, _ in message.ListFields()} <= set(fields)


def names(parts: Iterable[Node]) -> tuple[str, ...]:
    """The texts of a list of names."""
    return tuple(part.string.sval for part in parts)


def selected(statement: Node, more: Iterable[str] = ()) -> Node | None:
    """The expression of a SELECT of one column, which has no other clauses than ``more``; None of another one."""
    if kind(statement) != "select_stmt":
        return None
    select = statement.select_stmt
    if not has_only(select, _PLAIN_SELECT | set(more)) or len(select.target_list) != 1:
        return None
    target = select.target_list[0].res_target
    return None if target.indirection or kind(target.val) == "" else target.val


def the_call(text: str, signatures: Sequence[Signature]) -> Call:
    """The call of pg_net's that a command is, and nothing else.

    Raises Unparsed, or NoCall with the reason why it is none.
    """
    found = statements(text)
    if len(found) != 1:
        raise NoCall(Reason.STATEMENTS, len(found) or "no")
    statement = found[0]
    if kind(statement) == "do_stmt":
        return the_call(_performed(statement), signatures)
    expression = selected(statement)
    if expression is None or kind(expression) != "func_call":
        raise NoCall(Reason.MORE if mentions(text, signatures) else Reason.NO_CALL)
    call = expression.func_call
    function = _function(names(call.funcname), signatures)
    if function is None:
        nested = any(mentions_in(argument, signatures) for argument in call.args)
        raise NoCall(Reason.MORE if nested else Reason.NO_CALL)
    if not has_only(call, _PLAIN_CALL):
        raise NoCall(Reason.MORE)
    return Call(function, _arguments(function, call.args))


def _performed(statement: Node) -> str:
    """The statement that a DO block performs, which is all that it does. Raises NoCall or Unparsed."""
    given = {each.def_elem.defname: each.def_elem.arg.string.sval for each in statement.do_stmt.args}
    if given.get("language", "plpgsql").lower() != "plpgsql":
        raise NoCall(Reason.NO_CALL)
    match plpgsql_steps(f"DO {_quoted(given['as'])}"):
        case [{"PLpgSQL_stmt_perform": {"expr": {"PLpgSQL_expr": {"query": str() as query}}}}]:
            return query
    raise NoCall(Reason.MORE if "net.http_" in given["as"].lower() else Reason.NO_CALL)


def plpgsql_steps(text: str) -> list[Mapping[str, Any]]:
    """The steps of a block or function without EXCEPTION, and without PL/pgSQL's own RETURN. Raises Unparsed."""
    try:
        parsed = postgast.parse_plpgsql(text)
    except postgast.PgQueryError:
        raise Unparsed("a syntax error in its block") from None
    except (UnicodeError, json.JSONDecodeError, RecursionError):
        raise Unparsed("a block that is none") from None
    if len(parsed) != 1:
        return []
    function: Mapping[str, Any] = parsed[0]["PLpgSQL_function"]
    block: Mapping[str, Any] = function.get("action", {}).get("PLpgSQL_stmt_block", {})
    works_before = any("default_val" in datum.get("PLpgSQL_var", {}) for datum in function.get("datums", []))
    if works_before or not block.keys() <= {"lineno", "body"}:
        return []
    steps: list[Mapping[str, Any]] = block.get("body", [])
    return steps[:-1] if steps and steps[-1] == {"PLpgSQL_stmt_return": {}} else steps


def _quoted(body: str) -> str:
    """A text as a literal that needs no look at what is in it."""
    escaped = body.replace("\\", "\\\\").replace("'", "\\'")
    return f"E'{escaped}'"


def _function(name: tuple[str, ...], signatures: Iterable[Signature]) -> Signature | None:
    """The function of pg_net's with this name, without a schema where it is found so."""
    fitting = ((each.schema, each.name) == name or (each.visible and (each.name,) == name) for each in signatures)
    return next((each for each, fits in zip(signatures, fitting, strict=True) if fits), None)


def _arguments(function: Signature, given: Iterable[Node]) -> dict[str, Node]:
    """The arguments by their parameters. Raises Broken where the server would find no such function."""
    arguments: dict[str, Node] = {}
    called = f"{function.schema}.{function.name}"
    is_named = False
    for place, node in enumerate(given):
        if kind(node) == "named_arg_expr":
            is_named = True
            name, value = node.named_arg_expr.name, node.named_arg_expr.arg
            if name not in function.parameters:
                raise Broken(Reason.ARGUMENTS, called, f"it has no {name}")
        elif is_named:
            raise Broken(Reason.ARGUMENTS, called, "one without a name comes after one with a name")
        elif place >= len(function.parameters):
            raise Broken(Reason.ARGUMENTS, called, f"it has {len(function.parameters)}")
        else:
            name, value = function.parameters[place], node
        if name in arguments:
            raise Broken(Reason.ARGUMENTS, called, f"{name} is given twice")
        arguments[name] = value
    if missing := [name for name in function.parameters if name not in arguments and name not in function.defaults]:
        raise Broken(Reason.ARGUMENTS, called, f"{missing[0]} is missing")
    return arguments


def mentions(text: str, signatures: Sequence[Signature]) -> bool:
    """Whether a text calls a function of pg_net's anywhere. Raises Unparsed."""
    return any(mentions_in(statement, signatures) for statement in statements(text))


def mentions_in(node: Node, signatures: Sequence[Signature]) -> bool:
    """Whether a tree has a call of a function of pg_net's."""
    return any(
        type(each).__name__ == "FuncCall" and _function(names(each.funcname), signatures) is not None
        for _, each in postgast.walk(node)
    )


def walked_calls(found: Iterable[Node]) -> Iterator[tuple[str, ...]]:
    """The names of all functions that statements call."""
    for statement in found:
        for _, each in postgast.walk(statement):
            if type(each).__name__ == "FuncCall":
                yield names(each.funcname)
