"""Numbers as a file writes them, which go out with all of their digits or are refused. Pure.

JSON and jsonb hold any number, but a double on the way would lose the digits that do not fit into it.
"""

import math
from decimal import Decimal, InvalidOperation
from typing import NoReturn

MAX_DIGITS = 1000
"""Digits of a whole number at most: nobody means a longer one, and Python stops at 4300 digits."""


def whole_number(text: str, base: int = 10) -> int:
    """The whole number in a text. Raises ValueError with the end of a sentence, such as ``is a number of …``."""
    if len(text) > MAX_DIGITS:
        raise ValueError(f"is a number of {len(text)} characters; write at most {MAX_DIGITS}, or a text in quotes")
    return int(text, base)


def decimal_number(text: str) -> float:
    """The number in a text, if a double holds it exactly. Raises ValueError like :func:`whole_number`."""
    number = float(text)
    if not math.isfinite(number):
        not_finite(text)
    try:
        exact = Decimal(text) == Decimal(repr(number))
    except InvalidOperation:  # an exponent beyond all
        exact = False
    if not exact:
        raise ValueError("is a number that would lose digits on its way; write at most 15 digits, or a text in quotes")
    return number


def not_finite(_: str) -> NoReturn:
    """Refuse a number that JSON has no form for, such as infinity. Raises ValueError like :func:`whole_number`."""
    raise ValueError("is no number that JSON can hold; write one that is finite, or a text in quotes")
