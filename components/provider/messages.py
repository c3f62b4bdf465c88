"""What a provider says beside its answers: each line once an engine run, and each fault once.

The engine shows a dynamic provider's output under Diagnostics.
"""

import sys
import threading
import traceback
from collections.abc import Iterable

from components.errors import ConnectionFailed, Error
from components.values.visible_text import visible_to_engine

_said: set[str] = set()
_faults: set[str] = set()
_lock = threading.Lock()


def say(word: str, lines: Iterable[str]) -> None:
    """Print each line that was not printed before."""
    with _lock:
        for line in lines:
            if line not in _said:
                _said.add(line)
                sys.stdout.write(f"{word}: {visible_to_engine(line)}\n")
        sys.stdout.flush()


def once(sentence: str, title: str = "") -> str:
    """A fault's sentence; where the same one was told of another object before, that alone."""
    fault = sentence.removeprefix(title).lstrip(": ")
    with _lock:
        if fault not in _faults:
            _faults.add(fault)
            return sentence
    return "the same fault as told above"


def error_sentence(exc: BaseException) -> str:
    """What the engine is told of an exception: one of ours in its own words, any other with its traceback."""
    if isinstance(exc, ConnectionFailed):
        return visible_to_engine(once(str(exc)))
    return visible_to_engine(str(exc) if isinstance(exc, Error) else "".join(traceback.format_exception(exc)))
