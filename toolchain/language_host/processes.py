"""The processes around the engine's plugins: none outlives the engine, none is left behind by its plugin."""

import os
import select
import selectors
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO, NoReturn

Process = subprocess.Popen[bytes]


def lead_group() -> None:
    """Make this process the leader of its process group, so that ending the group ends nothing else.

    The engine starts its plugins that way already; this serves a start by hand.
    """
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)


def end_group() -> NoReturn:
    """End this process and all it started, at once."""
    os.killpg(0, signal.SIGKILL)
    sys.exit(1)


def end_with_engine() -> None:
    """End this process group as soon as the engine is gone, however it went.

    The engine holds the other end of a plugin's standard output. When it dies, even by SIGKILL, that pipe breaks,
    which shows across the shell scripts in between, where the parent's process id would not.
    """

    def watch() -> None:
        pipe = select.poll()
        pipe.register(1, 0)  # asks for no event: error and hang-up are reported all the same
        pipe.poll()
        end_group()

    threading.Thread(target=watch, daemon=True).start()


class Programs:
    """The programs that run now, to be ended when the engine cancels."""

    def __init__(self) -> None:
        self._running: set[Process] = set()
        self._lock = threading.Lock()
        self.cancelled = False

    def run(self, command: list[str], *, cwd: str, env: dict[str, str]) -> int:
        """Run ``command`` to its end; it writes where the host writes. Returns its exit code.

        Raises ``OSError`` when it cannot be started.
        """
        process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL)
        with self._lock:
            self._running.add(process)
            if self.cancelled:
                process.terminate()
        try:
            return process.wait()
        finally:
            with self._lock:
                self._running.discard(process)

    def cancel(self) -> None:
        """Ask every program to end."""
        with self._lock:
            self.cancelled = True
            for process in self._running:
                process.terminate()


def start(command: list[str], *, cwd: str, env: dict[str, str]) -> Process:
    """Start ``command`` with its output on pipes. Raises ``OSError`` when it cannot be started."""
    output = subprocess.PIPE
    return subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output)


def output(process: Process) -> Iterator[tuple[str, bytes]]:
    """What ``process`` writes, as it comes, each piece with "stdout" or "stderr"; until it has ended."""
    with process, selectors.DefaultSelector() as selector:
        for name in ("stdout", "stderr"):
            pipe: IO[bytes] = getattr(process, name)
            selector.register(pipe, selectors.EVENT_READ, name)
        while selector.get_map():
            for key, _ in selector.select():
                if piece := os.read(key.fd, 65536):
                    yield key.data, piece
                else:
                    selector.unregister(key.fileobj)
