"""Statements with their parameters written out read as psycopg would have bound them."""

import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from components.declaration.migration import written_out


@pytest.mark.parametrize(
    ("text", "parameters", "written"),
    [
        ("SELECT 5 % 2, '%(x)s'", None, "SELECT 5 % 2, '%(x)s'"),
        ("SELECT 5 %% 2, %(x)s", {"x": 1}, "SELECT 5 % 2, 1"),
        ("SELECT %(x)s, %(x)s", {"x": "it's %(y)s"}, "SELECT 'it''s %(y)s', 'it''s %(y)s'"),
        ("SELECT %(x)s", {"x": None}, "SELECT NULL"),
        ("SELECT %(x)s", {"x": "back\\slash"}, "SELECT  E'back\\\\slash'"),
        ("SELECT %(x)s", {"x": Jsonb({"a": "'"})}, "SELECT '{\"a\": \"''\"}'::jsonb"),
    ],
)
def test_parameters_become_literals(text: str, parameters: dict[str, object] | None, written: str) -> None:
    assert written_out(sql.SQL(text), parameters) == written
