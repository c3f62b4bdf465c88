"""Sets of our tables, views and functions in a schema, each read, claimed and compared as one object.

The secret store and the run ledger are such sets.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from psycopg import sql

from components.database.transaction import Row
from components.objects.defined_mark import SetMark, defined_mark
from components.objects.functions import Function, LiveFunction, functions_query
from components.objects.locked_table import LiveTable, tables_query
from components.objects.object_kind import Difference
from components.objects.our_functions import live_functions
from components.objects.stack_mark import Claim, stack_of

RELKINDS = {"r": "table", "p": "table", "v": "view"}
"""Words for values of pg_class.relkind."""


class LiveObjects(NamedTuple):
    """The tables, views and functions that a set has in a schema, by name."""

    tables: Mapping[str, LiveTable]
    functions: Mapping[str, LiveFunction]

    def refuse_strangers(self, schema: str, claim: Claim) -> None:
        """Raise Conflict where :meth:`Claim.refuse_strangers` does so for an object of the set."""
        objects = [
            (f"{RELKINDS.get(t.kind, 'relation')} {t.name!r}", t.mine, t.owner, stack_of(t.comment))
            for t in self.tables.values()
        ]
        objects += [(f"function {f.name!r}", f.mine, f.owner, f.stack) for f in self.functions.values()]
        for name, mine, role, stack in objects:
            where = f"{name} in schema {schema!r}"
            claim.refuse_strangers(where, mine=mine, role=role, stack=stack, taken="take it over with its rows")

    def set_mark(self, ours: str, table: str) -> SetMark:
        """Our mark of the set, and the one that the comment of ``table`` carries."""
        live = self.tables.get(table)
        return SetMark(ours, live.comment if live else None)

    def function_differences(
        self, functions: Iterable[Function], schema: str, stack: str, set_mark: SetMark
    ) -> Iterator[Difference]:
        """The definitions that differ, and all privileges: only the owner may call a function of a set."""
        for function in functions:
            live = self.functions.get(function.name)
            if live is None:
                yield set_mark.lack(f"function {function.name}", "there", "gone")
                continue
            yield from function.differences(schema, stack, live)
            if live.privileges:
                granted = "; ".join(f"{role}: {', '.join(names)}" for role, names in sorted(live.privileges.items()))
                yield Difference(f"privileges on function {function.name}", "its owner alone", granted)


def marked_set(
    stack: str,
    schema: str,
    tables: Mapping[str, Iterable[str]],
    functions: Iterable[Function],
    views: Iterable[str] = (),
) -> str:
    """The comment that tells by which version a set was left: by columns, functions and the views' definitions."""
    defined = ([(name, *columns) for name, columns in tables.items()], *views)
    return defined_mark(stack, repr((defined, [function.declared(schema) for function in functions])))


def set_query(schema: str, tables: Iterable[str], functions: Iterable[Function]) -> sql.Composed:
    """The catalog query for a set: one row with ``schema``, ``tables`` and ``functions``, the last two as JSON."""
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
    """The row of :func:`set_query` as a set, or None where the schema has nothing of it."""
    (row,) = rows
    tables = {table["name"]: LiveTable(**table) for table in row["tables"]}
    functions = live_functions(row["functions"])
    return LiveObjects(tables, functions) if tables or functions else None
