from datetime import UTC, datetime, timedelta

import pytest

from components.schedule.timetable import Collision, Span
from cronctl.report_words import ago, marked_code, milliseconds, share, size, span_title, stretches, when

NOW = datetime(2026, 11, 25, 13, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [({}, None), ({"skipped": 1, "queued": 2}, None), ({"ok": 3}, 100.0), ({"ok": 99_999, "failed": 1}, 99.9)],
)
def test_only_all_are_a_hundred_percent(counts: dict[str, int], expected: float | None) -> None:
    assert share(counts) == expected


def test_texts_are_escaped_and_commands_become_code() -> None:
    assert marked_code("run `pulumi <up>` & <b>") == "run <code>pulumi &lt;up&gt;</code> &amp; &lt;b&gt;"


def test_units() -> None:
    assert [milliseconds(each) for each in (None, 0, 940, 1000, 1234, 100_000)] == [
        *("", "0 ms", "940 ms", "1 s", "1.2 s", "100 s")
    ]
    assert [size(each) for each in (0, 16384, 3 * 2**20, 2**31)] == ["0 KiB", "16 KiB", "3.0 MiB", "2.0 GiB"]
    assert [ago(each) for each in (-1, 12.4, 600, 7200, 200_000)] == ["0 s", "12 s", "10 min", "2 h", "2 d"]
    assert stretches()[0] == "below 10 ms"
    assert stretches()[-1] == "100 s or more"


def test_times_of_jobs_that_meet() -> None:
    all_days = ("Wed", "Thu", "Fri", "Sat", "Sun", "Mon", "Tue")
    assert when(Collision(("a", "b"), ("02:00",), all_days, NOW)) == "02:00 daily"
    assert when(Collision(("a", "b"), ("02:00", "03:00"), ("Sat", "Sun"), NOW)) == "02:00, 03:00 Sat and Sun"
    many = tuple(f"{hour:02}:00" for hour in range(24))
    assert (
        when(Collision(("a", "b"), many, all_days, NOW))
        == "00:00, 01:00, 02:00, 03:00, 04:00, 05:00 and 18 more times daily"
    )


def test_spans_say_when() -> None:
    assert span_title(Span(NOW, NOW, 1)) == "13:30"
    assert span_title(Span(NOW, NOW + HOUR, 7)) == "13:30 to 14:30: 7 runs"
    assert span_title(Span(NOW, NOW + HOUR, 0)) == "all day"
