"""How the columns of a table share a line."""

import pytest

from cronctl.columns import cell_len, widths, wrapped

JOBS = ("job", "schedule", "next run", "last run", "verdict")
ROWS = [
    ("run-escalation-orchestration", "*/15 * * * *", "11-29 01:00\n10:00 JST", "11-28 01:00", "no run yet"),
    ("notification-worker", "* * * * *", "paused", "", "failed (401) x20+, 1 on the way"),
]


def test_what_fits_is_as_wide_as_it_is() -> None:
    assert widths(JOBS, ROWS, 200) == [28, 12, 11, 11, 31]


def test_names_and_times_stay_whole_at_80_columns() -> None:
    found = widths(JOBS, ROWS, 80)
    assert (found[:4], sum(found) + 8) == ([28, 12, 11, 11], 80)


def test_names_come_before_other_words_where_room_is_short() -> None:
    row = ("a-job-with-a-name-of-forty-characters-it", "0 0 1 1 *", "11-29 01:00", "11-28 01:00", "timed_out (504)")
    found = widths(JOBS, [row], 80)
    assert found[:2] == [40, 9]
    assert sum(found) + 8 == 80


def test_where_nothing_helps_the_widest_give_way() -> None:
    found = widths(JOBS, [("j" * 90, "0 0 1 1 *", "", "", "ok")], 80)
    assert (found, sum(found) + 8) == ([40, 9, 8, 8, 7], 80)
    assert widths(JOBS, ROWS, 10) == [1, 1, 1, 1, 1], "there is something of each, even where there is no room"


@pytest.mark.parametrize("room", [73, 80, 100, 140])
def test_a_table_of_these_widths_breaks_between_words_alone(room: int) -> None:
    found = widths(JOBS, ROWS, room)
    for row in ROWS:
        lines = [wrapped(cell, width) for cell, width in zip(row, found, strict=True)]
        assert lines[:2] == [[row[0]], [row[1]]]
        assert [" ".join(parts) for parts in lines] == [" ".join(cell.split("\n")) for cell in row]
    assert sum(found) + 8 <= room


@pytest.mark.parametrize(
    ("cell", "width", "lines"),
    [
        ("", 5, [""]),
        ("one two", 7, ["one two"]),
        ("one two", 6, ["one", "two"]),
        ("one  two three", 8, ["one  two", "three"]),
        ("a\n\nb", 5, ["a", "", "b"]),
        ("abcdefgh ij", 3, ["abc", "def", "gh", "ij"]),
        ("x abcdefgh", 3, ["x", "abc", "def", "gh"]),
        ("日本語", 4, ["日本", "語"]),
        ("日本語", 1, ["日", "本", "語"]),
        ("  indented", 10, ["  indented"]),
    ],
)
def test_a_cell_is_wrapped(cell: str, width: int, lines: list[str]) -> None:
    assert wrapped(cell, width) == lines


@pytest.mark.parametrize(("text", "cells"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("→ ≤ €", 5), ("⚡", 2)])
def test_how_many_cells_a_text_takes(text: str, cells: int) -> None:
    assert cell_len(text) == cells
