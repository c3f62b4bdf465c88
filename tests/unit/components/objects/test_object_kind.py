"""Rows and the live objects in them: which kinds share rows, and what is an object."""

from itertools import product
from typing import Any

from components.objects.all_kinds import KINDS
from components.objects.grants import GrantsKind
from components.objects.object_kind import Objects, Reading, Rows
from components.objects.rotation_function import RotationFunctionKind

UNDO = "public.undo_cron_secret(p_key text)"
ROW: dict[str, Any] = {
    "signature": "undo_cron_secret(p_key text)",
    "name": "undo_cron_secret",
    "schema": "public",
    "owner": "postgres",
    "mine": True,
    "source": "",
    "security_definer": True,
    "volatility": "v",
    "settings": [],
    "returns": "void",
    "result": "void",
    "comment": None,
    "privileges": {"authenticated": ["EXECUTE"]},
    "without_usage": [],
    "object_version": "v1",
}
OVERLOAD = {**ROW, "signature": "undo_cron_secret(p_key integer)", "object_version": "v2"}


def test_kinds_share_a_reading_exactly_where_their_query_is_the_same() -> None:
    for one, other in product(KINDS.values(), repeat=2):
        shared = Reading.of(one, "public") == Reading.of(other, "public")
        assert shared == (one.query("public") == other.query("public")), (one, other)


def test_a_later_reading_is_seen_by_all_kinds_of_the_rows() -> None:
    rows: Rows = Reading.of(GrantsKind(), "public").by_identity([ROW])
    functions, grants = Objects(RotationFunctionKind(), rows), Objects(GrantsKind(), rows)
    assert functions[UNDO].owner == "postgres"
    assert grants[UNDO].grantees == ["authenticated"]
    seen = grants.rows(UNDO)
    functions.replace(UNDO, [{**ROW, "privileges": {}}])
    assert grants[UNDO].grantees == []
    assert seen == [ROW]
    functions.replace(UNDO, [])
    assert grants.get(UNDO) is None
    assert dict(functions) == {}


def test_an_overload_is_part_of_the_rows_and_no_object() -> None:
    functions = Objects(RotationFunctionKind(), Reading.of(RotationFunctionKind(), "public").by_identity([OVERLOAD]))
    assert (list(functions), len(functions), UNDO in functions) == ([], 0, False)
    assert functions.rows(UNDO) == [OVERLOAD]
    both = Objects(RotationFunctionKind(), {UNDO: [ROW, OVERLOAD]})
    assert both[UNDO].signature == ROW["signature"]
    statement = Reading.of(RotationFunctionKind(), "public", UNDO).fail_if_changed(both.rows(UNDO)).as_string()
    assert "v1" in statement
    assert "v2" in statement
