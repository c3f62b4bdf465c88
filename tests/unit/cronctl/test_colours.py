"""Which words stand out in a table."""

import pytest

from cronctl.colours import style_of


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("failed (401) x3", "red"),
        ("timed_out", "red"),
        ("exhausted x2, 1 on the way", "red"),
        ("problem", "red"),
        ("differs", "red"),
        ("not deployed", "yellow"),
        ("cannot tell", "yellow"),
        ("paused", "yellow"),
        ("sent", "yellow"),
        ("ok, 1 on the way", "green"),
        ("in sync", "green"),
        ("skipped", None),
        ("no run yet", None),
        ("", None),
    ],
)
def test_bad_ones_do(text: str, style: str | None) -> None:
    assert style_of(text) == style
