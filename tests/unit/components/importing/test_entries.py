"""Entries go into a catalogue's text, which keeps its comments, its order and its form."""

import re
from typing import Any

import pytest
import yaml

from components.errors import InvalidConfiguration
from components.importing.entries import against_defaults, difference, with_entries

JOB = {"description": "d", "schedule": "*/5 * * * *", "sql": "select 1;\nselect 2"}
SECRET = {"description": 'a "b"', "format": "token"}

TEXTS = {
    "comments": "# top\nsecrets: # s\n  a: {format: token} # c\n\n# the jobs\njobs:\n  b:\n    sql: |\n      x\n\n\n# end\n",
    "jobs first": "jobs:\n    b:\n        tags:\n        - a\n    # after\n# before\nsecrets:\n  a:\n    format: token\n",
    "no secrets": "jobs:\n  b:\n    sql: x # y",
    "defaults alone": "defaults:\n  http: {timeout: 5}\n",
    "comment alone": "# nothing yet\n",
    "folded": "jobs:\n  b:\n    sql: >-\n      x\n      y\n",
    "kept lines": "jobs:\n  b:\n    sql: |+\n      x\n\n",
    "quotes": "jobs:\n  'b: c': {sql: \"x\"}\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_keeps_each_of_its_lines_in_their_order(text: str) -> None:
    written = with_entries(text, {"k": SECRET}, {"new": JOB}, {"new": ["why", "and\nwhat"]})
    assert re.search(r"^( +)# why\n\1# and what\n\1new:\n", written, re.MULTILINE)
    rest = iter(written.splitlines())
    assert all(line in rest for line in text.splitlines())
    before, after = yaml.safe_load(text) or {}, yaml.safe_load(written)
    assert after["jobs"] == {**before.get("jobs", {}), "new": JOB}
    assert after["secrets"] == {**before.get("secrets", {}), "k": SECRET}


@pytest.mark.parametrize(
    "text",
    ["jobs: {}\n", "jobs:\n", "jobs: {b: {sql: x}} # c\n", "{jobs: {b: {sql: x}}}\n", "jobs:\n  b: {sql: x}\n...\n"],
)
def test_a_text_in_another_form_gets_them_too(text: str) -> None:
    before, after = yaml.safe_load(text), yaml.safe_load(with_entries(text, {}, {"new": JOB}))
    assert after == {"jobs": {**(before["jobs"] or {}), "new": JOB}}


@pytest.mark.parametrize(
    "value",
    [
        "yes",
        "on",
        "1.0",
        "0x1F",
        "~",
        "",
        " a",
        "a ",
        "a: b",
        "# a",
        "a #b",
        "{k}",
        "*",
        "\t",
        "a\nb",
        "\na",
        "a\n",
        "a \nb",
        "ü🧹",
        "\u2028",
        "'",
        '"',
        "\\",
        "null",
        "<<",
        "a" * 500,
    ],
)
def test_each_text_is_itself_again(value: str) -> None:
    entry = {"sql": value, value or "empty": [value, None, True, 1.5]}
    assert yaml.safe_load(with_entries(None, {}, {"a": entry}))["jobs"]["a"] == entry


@pytest.mark.parametrize("text", ["jobs: [", "- a\n", "jobs: &a\n  b: *b\n"])
def test_what_is_no_catalogue_is_refused(text: str) -> None:
    with pytest.raises(InvalidConfiguration):
        with_entries(text, {}, {"a": JOB})


def test_a_difference_has_names_and_ends_its_lines() -> None:
    shown = difference("a: 1", "a: 1\nb: 2\n", "jobs.yaml")
    assert shown.startswith("--- jobs.yaml (now)\n+++ jobs.yaml (with --write)\n")
    assert "+b: 2\n" in shown


def test_defaults_are_taken_out_where_an_entry_has_none() -> None:
    defaults: dict[str, Any] = {
        "active": False,
        "http": {"timeout": 5, "auth": {"hmac": "a"}, "retry": {"attempts": 2}},
    }
    entry = {"http": {"timeout": 7, "auth": {"bearer": "b"}}}
    assert against_defaults(entry, defaults) == {
        "active": None,
        "http": {"timeout": 7, "auth": {"bearer": "b", "hmac": None}, "retry": None},
    }
