import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.errors import ProcessFailed
from devstack.processes import abandoned, hold, holder, start, stop, wait_ready

DAEMON = """
import pathlib, signal, sys, time
from devstack.processes import hold
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
file = hold(pathlib.Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    return tmp_path / "part.pid"


@pytest.fixture
def daemon(pid_file: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    words = getattr(request, "param", ())
    with subprocess.Popen([sys.executable, "-c", DAEMON, pid_file, *words], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_the_holder_is_the_living_process(daemon: subprocess.Popen[bytes], pid_file: Path) -> None:
    assert holder(pid_file) == daemon.pid == int(pid_file.read_text())
    with pytest.raises(ProcessFailed, match=f"is held by process {daemon.pid}"):
        hold(pid_file)
    daemon.kill()
    daemon.wait()
    assert holder(pid_file) is None


def test_a_pid_that_was_used_again_is_not_believed(pid_file: Path) -> None:
    pid_file.write_text(f"{os.getppid()}\n")
    assert holder(pid_file) is None
    assert stop(pid_file) is False


def test_no_file_is_no_process(pid_file: Path) -> None:
    assert holder(pid_file) is None
    assert stop(pid_file) is False


def test_stop_ends_it(daemon: subprocess.Popen[bytes], pid_file: Path) -> None:
    assert stop(pid_file) is True
    assert daemon.wait(5) < 0


@pytest.mark.parametrize("daemon", [("stubborn",)], indirect=True)
def test_stop_kills_what_does_not_listen(
    daemon: subprocess.Popen[bytes], pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devstack.processes.STOP_SECONDS", 0.3)
    assert stop(pid_file) is True
    assert daemon.wait(5) == -9


def test_a_daemon_that_fails_is_said_with_its_log(
    tmp_path: Path, pid_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devstack.processes.START_SECONDS", 3)
    start("devstack.receiver", tmp_path / "nothing", tmp_path / "log")
    with pytest.raises(ProcessFailed, match=r"the part did not start(.|\n)*holds no stack"):
        wait_ready(pid_file, tmp_path / "log", lambda: True)


def test_a_daemon_learns_that_its_file_is_gone(pid_file: Path) -> None:
    async def watch() -> bool:
        with hold(pid_file) as held:
            watching = asyncio.create_task(abandoned(pid_file, held, every=0.01))
            await asyncio.sleep(0.05)
            before = watching.done()
            pid_file.unlink()
            pid_file.touch()
            await asyncio.wait_for(watching, 5)
            return before

    assert asyncio.run(watch()) is False
