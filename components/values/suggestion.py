"""Help with a misspelt word."""

import difflib
from collections.abc import Iterable


def nearest(word: str, choices: Iterable[str]) -> str:
    """The end of a sentence that helps with a misspelt word: ``; did you mean 'x'?``, or the list of choices.

    Empty where there are no choices.
    """
    names = sorted(choices)
    if close := difflib.get_close_matches(word, names, n=1, cutoff=0.5):
        return f"; did you mean {close[0]!r}?"
    return f"; there is {', '.join(map(repr, names))}" if names else ""
