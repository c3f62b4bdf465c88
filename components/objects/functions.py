"""Our functions, as defined in ``.sql`` files and as read from the catalog; for store, rotation and ledger.

A live function is compared by body, security, settings, volatility and privileges, so that one that was replaced or
granted by hand is drift.

Each sets its search_path and names pg_temp last: without it, a session's own temporary types and tables would come
before all others (PostgreSQL's documentation, CREATE FUNCTION, "Writing SECURITY DEFINER Functions Safely"). A function
that has a secret's value in a variable also sets plan_cache_mode and the settings that print plans, since those of its
caller apply inside: a plan for one value has it as a constant, and a session may print its plans.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from psycopg import sql

from components.objects.defined_mark import defined_mark, is_defined
from components.objects.object_kind import Difference
from components.objects.stack_mark import CATCH_UP, OWN_JOBS_PATTERN, RUNS_SWEEP, stack_of
from components.sql import load_sql
from components.values.address import ADDRESS, ANY_SCHEME
from components.values.limits import VALUE_BYTES

ANSWER_SECONDS = 30
"""Seconds after a probe's timeout at which its answer counts as lost, since pg_net serves other requests before it."""

_BODY = re.compile(r"\$body\$(?P<body>.*)\$body\$", re.DOTALL)
_COLUMNS = re.compile(r"^RETURNS (?P<result>TABLE \(.*\))$", re.MULTILINE)
_SETTING = re.compile(r"^SET (?P<name>\w+) = '?(?P<value>.*?)'?$", re.MULTILINE)


class LiveFunction(NamedTuple):
    """A row of pg_proc; ``privileges`` maps each grantee beside the owner to its privileges.

    The grantees in ``without_usage`` lack USAGE of the schema, so they cannot call the function.
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
    result: str
    comment: str | None
    privileges: Mapping[str, list[str]]
    without_usage: list[str]

    @property
    def stack(self) -> str | None:
        """The stack (``project/stack``) of the mark in the comment, or None."""
        return stack_of(self.comment)


class Function(NamedTuple):
    """A function of ours: the name of its file, and what pg_proc has once the file has run.

    ``argument_types`` are as in a reference to it, ``identity_arguments`` as pg_get_function_identity_arguments writes
    them, ``returns`` as format_type does, ``volatility`` is i, s or v.
    """

    name: str
    argument_types: str
    identity_arguments: str
    returns: str
    volatility: str
    security_definer: bool = True

    @property
    def signature(self) -> str:
        """Name and identity arguments: ``get_secret(key text)``."""
        return f"{self.name}({self.identity_arguments})"

    def reference(self, schema: str) -> sql.Composable:
        """The function's name in SQL: ``"public"."get_secret"(text)``."""
        return sql.SQL("{}({})").format(sql.Identifier(schema, self.name), sql.SQL(self.argument_types))

    def definition(self, schema: str) -> sql.Composed:
        """The file's CREATE OR REPLACE FUNCTION for a schema."""
        return load_sql(self.name).format(
            schema=sql.Identifier(schema),
            schema_name=sql.Literal(schema),
            max_bytes=sql.Literal(VALUE_BYTES),
            patience=sql.Literal(ANSWER_SECONDS),
            address=sql.Literal(ADDRESS),
            any_scheme=sql.Literal(ANY_SCHEME),
            own_jobs=sql.Literal(OWN_JOBS_PATTERN),
            runs_sweep=sql.Literal(RUNS_SWEEP),
            catch_up=sql.Literal(CATCH_UP),
        )

    def body(self, schema: str) -> str:
        """The text that pg_proc.prosrc must hold."""
        body = _BODY.search(self.definition(schema).as_string())
        if body is None:
            raise AssertionError(f"{self.name}.sql has no $body$")
        return body["body"]

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings of the file, as pg_proc.proconfig must hold them: ``name=value``."""
        head, _, _ = load_sql(self.name).as_string().partition("$body$")
        return tuple(f"{name}={value}" for name, value in _SETTING.findall(head))

    @property
    def result(self) -> str:
        """The result as pg_get_function_result writes it, with the columns where there are some."""
        columns = _COLUMNS.search(load_sql(self.name).as_string())
        if columns is None:
            return self.returns
        text = columns["result"].replace("TABLE (", "TABLE(").replace("timestamptz", "timestamp with time zone")
        return re.sub(r"\bint\b", "integer", text)

    def make(self, schema: str, stack: str) -> list[sql.Composed]:
        """The statements that create or replace the function and mark it; see :func:`drop_irreplaceable`."""
        name = self.reference(schema)
        comment = sql.Literal(defined_mark(stack, repr(self.declared(schema))))
        return [self.definition(schema), sql.SQL("COMMENT ON FUNCTION {} IS {}").format(name, comment)]

    def replaces(self, live: LiveFunction) -> bool:
        """Whether CREATE OR REPLACE can make this function of a live one, whose privileges then stay."""
        return (live.signature, live.result) == (self.signature, self.result)

    def differences(self, schema: str, stack: str, live: LiveFunction) -> list[Difference]:
        """One Difference that lists all parts of the definition that differ, if any; privileges are not compared.

        It is ``newer`` where the function is still as the digest in its comment says that it was left.
        """
        name = f"function {self.name}"
        declared = {**self.declared(schema), "stack": stack}
        changed = [part.replace("_", " ") for part, value in declared.items() if getattr(live, part) != value]
        if not changed:
            return []
        left = defined_mark(stack, repr({part: getattr(live, part) for part in self.declared(schema)}))
        found = f"another {', '.join(changed)}"
        if live.stack == stack and not is_defined(live.comment):
            found += ", an earlier version's or changed by hand"
        return [Difference(name, "as defined", found, newer=live.comment == left)]

    def declared(self, schema: str) -> dict[str, object]:
        """The parts of the definition as a live function has them."""
        return {
            "source": self.body(schema),
            "security_definer": self.security_definer,
            "volatility": self.volatility,
            "settings": self.settings,
            "signature": self.signature,
            "returns": self.returns,
        }


def lock_functions(schema: str, functions: Iterable[Function]) -> sql.Composed:
    """The statement that lets nobody but their owner call the functions."""
    references = [function.reference(schema).as_string() for function in functions]
    return load_sql("lock_functions").format(functions=sql.Literal(references))


def drop_irreplaceable(schema: str, functions: Iterable[Function]) -> sql.Composed:
    """The statement that drops what CREATE OR REPLACE cannot make one of the functions.

    Such a one of an earlier version has other argument names or another result. The server is asked, since a script
    does not know what it will find.
    """
    ours = [[f.reference(schema).as_string(), f.identity_arguments, f.result] for f in functions]
    return load_sql("drop_irreplaceable").format(functions=sql.Literal(ours))


def drop_retired(schema: str, signatures: Iterable[str]) -> list[sql.Composed]:
    """Statements that drop functions of earlier versions, given as ``name(types)``."""
    place = sql.Identifier(schema)
    return [sql.SQL("DROP FUNCTION IF EXISTS {}.{}").format(place, sql.SQL(signature)) for signature in signatures]


def functions_query(schema: str, names: Iterable[str]) -> sql.Composed:
    """The catalog query for functions by name in a schema."""
    return load_sql("functions").format(schema=sql.Literal(schema), names=sql.Literal(list(names)))
