"""One item of a field of a schedule, such as ``*/5``: its values, or the problem with it and the likely right form.

The grammar is pg_cron's (``get_range`` in its entry.c), without the items that pg_cron takes and nobody means.
"""

import difflib
import re
from typing import NamedTuple


class Unit(NamedTuple):
    """The unit that a field counts in.

    ``cycle`` is the number of values in a round; None where rounds differ, as months do in days.
    """

    name: str
    low: int
    high: int
    cycle: int | None = None
    names: tuple[str, ...] = ()

    def number(self, word: str) -> int | None:
        """The value of a number, or of a name of three letters in any case; None of another word."""
        if word.isdigit():
            return int(word)
        return self.names.index(word.lower()) + self.low if word.lower() in self.names else None


DAY_OF_MONTH = Unit("day of month", 1, 31)
WEEKDAY = Unit("day of week", 0, 7, None, ("sun", "mon", "tue", "wed", "thu", "fri", "sat"))
UNITS = (
    Unit("minute", 0, 59, 60),
    Unit("hour", 0, 23, 24),
    DAY_OF_MONTH,
    Unit(
        "month",
        1,
        12,
        12,
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    ),
    WEEKDAY,
)
LAST_DAY = "$"
"""The day of month that stands for the last one; it must stand alone in its field."""

_INT_MAX = 2**31 - 1
_LONG_MAX = 2**63 - 1
_WORD = "[0-9A-Za-z]+"
_ITEM = re.compile(rf"(?:(?P<star>\*)|(?P<first>{_WORD})(?:-(?P<last>{_WORD}))?)(?:/(?P<step>{_WORD}))?")

_REWRITES = (
    (re.compile(r"\?"), "*"),
    (re.compile(r"(.+)#.*"), r"\1"),
    (re.compile(r"\$.+"), LAST_DAY),
    (re.compile(r"\*-?([0-9]+)"), r"*/\1"),
    (re.compile(r"(.+)[;|:.](.+)"), r"\1,\2"),
    (re.compile(r"(.+)\\(.+)"), r"\1/\2"),
    (re.compile(r"(.+-.+)~(.+)"), r"\1/\2"),
    (re.compile(r"(.+)~.+"), r"\1"),
)
"""Items of other crons and slips of the finger, each with the form that pg_cron takes."""


class Problem(NamedTuple):
    """The reason why an item is refused, and ``form``, the item to write instead; None where nothing suggests one.

    ``mistake`` is true where some version of pg_cron takes the item and reads it as something else. ``alike`` is
    another item, which the newest pg_cron takes if it takes this one and not otherwise; None where it takes neither.
    """

    why: str
    form: str | None = None
    mistake: bool = False
    alike: str | None = None


def read_item(unit: Unit, item: str, *, wraps: bool = True) -> frozenset[int] | Problem:
    """The values of an item, between ``unit.low`` and ``unit.high``, or the problem with it.

    ``wraps`` tells whether pg_cron reads ranges over the end of a unit, as it does from 1.6 on.
    """
    if not item:
        return Problem(f"has an empty item as {unit.name}", "")
    match = _ITEM.fullmatch(item)
    if match is None:
        return _no_item(unit, item)
    words = [word for word in match.group("first", "last") if word is not None]
    for word in words:
        if why := _wrong_word(unit, word):
            form = _with_right_words(unit, words, match["step"])
            alike = "-".join(map(_low_bits, words)) + (f"/{match['step']}" if match["step"] else "")
            return Problem(why, form, word.isdigit() and int(word) > _INT_MAX, alike if alike != item else None)
    if match["step"] is not None and (problem := _wrong_step(unit, match)):
        return problem
    numbers = [number for word in words if (number := unit.number(word)) is not None]
    first, last = (unit.low, unit.high) if match["star"] else (numbers[0], numbers[-1])
    step = int(match["step"] or 1)
    return frozenset(range(first, last + 1, step)) if first <= last else _backwards(unit, match, wraps=wraps)


def wrapping_range(unit: Unit, item: str) -> str | None:
    """The list that says the same as a range over the end of its unit; None for another item."""
    match = _ITEM.fullmatch(item)
    if match is None or match["last"] is None:
        return None
    first, last = (unit.number(word) for word in match.group("first", "last"))
    return _around(unit, first, last, 1) if first is not None and last is not None and first > last else None


def right_form(unit: Unit, field: str, *, wraps: bool = True) -> str | None:
    """A field with the form of each refused item in its place; None where an item has none."""
    forms: list[str] = []
    for item in field.split(","):
        answer = frozenset[int]() if unit is DAY_OF_MONTH and item == LAST_DAY else read_item(unit, item, wraps=wraps)
        form = answer.form if isinstance(answer, Problem) else item
        if form is None:
            return None
        forms.append(form)
    if LAST_DAY in forms:
        return LAST_DAY
    return ",".join(filter(None, forms)) or "*"


def shown(text: str, limit: int = 80) -> str:
    """A text in quotes, cut where it would flood a terminal."""
    return repr(text if len(text) <= limit else f"{text[: limit - 1]}…")


def _no_item(unit: Unit, item: str) -> Problem:
    match = _ITEM.match(item)
    prefix = match[0] if match else ""
    rest = item[len(prefix) :]
    rewritten = (pattern.sub(form, item) for pattern, form in _REWRITES if pattern.fullmatch(item))
    form = next(rewritten, prefix or None)
    unfinished = (rest[0] == "/" and "/" not in prefix) or (rest[0] == "-" and prefix.isalnum())
    if prefix and not unfinished:
        why = f"has {shown(item)} as {unit.name}, of which pg_cron would ignore {shown(rest)}"
        return Problem(why, form, mistake=True, alike=prefix)
    return Problem(f"has {shown(item)} as {unit.name}, which is no value, list, range or step", form)


