"""The patterns of a shell as regular expressions. Pure."""

import re
from typing import Literal, NamedTuple

from components.workflows.value import Value, text_of


class Part(NamedTuple):
    """A part of a word: quoted, literal (of the script, without quotes), or expanded (a value without quotes)."""

    value: Value
    mode: Literal["quoted", "literal", "expanded"]


def pattern_of(parts: list[Part]) -> str | None:
    """A shell's pattern as a regular expression, quoted parts meaning themselves; None where a part is not known."""
    made = ""
    for part in parts:
        text = text_of(part.value)
        if text is None:
            return None
        made += re.escape(text) if part.mode == "quoted" else glob(text)
    return made


def glob(text: str) -> str:
    """A pattern of a shell as a regular expression."""
    made, at = "", 0
    while at < len(text):
        bracket = re.match(r"\[(!|\^)?(\]?[^\]]*)\]", text[at:])
        if text[at] in "*?":
            made += ".*" if text[at] == "*" else "."
        elif bracket:
            made += f"[{'^' if bracket[1] else ''}{bracket[2]}]"
            at += bracket.end() - 1
        else:
            made += re.escape(text[at])
        at += 1
    return made
