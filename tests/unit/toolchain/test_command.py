"""Failures become one sentence, talk goes to the log, and no child is left."""

from pathlib import Path

import pytest

from toolchain.command import Commands, last_words
from toolchain.errors import ToolchainError
from toolchain.progress import Step


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path / "build.log", {"PATH": "/usr/bin:/bin", "GREETING": "hello"})


def test_output_is_returned_and_kept_in_the_log(commands: Commands, tmp_path: Path) -> None:
    script = 'echo "$GREETING $NAME"; echo aside >&2; pwd'
    said = commands.run(Step("saying"), ["sh", "-c", script], advice="", env={"NAME": "Ann"}, cwd=tmp_path)
    assert said == f"hello Ann\n{tmp_path}\n"
    assert (tmp_path / "build.log").read_text() == f"\n$ sh -c {script}\naside\nhello Ann\n{tmp_path}\n"


def test_a_failure_says_what_why_and_what_to_do(commands: Commands, tmp_path: Path) -> None:
    script = "echo 'ERROR: no route' >&2; echo 'note: bye' >&2; exit 3"
    with pytest.raises(ToolchainError) as failure:
        commands.run(Step("fetching"), ["sh", "-c", script], advice="check the network")
    log = tmp_path / "build.log"
    assert str(failure.value) == (
        f"fetching failed (exit code 3): ERROR: no route: check the network; all of it is in {log}"
    )


def test_a_killed_compiler_points_at_memory(commands: Commands) -> None:
    with pytest.raises(ToolchainError, match=r"compiling failed \(signal 9, out of memory\?\)"):
        commands.run(Step("compiling"), ["sh", "-c", "kill -9 $$"], advice="")
    with pytest.raises(ToolchainError, match=r"\(exit code 1, out of memory\?\)"):
        commands.run(Step("compiling"), ["sh", "-c", "echo x: signal: killed >&2; exit 1"], advice="")


def test_a_missing_program_is_a_sentence_too(commands: Commands) -> None:
    with pytest.raises(ToolchainError, match=r"^asking failed: .*no-such-program.*: install it$"):
        commands.run(Step("asking"), ["no-such-program"], advice="install it")


def test_an_interruption_ends_the_grandchildren(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        if (tmp_path / "pid").exists():
            raise KeyboardInterrupt

    step = Step("compiling")
    monkeypatch.setattr(step, "tick", interrupt)
    script = f"(echo $$ > {tmp_path}/pid; sleep 60); true"
    with pytest.raises(KeyboardInterrupt):
        commands.run(step, ["sh", "-c", script], advice="")
    pid = (tmp_path / "pid").read_text().strip()
    assert not Path("/proc", pid).exists()


def test_detail_sees_what_this_command_wrote_alone(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    commands.run(Step("before"), ["sh", "-c", "echo earlier >&2"], advice="")
    details: list[str] = []
    step = Step("now")
    monkeypatch.setattr(step, "tick", details.append)
    commands.run(step, ["sh", "-c", "echo one >&2; sleep 0.7"], advice="", detail=lambda written: written)
    assert details == ["one\n"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", ""),
        ("one\n\n", "one: "),
        ("go: error loading module\nexit status 1\n", "go: error loading module: "),
        ("x" * 400, "x" * 300 + ": "),
    ],
)
def test_last_words(written: str, words: str) -> None:
    assert last_words(written) == words
