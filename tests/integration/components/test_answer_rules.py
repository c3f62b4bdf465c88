"""Rules of answers that are read out of scripts: PostgreSQL finds of a document what jq finds."""

import json
import shutil
import subprocess

import psycopg
import pytest

from components.workflows.jq_filter import equals, negated, predicate

JQ = shutil.which("jq")
DOCUMENTS: list[dict[str, object]] = [
    {"success": True, "state": "done", "count": 3, "data": {"ok": True}, "error": None},
    {"success": False, "state": "stuck", "count": 0, "data": {"ok": False}, "error": "no"},
    {"success": "true", "state": 7, "count": -1.5, "data": {"ok": "yes"}, "error": ""},
    {"success": None, "state": None, "data": {}, "error": False},
    {"success": 0, "data": {"ok": 0}},
    {},
]
FILTERS = [
    ".success == true",
    ".success != true",
    ".success",
    ".data.ok",
    ".count > 0",
    ".count >= 3 and .success == true",
    '.state == "done" or .count == 0',
    '(.state == "done" or .state == "stuck") and .data.ok == true',
    ".error == null",
    ".error != null",
    '.error != "no"',
    '.data["ok"] == false',
    '."success" == null',
]
TEXTS = [
    (path, text) for path in (".success", ".state", ".error", ".data.ok") for text in ("true", "false", "null", "done")
]
OTHERWISE = [
    *((f".{name} // empty", text) for name in ("success", "error", "state") for text in ("", "true", "no")),
    *((".success // false", text) for text in ("true", "false")),
    *(('.state // "none"', text) for text in ("none", "done")),
]

pytestmark = pytest.mark.skipif(JQ is None, reason="jq is the oracle")


def found(conninfo: str, rule: str, document: object) -> bool:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(
            "SELECT jsonb_path_match(%s::text::jsonb, %s::text::jsonpath, silent => true)", [json.dumps(document), rule]
        ).fetchone()
    return bool(row and row[0])


def jq(document: object, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(JQ), *words], input=json.dumps(document), capture_output=True, text=True, check=False)


def may_be_compared(filter_: str, document: dict[str, object]) -> bool:
    """jq orders values of different types, as no path does: only numbers are compared with numbers."""
    return not any(mark in filter_ for mark in ("<", ">")) or isinstance(document.get("count"), int | float)


@pytest.mark.parametrize("filter_", FILTERS)
def test_a_filter_holds_where_its_rule_holds(filter_: str, conninfo: str) -> None:
    for document in DOCUMENTS:
        if may_be_compared(filter_, document):
            holds = jq(document, "-e", filter_).returncode == 0
            assert found(conninfo, predicate(filter_), document) is holds, document
            assert found(conninfo, negated(predicate(filter_)), document) is not holds, document


@pytest.mark.parametrize(("filter_", "text"), [*TEXTS, *OTHERWISE])
def test_what_jq_prints_is_what_its_rule_finds(filter_: str, text: str, conninfo: str) -> None:
    for document in DOCUMENTS:
        printed = jq(document, "-r", filter_).stdout.rstrip("\n")
        assert found(conninfo, equals(filter_, text), document) is (printed == text), (document, printed)
