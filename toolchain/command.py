"""Runs the programs that build things: their talk goes to the log, a failure becomes one sentence."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .errors import ToolchainError
from .progress import Step

TICK = 0.5
"""Seconds between two looks at a running program."""


class Commands:
    """Runs commands one after the other, with one log for all."""

    def __init__(self, log: Path, environ: Mapping[str, str]) -> None:
        self._log = log
        self._environ = dict(environ)
        log.write_bytes(b"")

    def run(
        self,
        step: Step,
        command: Sequence[str | Path],
        *,
        advice: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        detail: Callable[[str], str] = lambda _: "",
    ) -> str:
        """Run ``command`` and return what it wrote to standard output.

        ``env`` comes on top of the environment given at first. ``detail`` makes a few words on how far it is from
        what it wrote to the log so far. Raises ``ToolchainError``, which ends with ``advice``.
        """
        with self._log.open("ab") as log:
            log.write(f"\n$ {' '.join(map(str, command))}\n".encode())
            log.flush()
            start = log.tell()
            try:
                process = subprocess.Popen(
                    command,
                    cwd=cwd,
                    env=self._environ | dict(env or {}),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    process_group=0,
                )
            except OSError as error:
                raise ToolchainError(f"{step.title} failed: {error}: {advice}") from error
            try:
                output = self._wait(process, step, lambda: detail(self._written(start)))
                log.write(output)
            finally:
                _end(process)
        if process.returncode != 0:
            raise ToolchainError(self._failure(step, process.returncode, self._written(start), advice))
        return output.decode()

    def _wait(self, process: "subprocess.Popen[bytes]", step: Step, detail: Callable[[], str]) -> bytes:
        while True:
            try:
                return process.communicate(timeout=TICK)[0]
            except subprocess.TimeoutExpired:
                step.tick(detail())

    def _written(self, start: int) -> str:
        return self._log.read_bytes()[start:].decode(errors="replace")

    def _failure(self, step: Step, code: int, written: str, advice: str) -> str:
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if code == -signal.SIGKILL or "signal: killed" in written:
            how += ", out of memory?"
        return f"{step.title} failed ({how}): {last_words(written)}{advice}; all of it is in {self._log}"


def last_words(written: str) -> str:
    """The last line that says what went wrong, of what a program wrote, with a colon; "" when it wrote nothing."""
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()] or lines
    return f"{errors[-1][:300]}: " if errors else ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End what is left of the process and its children, such as the compilers of an interrupted build."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout:
        process.stdout.close()
