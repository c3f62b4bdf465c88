"""A terminal gets a line that renews itself, anything else a line now and then."""

import io
import time

import pytest

from toolchain.progress import SLOW_PACE, Step


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", made.monotonic)
    return made


def test_away_from_a_terminal_it_speaks_at_a_modest_pace(clock: Clock) -> None:
    out = io.StringIO()
    with Step("compiling", "once", out=out) as step:
        for _ in range(60):
            clock.now += 1
            step.tick("5 of 9")
    first, *between, last = out.getvalue().splitlines()
    assert first == "toolchain: compiling (once) ..."
    assert between == ["toolchain: compiling: 5 of 9, 25 s", "toolchain: compiling: 5 of 9, 50 s"]
    assert last == "toolchain: compiling: done, 60 s"
    assert SLOW_PACE == 25


def test_on_a_terminal_one_line_renews_itself(clock: Clock) -> None:
    out = Terminal()
    with Step("compiling", out=out) as step:
        clock.now += 1
        step.tick()
        step.tick()
    assert out.getvalue().count("\n") == 1
    assert out.getvalue().split("\r\x1b[K")[1:] == [
        "toolchain: compiling ...",
        "toolchain: compiling: 1 s",
        "toolchain: compiling: done, 1 s\n",
    ]


@pytest.mark.parametrize("out", [io.StringIO(), Terminal()])
def test_after_a_failed_step_the_next_word_is_on_a_line_of_its_own(out: io.StringIO) -> None:
    with pytest.raises(RuntimeError), Step("compiling", out=out):
        raise RuntimeError
    assert out.getvalue().endswith(" ...\n")
    assert "done" not in out.getvalue()
