"""Our tables and views as read from the catalog, and the statements that lock them; for store and run ledger.

Row security with a policy that admits nobody protects a table even where somebody has granted a privilege on it.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from psycopg import sql

from components.objects.defined_mark import SetMark
from components.objects.object_kind import Difference
from components.objects.stack_mark import mark, stack_of
from components.sql import load_sql


class LiveTable(NamedTuple):
    """A table or view of the catalog; ``privileges`` of others than its owner are texts, ``grantee: PRIVILEGE, …``."""

    name: str
    kind: str
    owner: str
    mine: bool
    comment: str | None
    row_security: bool
    forced: bool
    strange_policies: list[str]
    has_policy: bool
    columns: list[str]
    triggers: list[str]
    privileges: list[str]


def tables_query(schema: str, names: Iterable[str]) -> sql.Composed:
    """The catalog query for tables and views by name in a schema."""
    return load_sql("tables").format(schema=sql.Literal(schema), names=sql.Literal(list(names)))


def comment_on(schema: str, name: str, comment: str, *, view: bool = False) -> sql.Composed:
    """The statement that marks a table or view with a comment."""
    keyword = sql.SQL("VIEW" if view else "TABLE")
    return sql.SQL("COMMENT ON {} {} IS {}").format(keyword, sql.Identifier(schema, name), sql.Literal(comment))


def lock_tables(schema: str, names: Iterable[str]) -> sql.Composed:
    """The statement that locks tables and views against everybody but their owner."""
    tables = [sql.Identifier(schema, name).as_string() for name in names]
    return load_sql("lock_tables").format(tables=sql.Literal(tables))


def table_differences(
    name: str, columns: Iterable[str], stack: str, live: LiveTable | None, set_mark: SetMark
) -> list[Difference]:
    """The differences of a table or view in columns, mark, row security and privileges."""
    if live is None:
        return [set_mark.lack(f"table {name}", "there", "gone")]
    differences = []
    if missing := [column for column in columns if column not in live.columns]:
        lack = set_mark.lack(f"columns of {name}", "complete", f"without {', '.join(missing)}")
        differences.append(lack._replace(name=f"table {name}") if lack.newer else lack)
    if stack_of(live.comment) != stack:
        differences.append(Difference(f"comment on {name}", mark(stack), live.comment))
    if live.kind != "v":
        differences += _row_security_differences(name, live)
    if live.privileges:
        differences.append(Difference(f"privileges on {name}", "its owner alone", "; ".join(live.privileges)))
    return differences


def _row_security_differences(name: str, live: LiveTable) -> Iterator[Difference]:
    if not live.row_security or live.forced:
        yield Difference(f"row security of {name}", "enabled", "forced" if live.row_security else "disabled")
    if live.strange_policies or not live.has_policy:
        yield Difference(f"policies of {name}", ["nobody"], live.strange_policies)