def _wrong_word(unit: Unit, word: str) -> str | None:
    """Why a word is no value of the unit, or None."""
    number = unit.number(word)
    if number is None:
        known = f"a number from {unit.low} to {unit.high}"
        known += f" or a name of three letters such as {unit.names[1]!r}" if unit.names else ""
        return f"has {shown(word)} as {unit.name}, which must be {known}"
    if unit.low <= number <= unit.high:
        return None
    why = f"has {shown(word)} as {unit.name}, which goes from {unit.low} to {unit.high}"
    low_bits = number % 2**32
    return (
        f"{why} (pg_cron keeps 32 bits of it and would read {low_bits})" if unit.low <= low_bits <= unit.high else why
    )


def _with_right_words(unit: Unit, words: list[str], step: str | None) -> str | None:
    """The item with values of the unit in place of its words, or None where one of them resembles no value."""
    if len(words) == 1 and step is None and unit.number(words[0]) == unit.high + 1 == unit.cycle:
        return str(unit.low)  # after 23 comes hour 0
    forms = [form for word in words if (form := _right_word(unit, word, step))]
    return "-".join(forms) + (f"/{step}" if step else "") if len(forms) == len(words) else None


def _right_word(unit: Unit, word: str, step: str | None) -> str | None:
    number = unit.number(word)
    if number is not None:
        low_bits = number % 2**32  # of which pg_cron would read no more
        nearest = low_bits if unit.low <= low_bits <= unit.high else min(max(number, unit.low), unit.high)
        return word if number == nearest else str(nearest)
    if unit is DAY_OF_MONTH and word.lower() in {"l", "lw", "last"}:
        return LAST_DAY
    if word.lower() == "h":  # Jenkins: some value of its own choice
        return "*" if step else str(unit.low)
    if digits := re.match("[0-9]+", word):  # 15W, 5L, 1st
        return digits[0]
    return next(iter(difflib.get_close_matches(word.lower()[:3], unit.names, n=1)), None)


def _wrong_step(unit: Unit, match: re.Match[str]) -> Problem | None:
    base, step = match[0].split("/")
    if match["first"] and not match["last"]:
        why = f"has a step on the single {unit.name} {shown(base)}, which pg_cron refuses"
        return Problem(why, f"{base}-{unit.high}/{step}")
    if not step.isdigit():
        digits = re.match("[0-9]+", step)
        return Problem(f"has the step {shown(step)}, which is no number", f"{base}/{digits[0]}" if digits else None)
    every = int(step)
    if every == 0:
        return Problem("has a step of 0", base)
    if every > unit.high:
        lowest = match["first"] or str(unit.low)
        why = f"has the step {shown(step)}, which leaves {unit.name} {lowest} alone"
        return Problem(why, lowest, mistake=True)
    return None


def _backwards(unit: Unit, match: re.Match[str], *, wraps: bool) -> frozenset[int] | Problem:
    """The values of a range that runs backwards where pg_cron reads all that it says, or the problem with it."""
    first, last, step = unit.number(match["first"]) or 0, unit.number(match["last"]) or 0, int(match["step"] or 1)
    read = _read_backwards(unit, first, last, step)
    if wraps and read == {*range(first, unit.high + 1), *range(unit.low, last + 1)}:
        return read
    if not wraps:
        how = " and is empty before pg_cron 1.6"
    elif read:
        how = f", and of which pg_cron reads {','.join(map(str, sorted(read)))} alone"
    else:
        how = " and is empty for pg_cron"
    why = f"has the range {shown(match[0])} as {unit.name}, which runs backwards{how}"
    return Problem(why, _around(unit, first, last, step), mistake=True, alike=match["first"])


def _low_bits(word: str) -> str:
    """The number that pg_cron's 32 bits keep of a word's; any other word as it is."""
    return str(int(word) % 2**32) if word.isdigit() and int(word) <= _LONG_MAX else word


def _read_backwards(unit: Unit, first: int, last: int, step: int) -> frozenset[int]:
    """The values that pg_cron 1.6 reads of a range that runs backwards (``bit_nset`` in its bitstring.h).

    It fills bytes of eight values: from ``first`` to the end of its byte, and from the beginning of that of ``last``.
    """
    start, stop = first - unit.low, last - unit.low
    if step > 1 or start // 8 == stop // 8:
        return frozenset()
    bits = (*range(start, (start // 8 + 1) * 8), *range(stop // 8 * 8, stop + 1))
    return frozenset(unit.low + bit for bit in bits if unit.low + bit <= unit.high)


def _around(unit: Unit, first: int, last: int, step: int) -> str:
    """A range over the end of its unit, as the list that says the same: ``22-4`` is ``22-23,0-4``."""
    if unit is WEEKDAY:  # both 0 and 7 are Sunday: let it end a range, or begin one
        first, low = first % unit.high, 1
        if first <= last:
            return f"{first}-{last}" + (f"/{step}" if step > 1 else "")
    else:
        low = unit.low
    values = [*range(first, unit.high + 1), *range(low, last + 1)][::step]
    if step > 1:
        return ",".join(map(str, values))
    parts = ((first, unit.high), (low, last))
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in parts if a <= b)
