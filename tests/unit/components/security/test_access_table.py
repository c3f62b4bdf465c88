"""The access table as data: whole, with no rule that says nothing, and the same in docs/security.md."""

from pathlib import Path

import pytest

from components.objects.our_functions import LEDGER_FUNCTIONS, ROTATION_FUNCTIONS, STORE_FUNCTIONS
from components.objects.run_ledger import VIEWS
from components.objects.secret_store import VALUES
from components.security.access_table import (
    ALLOWED,
    FOR_OPERATORS,
    OWNER,
    ROLES,
    STORES,
    TABLES,
    VAULT_VIEW,
    Answer,
    Cell,
    access,
    actions,
    called,
    lines,
    renewed,
    summary,
)
from components.values.choices import StoreKind

DOCUMENT = Path(__file__).parents[4] / "docs" / "security.md"


@pytest.mark.parametrize("store", STORES)
def test_every_object_has_an_answer_for_every_role(store: StoreKind) -> None:
    table = access(store)
    objects = {cell.object for cell in table}
    ours = {*TABLES, *VIEWS, *map(called, (*STORE_FUNCTIONS, *LEDGER_FUNCTIONS, *ROTATION_FUNCTIONS.values()))}
    assert objects == ours | {OWNER} | ({VAULT_VIEW} if store == "vault" else set())
    assert len(table) == len(ROLES) * len({(cell.object, cell.action) for cell in table})


@pytest.mark.parametrize("store", STORES)
def test_every_rule_speaks_of_cells_that_there_are(store: StoreKind) -> None:
    table = access(store)
    for rule in ALLOWED:
        if store in rule.stores:
            assert {Cell(rule.role, name, action) for name in rule.objects for action in rule.actions} <= table.keys()


@pytest.mark.parametrize("role", ["PUBLIC", "anon", "authenticated", "authenticator", "stranger"])
def test_who_may_do_nothing(role: str) -> None:
    assert {answer for store in STORES for cell, answer in access(store).items() if cell.role == role} == {Answer.NO}


def test_an_operator_rotates_and_sees_no_value() -> None:
    yes = {cell.object for cell, answer in access("table").items() if cell.role == "operator" and answer != Answer.NO}
    assert yes == set(FOR_OPERATORS)


def test_nobody_but_the_owner_becomes_the_owner() -> None:
    assert [cell.role for cell, answer in access("vault").items() if cell.object == OWNER and answer != Answer.NO] == [
        "owner"
    ]


def test_the_vault_store_shows_references() -> None:
    for role in ("bypassing reader", "owner"):
        assert {access("vault")[Cell(role, table, "SELECT")] for table in VALUES} == {Answer.REFERENCES}


@pytest.mark.parametrize("store", STORES)
def test_the_lines_say_what_the_table_says(store: StoreKind) -> None:
    printed = {
        Cell(role.name, name, action): answer
        for line in lines(store)
        for name in line.objects
        for action in line.actions
        for role, answer in zip(ROLES, line.answers, strict=True)
    }
    assert printed == access(store)


def test_the_document_has_the_table_of_today() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == renewed(text), "run: python -m components.security.access_table docs/security.md"


def test_a_document_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        renewed("# Who can do what\n")


def test_the_summary_has_what_is_open_and_names_the_operators() -> None:
    permissions = summary("table", ["cron_operators"])
    assert permissions["rotate_cron_secret(text, text)"] == "EXECUTE: cron_operators, owner"
    assert permissions["cron_secrets"].startswith("SELECT: reader (no row), bypassing reader, owner; INSERT, UPDATE")
    assert set(permissions) == {name for name, _ in actions("table")}
