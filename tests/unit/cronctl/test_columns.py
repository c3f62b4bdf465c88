"""How wide the columns of a table are."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from cronctl.columns import widths

JOBS = ("job", "schedule", "next run", "last run", "verdict")
ROWS = [
    ("run-escalation-orchestration", "*/15 * * * *", "11-29 01:00\n10:00 JST", "11-28 01:00", "no run yet"),
    ("notification-worker", "* * * * *", "paused", "", "failed (401) x20+, 1 on the way"),
]


def test_what_fits_is_as_wide_as_it_is() -> None:
    assert widths(JOBS, ROWS, 200) == [28, 12, 11, 11, 31]


def test_names_and_times_stay_whole_at_80_columns() -> None:
    found = widths(JOBS, ROWS, 80)
    assert found is not None
    assert (found[:4], sum(found) + 8) == ([28, 12, 11, 11], 80)


def test_names_come_before_other_words_where_room_is_short() -> None:
    row = ("a-job-with-a-name-of-forty-characters-it", "0 0 1 1 *", "11-29 01:00", "11-28 01:00", "timed_out (504)")
    found = widths(JOBS, [row], 80)
    assert found is not None
    assert found[:2] == [40, 9]
    assert sum(found) + 8 == 80


def test_where_nothing_helps_the_terminal_decides() -> None:
    assert widths(JOBS, [("j" * 90, "0 0 1 1 *", "", "", "ok")], 80) is None


@pytest.mark.parametrize("room", [73, 80, 100, 140])
def test_a_table_of_these_widths_breaks_between_words_alone(room: int) -> None:
    found = widths(JOBS, ROWS, room)
    assert found is not None
    out = io.StringIO()
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for title, width in zip(JOBS, found, strict=True):
        table.add_column(title, width=width, overflow="fold")
    for row in ROWS:
        table.add_row(*row)
    Console(file=out, width=room).print(table)
    for name, schedule, *_ in ROWS:
        assert any(line.startswith(name) and schedule in line for line in out.getvalue().splitlines()), out.getvalue()
    assert max(map(len, out.getvalue().splitlines())) <= room
