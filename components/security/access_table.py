"""Who can do what with the secret store and the run ledger, as data: role x object x action. Pure.

docs/security.md holds this table (``python -m components.security.access_table`` prints it, with the file as argument
puts it there), and a test logs in as each role and tries every cell against a real server. What is allowed is listed;
the rest is no.
"""

import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from components.objects import run_ledger, secret_store
from components.objects.functions import Function
from components.objects.our_functions import LEDGER_FUNCTIONS, ROTATION_FUNCTIONS, STORE_FUNCTIONS
from components.objects.secret_store import VALUES
from components.values.choices import StoreKind
from components.values.generated_part import print_or_renew, renewed_between

STORES: tuple[StoreKind, ...] = ("table", "vault")

TABLES = (*secret_store.TABLES, *run_ledger.TABLES)

TABLE_ACTIONS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")

VAULT_VIEW = "vault.decrypted_secrets"
"""Supabase's own view; in the table for what it opens to whom."""

BEGIN = "<!-- the table: python -m components.security.access_table -->\n"
END = "<!-- end of the table -->\n"
"""Between these lines docs/security.md holds it."""

OWNER = "SET ROLE <owner>"
"""The way to everything: becoming the role that owns all of it."""


class Answer(StrEnum):
    """What comes of trying."""

    YES = "yes"
    NO = "no"
    NO_ROW = "no row"
    """The privilege is there, row level security lets no row through."""
    REFERENCES = "references"
    """Rows come, but what they hold as value is only a name of it in Vault."""


class Role(NamedTuple):
    """A role as the table's column; ``told`` says who that is."""

    name: str
    told: str


ROLES = (
    Role("PUBLIC", "what every role has"),
    Role("anon", "requests without a signed-in user"),
    Role("authenticated", "requests of a signed-in user"),
    Role("service_role", "requests with a secret key; BYPASSRLS"),
    Role("authenticator", "the login of the Data API, before its SET ROLE to one of the three; NOINHERIT"),
    Role("stranger", "any other role with LOGIN"),
    Role("reader", "a member of pg_read_all_data"),
    Role("bypassing reader", "the same with BYPASSRLS, as Supabase's own supabase_read_only_user"),
    Role("operator", "a role that is configured to rotate"),
    Role("owner", "the login that deploys, Supabase's postgres"),
)


class Cell(NamedTuple):
    """One thing to try; ``object`` is a table, a function's ``name(types)``, VAULT_VIEW or OWNER."""

    role: str
    object: str
    action: str


class AccessRule(NamedTuple):
    """An answer for a role, some objects and some actions; a later rule overrides an earlier one."""

    role: str
    objects: Iterable[str]
    actions: Iterable[str]
    answer: Answer
    stores: tuple[StoreKind, ...] = STORES


def called(function: Function) -> str:
    """A function as the table names it: ``get_secret(text)``."""
    return f"{function.name}({function.argument_types})"


FUNCTIONS = {
    called(function): function for function in (*STORE_FUNCTIONS, *LEDGER_FUNCTIONS, *ROTATION_FUNCTIONS.values())
}
FOR_OPERATORS = tuple(called(function) for function in ROTATION_FUNCTIONS.values())

ALLOWED = (
    AccessRule("reader", TABLES, ("SELECT",), Answer.NO_ROW),
    AccessRule("bypassing reader", TABLES, ("SELECT",), Answer.YES),
    AccessRule("bypassing reader", VALUES, ("SELECT",), Answer.REFERENCES, ("vault",)),
    AccessRule("reader", run_ledger.VIEWS, ("SELECT",), Answer.NO_ROW),
    AccessRule("bypassing reader", run_ledger.VIEWS, ("SELECT",), Answer.YES),
    AccessRule("operator", FOR_OPERATORS, ("EXECUTE",), Answer.YES),
    AccessRule("owner", TABLES, TABLE_ACTIONS, Answer.YES),
    AccessRule("owner", VALUES, ("SELECT",), Answer.REFERENCES, ("vault",)),
    AccessRule("owner", run_ledger.VIEWS, ("SELECT",), Answer.YES),
    AccessRule("owner", FUNCTIONS, ("EXECUTE",), Answer.YES),
    AccessRule("owner", (OWNER,), ("SET ROLE",), Answer.YES),
    # Supabase's own grants on Vault; authenticator has them after SET ROLE service_role alone
    AccessRule("service_role", (VAULT_VIEW,), ("SELECT",), Answer.YES, ("vault",)),
    AccessRule("owner", (VAULT_VIEW,), ("SELECT",), Answer.YES, ("vault",)),
)


