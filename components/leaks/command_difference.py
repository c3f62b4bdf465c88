"""How a living command differs from the one that was made, in lines for a person, and without any pasted value. Pure.

Whoever changed a command may have pasted a key into it, which can look like any word. So the lines show only the
structure of the parts that the living command alone has: keywords, names of functions and tables, short numbers. Any
other part of it is shown as its length.
"""

import difflib
import re
from collections.abc import Iterator
from itertools import takewhile

from components.leaks.credential import LEAST, is_literal_credential
from components.leaks.key_form import key_in
from components.leaks.named_literals import named_literals

LINES = 8
"""Lines of each side at most."""

LINE_LENGTH = 160
"""Characters of a line at most."""

LOOKED_AT = 20_000
"""Characters of a command that are compared at most, so that nobody who may schedule a job keeps a preview busy."""

_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<text>(?P<tag>\$(?:[A-Za-z_]\w*)?\$).*?(?:(?P=tag)|\Z)|(?:[EBXN]|U&)?'(?:[^']|'')*(?:'|\Z))
    |(?P<name>"(?:[^"]|"")*(?:"|\Z)|[^\W\d]\w*)
    |(?P<number>\d[\w.]*)
    |(?P<other>\s+|:=|=>|.)""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_PLAIN_NAME = re.compile(r'"?[a-z_]{1,40}[0-9]{0,2}"?')
_KEYWORDS = frozenset(
    """all analyze and any array as asc begin between bigint boolean by bytea call cascade case cast commit concurrently
    current_date current_timestamp current_user date declare delete desc distinct do else end exists false for from
    function group having if ilike in inner insert int integer interval into is join json jsonb language left like limit
    local loop materialized not now null numeric offset on or order outer perform raise refresh return returning right
    rollback select set table text then time timestamp timestamptz to true truncate union update using uuid
    vacuum values varchar view when where with""".split()  # noqa: SIM905 - a list of one word a line would be a page
)
_BEFORE_A_NAME = frozenset({"from", "join", "into", "update", "call", "table", "view", "."})
_AFTER_A_NAME = frozenset({"(", ".", ":=", "=>"})


def command_difference(made: str, living: str) -> str:
    """The lines that differ, ``-`` from the command that was made, ``+`` from the living one, with values masked."""
    made, living = made[:LOOKED_AT], living[:LOOKED_AT]
    known = {token[0] for token in _TOKEN.finditer(made)}
    keys = {
        pair.value
        for text in (made, living)
        for pair in named_literals(text)
        if is_literal_credential(pair.name, pair.value)
    }
    gone = [token["text"] for token in _TOKEN.finditer(made) if token["text"] and token["text"] not in living]
    before, after = ("".join(_shown(text, known, keys, gone)).splitlines() for text in (made, living))
    changes = [line for line in difflib.unified_diff(before, after, n=0, lineterm="") if not line.startswith("@@")][2:]
    if not changes:
        return "  (in nothing that is shown here)"
    lines: list[str] = []
    left = {"-": LINES, "+": LINES}
    for side, line in ((change[0], change[1:]) for change in changes):
        left[side] -= 1
        if left[side] >= 0:
            lines.append(f"  {side} {_cut(line)}")
    return "\n".join(lines + ([f"  … and {len(changes) - len(lines)} lines more"] if len(changes) > len(lines) else []))


def _shown(text: str, known: set[str], keys: set[str], gone: list[str]) -> Iterator[str]:
    """The tokens of a command, masked where they may be a pasted value.

    ``known`` are the tokens of the command that was made, ``keys`` values that prove who sends a request, ``gone``
    literals that the living command no longer has.
    """
    tokens = list(_TOKEN.finditer(text))
    words = [token[0].strip().lower() for token in tokens]
    solid = [word for word in words if word]
    at = -1
    for token, word in zip(tokens, words, strict=True):
        at += bool(word)
        if not word or (token["other"] and not word.isalnum()):
            yield token[0]
        elif key_in(token[0]) or any(key in token[0] for key in keys):
            yield _masked(token[0])
        elif token[0] in known:
            yield token[0]
        elif token["text"]:
            yield _nearest(token[0], gone)
        elif token["number"]:
            yield token[0] if len(word) < LEAST and word.replace(".", "").isdigit() else _masked(token[0])
        elif token["name"] and _is_structure(token[0], solid[max(at - 1, 0)], solid[at + 1 : at + 2]):
            yield token[0]
        else:
            yield _masked(token[0])


def _is_structure(name: str, before: str, after: list[str]) -> bool:
    """Whether a name can only be a keyword, or the name of a function, a table or an argument."""
    if name.lower() in _KEYWORDS:
        return True
    in_place = before in _BEFORE_A_NAME or bool(_AFTER_A_NAME.intersection(after))
    return in_place and _PLAIN_NAME.fullmatch(name) is not None


def _nearest(literal: str, gone: list[str]) -> str:
    """A literal masked between the ends that it shares with a literal that is gone; a short number stays visible."""
    ends = (_common(made, literal) for made in gone)
    head, tail = max(ends, key=lambda both: len(both[0]) + len(both[1]), default=("", ""))
    if len(head) + len(tail) <= 2:  # the quotes
        return _masked(literal)
    middle = literal[len(head) : len(literal) - len(tail)]
    is_number = middle.isdigit() and len(middle) < LEAST
    return f"{head}{middle if is_number or not middle else _length_only(middle)}{tail}"


def _common(made: str, living: str) -> tuple[str, str]:
    """The common beginning of two literals and the common end of their rests, in whole words."""
    head = _beginning(made, living)
    tail = _beginning(made[len(head) :][::-1], living[len(head) :][::-1])[::-1]
    return head, tail


def _beginning(one: str, other: str) -> str:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return re.sub(r"\w+\Z", "", "".join(character for character, _ in same))


def _masked(token: str) -> str:
    quotes = next((quote for quote in "'\"" if token.startswith(quote) and len(token) > 1), "")
    begin = "-- " if token.startswith("--") else quotes
    return f"{begin}{_length_only(token.strip(quotes) if quotes else token)}{quotes}"


def _length_only(text: str) -> str:
    return f"<{len(text)} character{'' if len(text) == 1 else 's'}>"


def _cut(line: str) -> str:
    return line if len(line) <= LINE_LENGTH else f"{line[:LINE_LENGTH]}…"
