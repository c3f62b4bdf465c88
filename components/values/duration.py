"""Spans of time, in seconds, as people write and read them: ``30s``, ``5m``, ``1h 30m``, ``1 day``. Pure."""

import re

DAY_SECONDS = 86400
_UNITS = {"day": DAY_SECONDS, "hour": 3600, "minute": 60, "second": 1}
_LETTERS = {"s": 1, "m": 60, "h": 3600, "d": DAY_SECONDS, "w": 7 * DAY_SECONDS}
_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)\s*,?", re.ASCII)
_NAMES = {
    "s": r"s(?:ecs?|econds?)?",
    "m": r"m(?:ins?|inutes?)?",
    "h": r"h(?:rs?|ours?)?",
    "d": r"d(?:ays?)?",
    "w": r"w(?:eeks?)?",
}
HOW = "write it like 30m, 90s, 24h, 7d or 1 day"


def seconds(text: str) -> float:
    """The seconds of a text such as ``1h 30m`` or ``90``. Raises ValueError for a text of another form."""
    total, at = 0.0, 0
    seen: set[int] = set()
    while at < len(text):
        part = _PART.match(text, at)
        unit = _unit(part[2]) if part else None
        if part is None or unit is None or unit in seen or (not part[2] and (seen or part.end() < len(text))):
            raise ValueError(f"{text!r} is no time; {HOW}")
        seen.add(unit)
        total, at = total + float(part[1]) * unit, part.end()
    if not seen:
        raise ValueError(f"{text!r} is no time; {HOW}")
    return total


def _unit(name: str) -> int | None:
    """The seconds of a unit by its name, 1 without a name; None for an unknown name."""
    if not name:
        return 1
    return next((_LETTERS[letter] for letter, names in _NAMES.items() if re.fullmatch(names, name)), None)


def in_words(span: float) -> str:
    """Seconds as ``1 day``, ``1 hour 30 minutes`` or ``0.5 seconds``."""
    if span < 1 or span != round(span):
        return f"{span:g} seconds"
    parts, left = [], round(span)
    for name, size in _UNITS.items():
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}{'s' if count > 1 else ''}")
    return " ".join(parts)
