"""Tables, views and functions of ours that stand together in a schema: read, claimed and compared as one.

The secret store and the run ledger are such sets: each is made, marked and locked in one transaction.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from psycopg import sql

from components.database.transaction import Row
from components.objects.functions import Function, LiveFunction, functions_query
from components.objects.locked_table import LiveTable, tables_query
from components.objects.object_kind import Difference
from components.objects.our_functions import live_functions
from components.objects.stack_mark import Claim, stack_of

RELKINDS = {"r": "table", "p": "table", "v": "view"}
"""What pg_class.relkind says, in words."""


class LiveObjects(NamedTuple):
    """What there is of a set in a schema, by name."""

    tables: Mapping[str, LiveTable]
    functions: Mapping[str, LiveFunction]

    def refuse_strangers(self, schema: str, claim: Claim) -> None:
        """Raise Conflict for an object of another role or stack, or one that is there and asks for adopt."""
        objects = [
            (f"{RELKINDS.get(t.kind, 'relation')} {t.name!r}", t.mine, t.owner, stack_of(t.comment))
            for t in self.tables.values()
        ]
        objects += [(f"function {f.name!r}", f.mine, f.owner, f.stack) for f in self.functions.values()]
        for name, mine, role, stack in objects:
            where = f"{name} in schema {schema!r}"
            claim.refuse_strangers(where, mine=mine, role=role, stack=stack, taken="take it over with its rows")

    def function_differences(self, functions: Iterable[Function], schema: str, stack: str) -> Iterator[Difference]:
        """What of the functions' definitions and privileges is not as declared; they are for their owner alone."""
        for function in functions:
            there = self.functions.get(function.name)
            yield from function.differences(schema, stack, there)
            if there is not None and there.privileges:
                granted = "; ".join(f"{who}: {', '.join(what)}" for who, what in sorted(there.privileges.items()))
                yield Difference(f"privileges on function {function.name}", "its owner alone", granted)


def set_query(schema: str, tables: Iterable[str], functions: Iterable[Function]) -> sql.Composed:
    """The one catalog query for a set in a schema."""
    return sql.SQL(
        "SELECT {schema} AS schema, "
        "(SELECT coalesce(jsonb_agg(to_jsonb(t)), '[]') FROM ({tables}) AS t) AS tables, "
        "(SELECT coalesce(jsonb_agg(to_jsonb(f)), '[]') FROM ({functions}) AS f) AS functions"
    ).format(
        schema=sql.Literal(schema),
        tables=tables_query(schema, tables),
        functions=functions_query(schema, [function.name for function in functions]),
    )


def live_objects(rows: Sequence[Row]) -> LiveObjects | None:
    """The query's one row as a set, or None where the schema has nothing of it."""
    (row,) = rows
    tables = {table["name"]: LiveTable(**table) for table in row["tables"]}
    functions = live_functions(row["functions"])
    return LiveObjects(tables, functions) if tables or functions else None
