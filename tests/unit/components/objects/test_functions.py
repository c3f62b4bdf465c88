"""Every SQL function is written so that its callers cannot turn it."""

import re
from pathlib import Path

import pytest

from components.objects.functions import Function
from components.objects.our_functions import LEDGER_FUNCTIONS, ROTATION_FUNCTIONS, STORE_FUNCTIONS

SQL = Path(__file__).parents[4] / "components/sql"
FUNCTIONS = (*STORE_FUNCTIONS, *LEDGER_FUNCTIONS, *ROTATION_FUNCTIONS.values())
PINNED = (
    "plan_cache_mode=force_generic_plan",
    "debug_print_parse=off",
    "debug_print_rewritten=off",
    "debug_print_plan=off",
)
HOLDS_A_VALUE = re.compile(r"(?<!AS )\b(?:new_value|previous|p_value|NEW\.value)\b(?![.'])")
"""The names of variables that hold a secret's value, in the statements of a function."""


def files() -> list[Path]:
    return [path for path in SQL.rglob("*.sql") if "\nCREATE OR REPLACE FUNCTION" in path.read_text(encoding="utf-8")]


def test_every_file_of_a_function_is_one_of_ours() -> None:
    assert {path.stem for path in files()} == {function.name for function in FUNCTIONS}


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_a_function_names_pg_temp_last(path: Path) -> None:
    head, _, body = path.read_text(encoding="utf-8").partition("AS $body$")
    assert "\nSET search_path = pg_catalog, pg_temp\n" in head
    assert "search_path" not in body


def test_no_file_has_the_path_that_callers_can_turn() -> None:
    assert [path.name for path in SQL.rglob("*.sql") if re.search(r"search_path *(?:=|TO) *''", path.read_text())] == []


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_what_holds_a_value_in_a_statement_pins_what_would_print_it(function: Function) -> None:
    body = re.sub(r"--.*", "", function.body("public"))
    executed = re.findall(
        r"(?:INSERT|UPDATE|SELECT|DELETE|PERFORM|EXECUTE)\b[^;]*;|:= [^;]*\bcreate_secret\b[^;]*;", body
    )
    pinned = tuple(setting for setting in function.settings if setting.startswith(("plan_cache", "debug")))
    assert pinned in {(), PINNED}
    if any(HOLDS_A_VALUE.search(statement) for statement in executed):
        assert pinned == PINNED
    assert not re.search(r"EXECUTE .*\n?.*USING (?!made_up;)", body), "EXECUTE plans with its parameters as constants"
