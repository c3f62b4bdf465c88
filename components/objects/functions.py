"""Functions as we define them and as the catalog has them; shared by the store, the rotation functions and the ledger.

A definition is a ``.sql`` file with ``{schema}`` places. What lives is compared by body, security, settings,
volatility and privileges, so that a function replaced or opened behind our back is drift.

Each sets its search_path and names pg_temp last: left out, a session's own temporary types and tables would come
before all others (PostgreSQL's documentation, CREATE FUNCTION, "Writing SECURITY DEFINER Functions Safely"). Those that
have a secret's value in a variable also set what would print it, since their callers' settings hold inside: a plan made
for the value at hand has it as a constant, and a session may have plans printed. Theirs are generic.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from psycopg import sql

from components.objects.object_kind import Difference, Statements
from components.objects.stack_mark import OWN_JOBS_PATTERN, RUNS_SWEEP, mark, stack_of
from components.sql import load_sql
from components.values.address import ADDRESS, ANY_SCHEME
from components.values.limits import VALUE_BYTES

ANSWER_SECONDS = 30
"""Seconds beyond a probe's timeout after which its answer counts as lost: pg_net serves other requests, too."""

_BODY = re.compile(r"\$body\$(?P<body>.*)\$body\$", re.DOTALL)
_SETTING = re.compile(r"^SET (?P<name>\w+) = '?(?P<value>.*?)'?$", re.MULTILINE)


class LiveFunction(NamedTuple):
    """A row of pg_proc; ``privileges`` maps each grantee but the owner to what it may.

    ``without_usage`` are those grantees that cannot enter the schema and so not call it.
    """

    signature: str
    name: str
    schema: str
    owner: str
    mine: bool
    source: str
    security_definer: bool
    volatility: str
    settings: tuple[str, ...]
    returns: str
    comment: str | None
    privileges: Mapping[str, list[str]]
    without_usage: list[str]

    @property
    def stack(self) -> str | None:
        """The stack whose mark the function carries."""
        return stack_of(self.comment)


class Function(NamedTuple):
    """A function of ours: its file's name, its argument types and what the file makes of it."""

    name: str
    argument_types: str
    identity_arguments: str
    returns: str
    volatility: str
    security_definer: bool = True

    @property
    def signature(self) -> str:
        """As pg_get_function_identity_arguments writes it."""
        return f"{self.name}({self.identity_arguments})"

    def reference(self, schema: str) -> sql.Composable:
        """The function as a name in SQL: ``"public"."get_secret"(text)``."""
        return sql.SQL("{}({})").format(sql.Identifier(schema, self.name), sql.SQL(self.argument_types))

    def definition(self, schema: str) -> sql.Composed:
        """CREATE OR REPLACE FUNCTION, from the file."""
        return load_sql(self.name).format(
            schema=sql.Identifier(schema),
            schema_name=sql.Literal(schema),
            max_bytes=sql.Literal(VALUE_BYTES),
            patience=sql.Literal(ANSWER_SECONDS),
            address=sql.Literal(ADDRESS),
            any_scheme=sql.Literal(ANY_SCHEME),
            own_jobs=sql.Literal(OWN_JOBS_PATTERN),
            runs_sweep=sql.Literal(RUNS_SWEEP),
        )

    def body(self, schema: str) -> str:
        """What pg_proc.prosrc must hold."""
        found = _BODY.search(self.definition(schema).as_string())
        if found is None:
            raise AssertionError(f"{self.name}.sql has no $body$")
        return found["body"]

    @property
    def settings(self) -> tuple[str, ...]:
        """What pg_proc.proconfig must hold: what the file sets, ``name=value``."""
        head, _, _ = load_sql(self.name).as_string().partition("$body$")
        return tuple(f"{name}={value}" for name, value in _SETTING.findall(head))

    def install(self, schema: str, stack: str, live: LiveFunction | None, *, lock: bool = True) -> Statements:
        """Create or replace it, marked and locked. A stranger with other argument names has to go first."""
        text = self.reference(schema).as_string()
        fresh = live is None or live.signature != self.signature or live.returns != self.returns
        parts: list[sql.Composable] = []
        if live is not None and fresh:
            parts.append(sql.SQL("DROP FUNCTION {}").format(self.reference(schema)))
        parts += [
            self.definition(schema),
            sql.SQL("COMMENT ON FUNCTION {} IS {}").format(self.reference(schema), sql.Literal(mark(stack))),
        ]
        if lock or fresh:
            parts.append(load_sql("lock_function").format(function=sql.Literal(text)))
        return [(part, None) for part in parts]

    def differences(self, schema: str, stack: str, live: LiveFunction | None) -> list[Difference]:
        """What of the definition is not as declared; privileges are looked at by those who own them."""
        if live is None:
            return [Difference(f"function {self.name}", "there", "gone")]
        declared = {
            "source": self.body(schema),
            "security_definer": self.security_definer,
            "volatility": self.volatility,
            "settings": self.settings,
            "signature": self.signature,
            "returns": self.returns,
            "stack": stack,
        }
        changed = [name.replace("_", " ") for name, value in declared.items() if getattr(live, name) != value]
        return [Difference(f"function {self.name}", "as defined", f"another {', '.join(changed)}")] if changed else []


def drop_retired(schema: str, signatures: Iterable[str]) -> list[sql.Composed]:
    """Statements that remove functions of earlier versions."""
    place = sql.Identifier(schema)
    return [sql.SQL("DROP FUNCTION IF EXISTS {}.{}").format(place, sql.SQL(signature)) for signature in signatures]


def functions_query(schema: str, names: Iterable[str]) -> sql.Composed:
    """The catalog query for functions by name in a schema."""
    return load_sql("functions").format(schema=sql.Literal(schema), names=sql.Literal(list(names)))
