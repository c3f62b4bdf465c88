"""Daemons: start them on their own, know whether they live, end them, and never mistake another process for one.

A daemon holds a lock on its pid file for as long as it lives. The kernel drops the lock with the process, however it
ends, and names the holder to whoever asks: a number that was used again is never believed.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from devstack.errors import ProcessFailed
from devstack.files import last_lines
from devstack.places import PROJECT

_FLOCK = "hhqqi4x"
"""struct flock of fcntl(2) on 64-bit Linux: type, whence, start, length, pid."""

START_SECONDS = 20
STOP_SECONDS = 10


def hold(pid_file: Path) -> IO[str]:
    """Takes the daemon's lock and writes our pid; keep the returned file open for life.

    Raises:
        ProcessFailed: another process holds it.
    """
    file = pid_file.open("a", encoding="ascii")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ProcessFailed(f"{pid_file} is held by process {holder(pid_file)}, which runs already") from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def holder(pid_file: Path) -> int | None:
    """The pid of the living daemon of this pid file, or None."""
    try:
        with pid_file.open("rb") as file:
            answer = fcntl.fcntl(file, fcntl.F_GETLK, struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    except FileNotFoundError:
        return None
    kind, _, _, _, pid = struct.unpack(_FLOCK, answer)
    return None if kind == fcntl.F_UNLCK else pid


async def abandoned(pid_file: Path, held: IO[str], every: float = 2) -> None:
    """Returns when the pid file is gone or another's: the stack's folder was removed under a running daemon.

    Args:
        pid_file: where the file should be.
        held: the file that :func:`hold` returned.
        every: seconds between looks.
    """
    mine = os.fstat(held.fileno())
    while True:
        try:
            if not os.path.samestat(pid_file.stat(), mine):
                return
        except FileNotFoundError:
            return
        await asyncio.sleep(every)


def start(module: str, folder: Path, log: Path) -> None:
    """Starts ``python -m module folder`` as a daemon that writes to ``log``; see :func:`wait_ready`."""
    with log.open("ab") as output:
        # setsid --fork: a session of its own, and a child of init instead of ours, so that none is left a zombie.
        subprocess.run(
            ["setsid", "--fork", sys.executable, "-m", module, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(PROJECT), *_python_path()])},
            check=True,
        )


def wait_ready(pid_file: Path, log: Path, ready: Callable[[], bool]) -> None:
    """Returns when the daemon of this pid file lives and is ready.

    Raises:
        ProcessFailed: it ended, or was not ready in time.
    """
    seen = False
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        lives = holder(pid_file) is not None
        if lives and ready():
            return
        if seen and not lives:
            break
        seen = seen or lives
        time.sleep(0.02)
    raise ProcessFailed(f"the {pid_file.stem} did not start; the end of {log}:\n{last_lines(log, 5)}")


def _python_path() -> list[str]:
    path = os.environ.get("PYTHONPATH")
    return [path] if path else []


def stop(pid_file: Path) -> bool:
    """Ends the daemon of this pid file, and answers whether there was one.

    Raises:
        ProcessFailed: it is still there after the time it was given, even though it was killed.
    """
    pid = holder(pid_file)
    if pid is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if holder(pid_file) != pid:
                return True
            time.sleep(0.02)
    raise ProcessFailed(f"process {pid} of {pid_file} does not end")