def actions(store: StoreKind) -> Iterator[tuple[str, str]]:
    """Every (object, action) of a store, in the table's order."""
    for table in TABLES:
        yield from ((table, action) for action in TABLE_ACTIONS)
    yield from ((view, "SELECT") for view in run_ledger.VIEWS)
    for function in (*FOR_OPERATORS, *(name for name in FUNCTIONS if name not in FOR_OPERATORS)):
        yield function, "EXECUTE"
    if store == "vault":
        yield VAULT_VIEW, "SELECT"
    yield OWNER, "SET ROLE"


def access(store: StoreKind) -> dict[Cell, Answer]:
    """The whole table of a store: an answer for each role, object and action."""
    table = {Cell(role.name, *each): Answer.NO for role in ROLES for each in actions(store)}
    for rule in ALLOWED:
        if store in rule.stores:
            table |= {Cell(rule.role, name, action): rule.answer for name in rule.objects for action in rule.actions}
    return table


class Line(NamedTuple):
    """A line of the printed table: objects and actions with the same answers, one a role."""

    objects: tuple[str, ...]
    actions: tuple[str, ...]
    answers: tuple[Answer, ...]


def lines(store: StoreKind) -> list[Line]:
    """The table with what is alike put together: actions of an object first, then objects."""
    table = access(store)
    found: dict[tuple[tuple[str, ...], tuple[Answer, ...]], tuple[str, ...]] = {}
    for name, group in groupby(actions(store), key=lambda each: each[0]):
        alike: dict[tuple[Answer, ...], tuple[str, ...]] = {}
        for _, action in group:
            answers = tuple(table[Cell(role.name, name, action)] for role in ROLES)
            alike[answers] = (*alike.get(answers, ()), action)
        for answers, doing in alike.items():
            found[doing, answers] = (*found.get((doing, answers), ()), name)
    return [Line(objects, doing, answers) for (doing, answers), objects in found.items()]


def summary(store: StoreKind, rotators: Iterable[str]) -> dict[str, str]:
    """Who may do something with each object, in one line for a stack's outputs; operators by their names."""
    told: dict[str, list[str]] = {}
    operators = list(rotators)
    for line in lines(store):
        who = [
            name if answer is Answer.YES else f"{name} ({answer})"
            for role, answer in zip(ROLES, line.answers, strict=True)
            if answer is not Answer.NO
            for name in (operators if role.name == "operator" else [role.name])
        ]
        for each in line.objects:
            told.setdefault(each, []).append(f"{', '.join(line.actions)}: {', '.join(who)}")
    return {each: "; ".join(parts) for each, parts in told.items()}


def markdown() -> str:
    """The tables of both stores, for docs/security.md."""
    told = [f"- **{role.name}**: {role.told}" for role in ROLES]
    titles = {"table": "Values in the store's tables (`store: table`)", "vault": "Values in Vault (`store: vault`)"}
    parts = ["\n".join(told)]
    for store in STORES:
        head = ["object", "action", *(role.name for role in ROLES)]
        rows = [head, ["---"] * len(head), *(_cells(line) for line in lines(store))]
        parts.append(f"### {titles[store]}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows))
    return "\n\n".join(parts) + "\n"


def _cells(line: Line) -> list[str]:
    objects = "<br>".join(f"`{name}`" for name in line.objects)
    return [objects, ", ".join(line.actions), *(each if each is Answer.NO else f"**{each}**" for each in line.answers)]


def renewed(document: str) -> str:
    """A document with today's table between its two marks. Raises ValueError where it has none."""
    return renewed_between(document, BEGIN, END, markdown())


if __name__ == "__main__":
    print_or_renew(sys.argv[1:], markdown, renewed)
