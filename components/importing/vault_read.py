"""Plain reads of one secret: a Vault sub-select in its forms, a read of a table of secrets. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from components.importing.sql_text import Node, has_only, kind, names

_READ = {"target_list", "from_clause", "where_clause", "limit_count", "limit_option", "sort_clause", "op"}
_RANGE = {"schemaname", "relname", "inh", "relpersistence", "alias", "location"}
_STRIPPING = {"btrim", "trim", "ltrim", "rtrim", "replace", "regexp_replace", "translate"}
_VAULT = ("vault", "decrypted_secrets")
_OWN = "pg_catalog"
_STORE = "cron_secrets"
_KEYS = {"key", "name", "secret_key", "secret_name", "key_name"}
"""Columns by which a table of secrets is read: by another one, a row may be another tomorrow."""


class Read(NamedTuple):
    """A read of a secret: where it is, its key or None for the function's argument, and whether it is stripped.

    ``table`` is empty for ``cron_secrets``, which get_secret reads, and ``vault`` for Vault.
    """

    table: str
    key: str | None
    strips: bool


def plain_read(statement: Node, parameter: str | None = None) -> Read | None:
    """The read that a SELECT is, by a constant key or by ``$1`` (``parameter`` is its name); None of another SELECT."""
    if kind(statement) != "select_stmt" or not has_only(select := statement.select_stmt, _READ):
        return None
    if len(select.target_list) != 1 or len(select.from_clause) != 1 or not _takes_one(select.limit_count):
        return None
    table = select.from_clause[0].range_var  # an empty one where it is none
    column, strips = column_of(select.target_list[0].res_target.val)
    where = _compared(select.where_clause)
    if column is None or where is None or not has_only(table, _RANGE):
        return None
    is_vault = (table.schemaname, table.relname) == _VAULT
    if is_vault:
        is_plain = (column, where[0]) == ("decrypted_secret", "name")  # which are unique
    else:
        is_plain = "secret" in table.relname and where[0] in _KEYS and where[0] != column and not select.sort_clause
        is_plain = is_plain and table.schemaname != _VAULT[0]  # where it is encrypted
    name = "vault" if is_vault else "" if table.relname == _STORE else f"{table.schemaname}.{table.relname}".lstrip(".")
    return _keyed(where[1], parameter, table=name, strips=strips) if is_plain else None


def _takes_one(limit: Node) -> bool:
    return kind(limit) == "" or (kind(limit) == "a_const" and limit.a_const.ival.ival == 1)


def column_of(node: Node, *, strips: bool = False) -> tuple[str | None, bool]:
    """The column that an expression reads, and whether characters are stripped from it."""
    match kind(node):
        case "column_ref":
            fields = node.column_ref.fields
            return (names(fields)[-1] if all(kind(field) == "string" for field in fields) else None), strips
        case "type_cast" if names(node.type_cast.type_name.names)[-1] == "text":
            return column_of(node.type_cast.arg, strips=strips)
        case "func_call":
            name = names(node.func_call.funcname)
            if name[:-1] in {(), (_OWN,)} and name[-1] in _STRIPPING and node.func_call.args:
                rest: Sequence[Node] = node.func_call.args[1:]
                if all(kind(argument) == "a_const" for argument in rest):
                    return column_of(node.func_call.args[0], strips=True)
    return None, strips


def _compared(node: Node) -> tuple[str, Node] | None:
    """The column and the expression of ``column = expression``, either way round."""
    if kind(node) != "a_expr" or names(node.a_expr.name) != ("=",) or node.a_expr.kind != _PLAIN_OPERATOR:
        return None
    for one, other in ((node.a_expr.lexpr, node.a_expr.rexpr), (node.a_expr.rexpr, node.a_expr.lexpr)):
        column, strips = column_of(one) if kind(one) == "column_ref" else (None, False)
        if column is not None and not strips:
            return column, other
    return None


_PLAIN_OPERATOR = 1  # AEXPR_OP of libpg_query's enum


def _keyed(node: Node, parameter: str | None, *, table: str, strips: bool) -> Read | None:
    if kind(node) == "type_cast" and names(node.type_cast.type_name.names)[-1] == "text":
        return _keyed(node.type_cast.arg, parameter, table=table, strips=strips)
    if kind(node) == "a_const" and node.a_const.WhichOneof("val") == "sval":
        return Read(table, node.a_const.sval.sval, strips)
    if parameter is None:
        return None
    is_first = kind(node) == "param_ref" and node.param_ref.number == 1
    is_named = kind(node) == "column_ref" and names(node.column_ref.fields)[-1:] == (parameter,)
    return Read(table, None, strips) if is_first or (is_named and parameter) else None
