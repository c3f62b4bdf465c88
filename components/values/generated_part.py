"""A part of a document that is made from code, between two marks: printed, or put in its place in a file."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def renewed_between(document: str, begin: str, end: str, part: str) -> str:
    """A document with another part between its two marks. Raises ValueError where it lacks one of them."""
    before, found_begin, rest = document.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"the document lacks the lines {begin.strip()} and {end.strip()}")
    return before + begin + part + end + after


def print_or_renew(arguments: Sequence[str], part: Callable[[], str], renewed: Callable[[str], str]) -> None:
    """What a generator does as a command: without an argument it prints its part, with a file it renews that."""
    if not arguments:
        sys.stdout.write(part())
        return
    path = Path(arguments[0])
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
