"""Spans of time as people write and read them."""

import pytest

from components.values.duration import in_words, seconds


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", 30),
        ("30 sec", 30),
        ("5m", 300),
        ("5 min", 300),
        ("24h", 86400),
        ("7d", 604800),
        ("2w", 1209600),
        ("1 day", 86400),
        ("2 days", 172800),
        ("1h 30m", 5400),
        ("1 hour, 30 minutes", 5400),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("0.5s", 0.5),
        ("90", 90),
        (" 90 ", 90),
    ],
)
def test_what_is_written(text: str, span: float) -> None:
    assert seconds(text) == span


@pytest.mark.parametrize(
    "text",
    ["", " ", "s", "1y", "5 fortnights", "-5m", "5m 5m", "1h 30", "30 1h", "1e3s", "٣s", "5m!", "infs", "1 h h", "1.s"],
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is no time; write it like 30m, 90s, 24h, 7d or 1 day"):
        seconds(text)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (0.25, "0.25 seconds"),
        (1, "1 second"),
        (30.0, "30 seconds"),
        (60, "1 minute"),
        (90, "1 minute 30 seconds"),
        (5400, "1 hour 30 minutes"),
        (86400, "1 day"),
        (90061, "1 day 1 hour 1 minute 1 second"),
        (0, "0 seconds"),
        (1.5, "1.5 seconds"),
    ],
)
def test_what_is_read(span: float, words: str) -> None:
    assert in_words(span) == words
