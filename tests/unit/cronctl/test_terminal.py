"""What a stream shows of styles, and how wide it is."""

import io

import pytest

from cronctl.terminal import columns_of_terminal, styled

VARIABLES = ("FORCE_COLOR", "NO_COLOR", "TERM", "COLUMNS")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("variables", "terminal", "elsewhere"),
    [
        ({}, "\x1b[31mx\x1b[0m", "x"),
        ({"TERM": "xterm-256color"}, "\x1b[31mx\x1b[0m", "x"),
        ({"TERM": "dumb"}, "x", "x"),
        ({"NO_COLOR": "1"}, "x", "x"),
        ({"NO_COLOR": ""}, "\x1b[31mx\x1b[0m", "x"),
        ({"FORCE_COLOR": "1"}, "\x1b[31mx\x1b[0m", "\x1b[31mx\x1b[0m"),
        ({"FORCE_COLOR": ""}, "x", "x"),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, "x", "x"),
    ],
)
def test_a_terminal_shows_colours(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], terminal: str, elsewhere: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (styled("x", "red", Terminal()), styled("x", "red", io.StringIO())) == (terminal, elsewhere)


def test_what_is_bold_has_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert styled("x", "bold", Terminal()) == "\x1b[1mx\x1b[0m"


def test_no_style_and_no_text_are_left_alone() -> None:
    assert (styled("x", None, Terminal()), styled("", "red", Terminal())) == ("x", "")


@pytest.mark.parametrize(("columns", "width"), [("132", 132), ("0", 80), ("wide", 80), ("", 80)])
def test_as_wide_as_the_environment_says(monkeypatch: pytest.MonkeyPatch, columns: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TERM", "dumb")
    assert columns_of_terminal() == width
