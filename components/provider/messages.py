"""Messages of a provider to the user: each line and each fault is printed once in an engine run.

The engine shows the output of a dynamic provider under Diagnostics.
"""

import sys
import threading
import traceback
from collections.abc import Iterable

from components.errors import ConnectionFailed, Error
from components.values.visible_text import visible_to_engine

_said: set[str] = set()
"""The lines that :func:`print_once` has printed."""

_faults: set[str] = set()
"""The sentences that :func:`unless_repeated` has returned, without their titles."""

_lock = threading.Lock()


def print_once(word: str, lines: Iterable[str]) -> None:
    """Print each line that was not printed before as ``word: line``.

    The word is ``warning``, ``drift`` or ``upgrade``.
    """
    with _lock:
        for line in lines:
            if line not in _said:
                _said.add(line)
                sys.stdout.write(f"{word}: {visible_to_engine(line)}\n")
        sys.stdout.flush()


def unless_repeated(sentence: str, title: str = "") -> str:
    """The sentence of a fault, or a reference to it where an object had the same fault before.

    ``title`` is what the sentence begins with where it names its object.
    """
    fault = sentence.removeprefix(title).lstrip(": ")
    with _lock:
        if fault not in _faults:
            _faults.add(fault)
            return sentence
    return "the same fault as told above"


def error_sentence(exc: BaseException) -> str:
    """What the engine prints for an exception: the sentence of an Error, the traceback of any other."""
    if isinstance(exc, ConnectionFailed):
        return visible_to_engine(unless_repeated(str(exc)))
    return visible_to_engine(str(exc) if isinstance(exc, Error) else "".join(traceback.format_exception(exc)))
