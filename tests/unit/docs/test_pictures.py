"""The README's pictures: what is drawn of a terminal, and that the files are pictures."""

import struct

import pytest

from docs.pictures import IMAGES, terminal


def test_a_terminal_shows_the_whole_line_in_its_colours() -> None:
    drawn = terminal("cronctl status", "\x1b[32mjob_run_details\x1b[0m ok\n")
    assert "job_run_details" in drawn
    assert "status" in drawn
    assert "\x1b" not in drawn
    assert "-line-0)" not in drawn, "a cut for another font takes underscores away"


@pytest.mark.parametrize("name", ["status.png", "report.png"])
def test_a_picture_is_one_that_a_page_shows_as_it_is(name: str) -> None:
    data = (IMAGES / name).read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack("!II", data[16:24])
    assert 800 <= width <= 1200
    assert 200 <= height <= 1000
    assert len(data) < 300_000
