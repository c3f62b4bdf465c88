"""What people see while the engine is made: a line that renews itself on a terminal, a line now and then elsewhere."""

import sys
import time
from typing import Self, TextIO

SLOW_PACE = 25.0
"""Seconds between two lines where nobody sits at a terminal."""


def say(text: str) -> None:
    """Tell the person at the terminal; the answer itself goes to standard output."""
    print(f"toolchain: {text}", file=sys.stderr, flush=True)


class Step:
    """One step under way, for a ``with`` block that calls ``tick`` often; ``note`` is for the start alone."""

    def __init__(self, title: str, note: str = "", out: TextIO | None = None) -> None:
        self.title = title
        self._out = out or sys.stderr
        self._renews = self._out.isatty()
        self._began = self._shown = time.monotonic()
        self._write(f"{title}{f' ({note})' if note else ''} ...")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._write(f"{self.title}: done, {self.elapsed:.0f} s")
        if self._renews:
            self._out.write("\n")

    @property
    def elapsed(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self._began

    def tick(self, detail: str = "") -> None:
        """Show how long it has taken, with ``detail``, when it is time to."""
        if time.monotonic() - self._shown >= (1.0 if self._renews else SLOW_PACE):
            self._shown = time.monotonic()
            self._write(f"{self.title}: {detail + ', ' if detail else ''}{self.elapsed:.0f} s")

    def _write(self, line: str) -> None:
        self._out.write(f"\r\x1b[Ktoolchain: {line}" if self._renews else f"toolchain: {line}\n")
        self._out.flush()
