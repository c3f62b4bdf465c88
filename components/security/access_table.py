"""The table of access as data: who can do what with the secret store and the run ledger, role x object x action. Pure.

docs/security.md holds this table: ``python -m components.security.access_table`` prints it, with the file as argument
it renews the file. A test logs in as each role and tries every cell on a real server. ALLOWED lists what a role can do;
every other cell is no.
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
"""Supabase's own view, which shows values to some roles."""

BEGIN = "<!-- the table: python -m components.security.access_table -->\n"
END = "<!-- end of the table -->\n"
"""The lines around the table in docs/security.md."""

OWNER = "SET ROLE <owner>"
"""The object of the action SET ROLE: the owner, who can do everything."""


class Answer(StrEnum):
    """The result of trying an action."""

    YES = "yes"
    NO = "no"
    NO_ROW = "no row"
    """The role has the privilege, and row level security lets no row through."""
    REFERENCES = "references"
    """The role reads rows, whose value is only a reference to Vault."""


class Role(NamedTuple):
    """A role as a column of the table."""

    name: str
    description: str


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
    """A cell of the table; ``object`` is a table, a function's ``name(types)``, VAULT_VIEW or OWNER."""

    role: str
    object: str
    action: str


class AccessRule(NamedTuple):
    """The answer for a role, objects and actions; a later rule overrides an earlier one."""

    role: str
    objects: Iterable[str]
    actions: Iterable[str]
    answer: Answer
    stores: tuple[StoreKind, ...] = STORES


def called(function: Function) -> str:
    """Return a function's name in the table: ``get_secret(text)``."""
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
    """Yield every (object, action) of a store, in the table's order."""
    for table in TABLES:
        yield from ((table, action) for action in TABLE_ACTIONS)
    yield from ((view, "SELECT") for view in run_ledger.VIEWS)
    for function in (*FOR_OPERATORS, *(name for name in FUNCTIONS if name not in FOR_OPERATORS)):
        yield function, "EXECUTE"
    if store == "vault":
        yield VAULT_VIEW, "SELECT"
    yield OWNER, "SET ROLE"


def access(store: StoreKind) -> dict[Cell, Answer]:
    """Return the table of a store: an answer for each role, object and action."""
    table = {Cell(role.name, name, action): Answer.NO for role in ROLES for name, action in actions(store)}
    for rule in ALLOWED:
        if store in rule.stores:
            table |= {Cell(rule.role, name, action): rule.answer for name in rule.objects for action in rule.actions}
    return table


class Line(NamedTuple):
    """A line of the printed table: objects and actions with the same ``answers``, one for each of ROLES."""

    objects: tuple[str, ...]
    actions: tuple[str, ...]
    answers: tuple[Answer, ...]


def lines(store: StoreKind) -> list[Line]:
    """Return the table of a store as lines: actions with the same answers are merged first, then objects."""
    table = access(store)
    merged: dict[tuple[tuple[str, ...], tuple[Answer, ...]], tuple[str, ...]] = {}
    for name, pairs in groupby(actions(store), key=lambda pair: pair[0]):
        of_object: dict[tuple[Answer, ...], tuple[str, ...]] = {}
        for _, action in pairs:
            answers = tuple(table[Cell(role.name, name, action)] for role in ROLES)
            of_object[answers] = (*of_object.get(answers, ()), action)
        for answers, alike in of_object.items():
            merged[alike, answers] = (*merged.get((alike, answers), ()), name)
    return [Line(objects, alike, answers) for (alike, answers), objects in merged.items()]


def summary(store: StoreKind, rotators: Iterable[str]) -> dict[str, str]:
    """Return a line on each object for a stack's outputs: actions and who may do them, ``rotators`` as operators."""
    permissions: dict[str, list[str]] = {}
    operators = list(rotators)
    for line in lines(store):
        who = [
            name if answer is Answer.YES else f"{name} ({answer})"
            for role, answer in zip(ROLES, line.answers, strict=True)
            if answer is not Answer.NO
            for name in (operators if role.name == "operator" else [role.name])
        ]
        for name in line.objects:
            permissions.setdefault(name, []).append(f"{', '.join(line.actions)}: {', '.join(who)}")
    return {name: "; ".join(parts) for name, parts in permissions.items()}


def markdown() -> str:
    """Return the list of roles and the tables of both stores, for docs/security.md."""
    roles = [f"- **{role.name}**: {role.description}" for role in ROLES]
    titles = {"table": "Values in the store's tables (`store: table`)", "vault": "Values in Vault (`store: vault`)"}
    parts = ["\n".join(roles)]
    for store in STORES:
        head = ["object", "action", *(role.name for role in ROLES)]
        rows = [head, ["---"] * len(head), *(_cells(line) for line in lines(store))]
        parts.append(f"### {titles[store]}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows))
    return "\n\n".join(parts) + "\n"


def _cells(line: Line) -> list[str]:
    objects = "<br>".join(f"`{name}`" for name in line.objects)
    answers = (answer if answer is Answer.NO else f"**{answer}**" for answer in line.answers)
    return [objects, ", ".join(line.actions), *answers]


def renewed(document: str) -> str:
    """Return the document with the current table between BEGIN and END. Raises ValueError where it lacks them."""
    return renewed_between(document, BEGIN, END, markdown())


if __name__ == "__main__":
    print_or_renew(sys.argv[1:], markdown, renewed)
