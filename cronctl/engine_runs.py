"""The runs of the engine that a command has begun. Those that nobody waits for any more end with the command."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

_under_way: set["subprocess.Popen[str]"] = set()


def begun(run: "subprocess.Popen[str]") -> None:
    """Note that a run has begun."""
    _under_way.add(run)


def waited_for(run: "subprocess.Popen[str]") -> None:
    """Note that a run has ended, and somebody has its answer."""
    _under_way.discard(run)


@contextmanager
def engine_runs_end() -> Iterator[None]:
    """End at the end of this block what is still under way: of runs side by side, the others where one has failed."""
    try:
        yield
    finally:
        while _under_way:
            with _under_way.pop() as run:  # which closes its pipes and waits
                run.kill()
