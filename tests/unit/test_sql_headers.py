"""Every SQL function says before its definition what it does, who calls it, what it locks and what it raises."""

from pathlib import Path

import pytest

SQL = Path(__file__).parents[2] / "components/sql"
DEFINITION = "\nCREATE OR REPLACE FUNCTION"
LABELS = ("-- Called by: ", "-- Locks: ", "-- Raises: ")
LONGEST = 120


def headers() -> dict[str, list[str]]:
    """The lines before each function's definition, by its file's name."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(SQL.rglob("*.sql"))}
    return {name: text.partition(DEFINITION)[0].splitlines() for name, text in texts.items() if DEFINITION in text}


HEADERS = headers()


def test_there_are_functions() -> None:
    assert HEADERS


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header_is_comment_lines_that_are_not_too_long(header: list[str]) -> None:
    assert [line for line in header if not line.startswith("-- ") or len(line) > LONGEST] == []


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header_begins_with_what_the_function_does(header: list[str]) -> None:
    assert header
    assert not header[0].startswith(LABELS)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_header_has_each_label_once_with_something_after_it(header: list[str], label: str) -> None:
    (line,) = [line for line in header if line.startswith(label.rstrip())]
    assert line.removeprefix(label).strip() not in {"", line}
