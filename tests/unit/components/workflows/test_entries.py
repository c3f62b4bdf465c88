"""Entries in the text of a catalogue: what stood there stands there, to the letter."""

import difflib
from pathlib import Path
from typing import Any

import pytest

from components.catalogue.yaml_source import read_source
from components.errors import InvalidConfiguration
from components.workflows.entries import Entry, with_entries

SECRET = Entry("app_key", {"description": "What GitHub has as the secret APP_KEY", "format": "token"})
JOB = Entry(
    "tick",
    {
        "description": "Ticks: often",
        "schedule": "*/5 * * * *",
        "http": {
            "method": "POST",
            "url": "https://app.example.com/{{a}}?b=#c",
            "headers": {"x-key": "{app_key}"},
            "body": {"a": None, "b": [1, 2.5, "1e3", "on", "~", "=", "12:30", "0o7", "1_000"], "c": {}, "d": "ä\n{x}"},
            "success": {"status": ["200-399", 404]},
        },
    },
    ("w.yml:3: a note: with 'marks' # and more",),
)
TEXTS = {
    "empty": "",
    "comments": "# only a comment\n",
    "jobs alone": "jobs:\n  a: # first\n    sql: SELECT 1\n    description: |\n      several\n      lines\n\n# the end\n",
    "in order": "secrets:\n  k:\n    description: x # why\n    format: token\n\ndefaults:\n  http: {timeout: 60}\n\njobs:\n  a: {sql: SELECT 1}\n",
    "wide": "secrets:\n    k: {format: token}\njobs:\n    a:\n        sql: 'SELECT\n          1'\n",
    "without an end of line": "jobs:\n  a:\n    sql: SELECT 1",
    "empty mappings": "secrets: {} # none\njobs: {}\n",
    "nothing in them": "secrets:\njobs:\n",
    "jobs first": "jobs:\n  a:\n    sql: SELECT 1\n\nsecrets:\n  k:\n    format: token\n",
}


def data_of(text: str, folder: Path) -> dict[Any, Any]:
    """The data of a catalogue's text, as a preview reads it."""
    path = folder / "jobs.yaml"
    path.write_text(text, encoding="utf-8")
    return read_source(path).data


@pytest.mark.parametrize("name", TEXTS)
def test_entries_stand_at_the_end_and_nothing_else_changes(name: str, tmp_path: Path) -> None:
    before = TEXTS[name]
    after = with_entries(before, "jobs.yaml", [SECRET], [JOB])
    data = data_of(after, tmp_path)
    there = data_of(before, tmp_path) if ":" in before else {}
    assert data["secrets"] == {**(there.get("secrets") or {}), "app_key": SECRET.value}
    assert list(data["jobs"]) == [*(there.get("jobs") or {}), "tick"]
    assert data["jobs"]["tick"] == JOB.value
    gone = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line.startswith("- ")]
    assert all("{}" in line or line in {"- secrets:", "- jobs:"} for line in gone)
    assert "# w.yml:3: a note: with 'marks' # and more\n" in after


def test_a_second_import_adds_below_the_first(tmp_path: Path) -> None:
    once = with_entries("", "jobs.yaml", [SECRET], [JOB])
    twice = with_entries(once, "jobs.yaml", [SECRET._replace(name="other")], [JOB._replace(name="other")])
    assert twice.startswith(once[: once.index("jobs:")].rstrip("\n"))
    assert list(data_of(twice, tmp_path)["jobs"]) == ["tick", "other"]


@pytest.mark.parametrize("text", ["- a\n", "jobs: [\n", "jobs: {a: {sql: SELECT 1}}\n"])
def test_a_catalogue_that_cannot_be_added_to_is_told(text: str) -> None:
    with pytest.raises(InvalidConfiguration, match=r"^jobs\.yaml: "):
        with_entries(text, "jobs.yaml", [], [JOB])
