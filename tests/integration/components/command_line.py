"""cronctl as a subprocess on a database that the environment names: to its end, or while it goes on."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from tests.background import AS_FROM_A_SHELL
from tests.pseudo_terminal import open_terminal


class Said(NamedTuple):
    code: int
    data: str
    talk: str


def run_cronctl(conninfo: str, *arguments: str, **environment: str) -> Said:
    done = subprocess.run(
        _command(*arguments),
        env=_environment(conninfo, environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


class Seen(NamedTuple):
    code: int
    screen: str


def watch_cronctl(conninfo: str, *arguments: str, **environment: str) -> Seen:
    """cronctl on a terminal with colours, both streams on it, and what it sent there."""
    ours, its = open_terminal()
    changes = {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **environment}
    with subprocess.Popen(
        _command(*arguments), env=_environment(conninfo, changes), stdin=subprocess.DEVNULL, stdout=its, stderr=its
    ) as process:
        os.close(its)
        heard = b""
        with suppress(OSError):  # how Linux says that the other side is closed
            while more := os.read(ours, 65536):
                heard += more
        os.close(ours)
        return Seen(process.wait(60), heard.decode())


class Running:
    """A cronctl that goes on; both streams are read as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.data: list[str] = []
        self.talk: list[str] = []
        for stream, lines in ((process.stdout, self.data), (process.stderr, self.talk)):
            threading.Thread(target=lines.extend, args=[stream], daemon=True).start()

    def wait_for(self, found: Callable[[], bool], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not found():
            assert self.process.poll() is None, (self.process.returncode, self.data, self.talk)
            assert time.monotonic() < deadline, (self.data, self.talk)
            time.sleep(0.05)

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)


@contextmanager
def running_cronctl(conninfo: str, *arguments: str, **environment: str) -> Iterator[Running]:
    with subprocess.Popen(
        [*AS_FROM_A_SHELL, *_command(*arguments)],
        env=_environment(conninfo, environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cronctl", *arguments]


def _environment(conninfo: str, changes: dict[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        "SUPABASE_CRON_DATABASE_URL": conninfo,
        "COLUMNS": "200",
        "TZ": "Asia/Tokyo",
        **changes,
    }
