"""A part of a document that is made from code and stands between two marks; a generator prints it or renews a file."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path


def renewed_between(document: str, begin: str, end: str, part: str) -> str:
    """The document with ``part`` between its two marks. Raises ValueError for a document that lacks one of them."""
    before, begin_mark, rest = document.partition(begin)
    _, end_mark, after = rest.partition(end)
    if not begin_mark or not end_mark:
        raise ValueError(f"the document lacks the lines {begin.strip()} and {end.strip()}")
    return before + begin + part + end + after


def print_or_renew(arguments: Sequence[str], part: Callable[[], str], renewed: Callable[[str], str]) -> None:
    """Run a generator as a command: without an argument print its part, with a file as argument renew the file."""
    if not arguments:
        sys.stdout.write(part())
        return
    path = Path(arguments[0])
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
