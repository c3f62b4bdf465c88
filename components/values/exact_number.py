"""Numbers as a file writes them, which are sent digit by digit or not at all. Pure.

JSON and jsonb hold any number; what is read into a double on the way loses what does not fit.
"""

import math
from decimal import Decimal, InvalidOperation
from typing import NoReturn

MAX_DIGITS = 1000
"""Digits of a whole number at most: more are no number that anybody means, and Python stops at 4300."""


def whole_number(text: str, base: int = 10) -> int:
    """The whole number that a text writes. Raises ValueError with the end of a sentence."""
    if len(text) > MAX_DIGITS:
        raise ValueError(f"is a number of {len(text)} characters; write at most {MAX_DIGITS}, or a text in quotes")
    return int(text, base)


def decimal_number(text: str) -> float:
    """The number that a text writes, where a double holds it as it is. Raises ValueError like :func:`whole_number`."""
    found = float(text)
    if not math.isfinite(found):
        not_finite(text)
    try:
        exact = Decimal(text) == Decimal(repr(found))
    except InvalidOperation:  # an exponent beyond all
        exact = False
    if not exact:
        raise ValueError("is a number that would lose digits on its way; write at most 15 digits, or a text in quotes")
    return found


def not_finite(_: str) -> NoReturn:
    """Refuse what is no number in JSON. Raises ValueError."""
    raise ValueError("is no number that JSON can hold; write one that is finite, or a text in quotes")
