"""The command line: its help, its answers, its exit codes."""

import sys

import pytest

from toolchain import __main__ as command_line
from toolchain import available
from toolchain.errors import ToolchainError


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["toolchain", *arguments])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    return command_line.main()


def test_help_names_the_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run(monkeypatch, "--help")
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert "ensure" in said
    assert "status" in said


def test_a_failure_is_one_line_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise ToolchainError("compiling failed: run it again")

    monkeypatch.setattr(available, "ensure", fail)
    assert run(monkeypatch, "ensure") == 1
    assert capsys.readouterr() == ("", "toolchain: compiling failed: run it again\n")


def test_an_interruption_is_not_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(available, "ensure", interrupt)
    assert run(monkeypatch, "ensure") == 130
    assert capsys.readouterr() == ("", "toolchain: interrupted: run it again to go on\n")


def test_status_tells_by_its_exit_code_whether_there_is_an_engine(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(available, "find", lambda _: None)
    assert run(monkeypatch, "status") == 1
    assert "engine  not built yet (3." in capsys.readouterr().out
    monkeypatch.setattr(available, "find", lambda _: "/somewhere")
    assert run(monkeypatch, "status") == 0
    assert "engine  /somewhere\n" in capsys.readouterr().out
