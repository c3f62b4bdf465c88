"""Functions of a database that stand for a secret's value: those whose body is a plain read of one. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from components.importing.call import Reader
from components.importing.sql_text import Unparsed, plpgsql_steps, selected, statements
from components.importing.vault_read import Read, column_of, plain_read

_OURS = re.compile(r"\bcron_secret_value\s*\(")


class FunctionRow(NamedTuple):
    """A function that takes a text or nothing and returns a text; ``visible`` without its schema."""

    schema: str
    name: str
    argument: str | None
    language: str
    source: str
    visible: bool


def readers(rows: Iterable[FunctionRow]) -> dict[str, Reader]:
    """The functions that stand for values, by the names that a command may call them by."""
    found: dict[str, Reader] = {}
    for row in rows:
        if (read := _read(row)) is None:
            continue
        reader = Reader(read.table, read.key, read.strips)
        found[f"{row.schema}.{row.name}"] = reader
        if row.visible:
            found[row.name] = reader
    return found


def _read(row: FunctionRow) -> Read | None:
    if row.name == "get_secret" and _OURS.search(row.source):
        return Read(table="", key=None, strips=False)
    try:
        if row.language == "sql":
            found = statements(row.source)
            read = plain_read(found[0], row.argument or "") if len(found) == 1 else None
        else:
            read = _read_of_steps(row)
    except Unparsed:
        return None
    takes_key = row.argument is not None
    return read if read is not None and takes_key == (read.key is None) else None


def _read_of_steps(row: FunctionRow) -> Read | None:
    """The read of a plpgsql function that returns a SELECT, or puts it into a variable, checks that and returns it."""
    argument = f'"{row.argument}" text' if row.argument else ""
    delimiter = "$imported$"
    if delimiter in row.source:
        return None
    steps = plpgsql_steps(
        f"CREATE FUNCTION f({argument}) RETURNS text LANGUAGE plpgsql AS {delimiter}{row.source}{delimiter}"
    )
    kinds = [next(iter(step)) for step in steps]
    first: Mapping[str, Any] = next(iter(steps[0].values())) if steps else {}
    if kinds == ["PLpgSQL_stmt_return"]:
        return _read_of(first.get("expr"), row)
    ends = steps[-1].get("PLpgSQL_stmt_return", {}) if steps else {}
    checks = all(_only_raises(step) for step in steps[1:-1])
    if kinds[:1] == ["PLpgSQL_stmt_execsql"] and first.get("into") and checks:
        returned = _returned(ends, row.source)
        fields = first["target"].get("PLpgSQL_row", {}).get("fields", [])
        if returned is not None and [field["name"] for field in fields] == [returned[0]]:
            read = _read_of(first.get("sqlstmt"), row)
            return read._replace(strips=read.strips or returned[1]) if read else None
    return None


def _read_of(expression: object, row: FunctionRow) -> Read | None:
    query = expression["PLpgSQL_expr"]["query"] if isinstance(expression, dict) else ""
    found = statements(query if query.lower().startswith("select") else f"SELECT {query}")
    if len(found) != 1:
        return None
    read = plain_read(found[0], row.argument or "")
    if read is not None or not found[0].select_stmt.target_list:
        return read
    inner = found[0].select_stmt.target_list[0].res_target.val.sub_link.subselect
    return plain_read(inner, row.argument or "")


def _only_raises(step: Mapping[str, Any]) -> bool:
    """Whether a step is an IF that does nothing but raise."""
    check = step.get("PLpgSQL_stmt_if", {})
    then = check.get("then_body", [])
    is_plain = check.keys() <= {"lineno", "cond", "then_body"}
    return is_plain and bool(then) and all("PLpgSQL_stmt_raise" in each for each in then)


_LAST_RETURN = re.compile(r"\breturn\s+(\w+)\s*;\s*end\s*;?\s*\Z", re.IGNORECASE)
"""The RETURN of a variable at the end of a body, whose variable the parser does not give."""


def _returned(step: Mapping[str, Any], source: str) -> tuple[str, bool] | None:
    """The variable that a RETURN returns, and whether it is stripped."""
    if "expr" not in step:
        variable = _LAST_RETURN.search(source)
        return (variable[1].lower(), False) if variable else None
    query = step.get("expr", {}).get("PLpgSQL_expr", {}).get("query", "")
    found = statements(f"SELECT {query}")
    expression = selected(found[0]) if len(found) == 1 else None
    column, strips = column_of(expression) if expression is not None else (None, False)
    return (column, strips) if column is not None else None
