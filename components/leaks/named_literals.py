"""The literals of a command that have a name, in SQL, JSON or an address. Pure."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

CALLS = 100
"""Calls of a kind that are read in one command at most."""

CLAUSE = 4000
"""Characters of an UPDATE's SET that are read at most."""


class Named(NamedTuple):
    """A literal, and the name under which a command sends or keeps it."""

    name: str
    value: str


_QUOTED = r"E?'((?:[^']|'')*)'"
_JSON_PAIR = re.compile(r'"([\w .-]{2,60})"\s*:\s*"((?:[^"\\]|\\.)*)"')
_JOINED = re.compile(r"'\s*\|\|.*?\|\|\s*'", re.DOTALL)
"""What is joined into a text between two literals, as into the JSON ``'{"a": "' || x || '"}'``."""

_ARGUMENT = re.compile(
    rf"\b(\w{{2,60}})\s*(?:\s(?:CONSTANT\s+)?(?:text|varchar)\s*)?(?::=|=>|\bDEFAULT\b)\s*{_QUOTED}(?!\s*\|\|)",
    re.IGNORECASE,
)
_SETTING = re.compile(rf"\bSET\s+(?:LOCAL\s+|SESSION\s+)?\"?(\w+\.[\w.]+)\"?\s*(?:=|\bTO\b)\s*{_QUOTED}", re.IGNORECASE)
_SET_CLAUSE = re.compile(r"\bSET\s+(?=[\w\"(])", re.IGNORECASE)
_CLAUSE_ENDS = re.compile(r"\b(?:WHERE|FROM|RETURNING)\b|;", re.IGNORECASE)
_ANY_QUOTED = re.compile(_QUOTED)
_ASSIGNED = re.compile(rf"\b(\w{{2,60}})\"?\s*=\s*{_QUOTED}(?!\s*\|\|)", re.IGNORECASE)
_DOLLARS = re.compile(r"\$(\w{0,20})\$([^$']{1,1000})\$\1\$")
_PASSWORD = re.compile(rf"\b(PASSWORD)\s+{_QUOTED}", re.IGNORECASE)
_IN_CONNINFO = re.compile(r"'[^']*\b(password)=([^\s'\";&]+)[^']*'")
_JSON_OBJECT_PAIR = re.compile(rf"'([^']{{2,60}})'\s*(?::|\bVALUE\b)\s*{_QUOTED}(?!\s*\|\|)", re.IGNORECASE)
_QUERY_PAIR = re.compile(r"[?&]([\w.-]{2,60})=([^&#'\"\s]+)(?!'\s*\|\|)")
_USERINFO = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/?#@'\":]*:([^\s/?#@'\"]+)@", re.IGNORECASE)
_PAIRS = re.compile(
    r"\b(?:jsonb?_build_object|jsonb?_object|http_header|set_config|hstore)\s*\(\s*(?:ARRAY\s*\[)?", re.IGNORECASE
)
_KEYED = re.compile(r"\b(?:pgp_sym_\w+|hmac|encrypt|decrypt)\s*\(", re.IGNORECASE)
_LITERAL = re.compile(rf"\s*{_QUOTED}\s*(?:::\s*\w+\s*)?")
_MADE = re.compile(r"\s*pg_catalog\.to_jsonb\(\(SELECT \((.*)\)\)\)\s*", re.DOTALL)
"""A member of a body that an expression makes, as declaration/command.py compiles it."""
_TOKEN = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[(),;\[\]]")


def named_literals(text: str) -> Iterator[Named]:
    """The literals of a text that have a name; some of them more than once."""
    text = _DOLLARS.sub(r"'\2'", text)
    patterns = (_JSON_PAIR, _ARGUMENT, _SETTING, _PASSWORD, _IN_CONNINFO, _JSON_OBJECT_PAIR)
    for pattern in patterns:
        yield from (Named(name, _JOINED.sub("", value)) for name, value in pattern.findall(text))
    if "\\" in text:  # JSON inside of a literal of another kind
        yield from (Named(name, value) for name, value in _JSON_PAIR.findall(text.replace("\\", "")))
    yield from _assigned(text)
    yield from _literals_of_address(text)
    for name, expression in built_pairs(text):
        if (value := literal(expression)) is not None:
            yield Named(name, value)
    for call in first_calls(_KEYED, text):
        for expression in arguments(text, call.end())[1:2]:
            if (value := literal(expression)) is not None:
                yield Named("passphrase", value)


def _assigned(text: str) -> Iterator[Named]:
    """The literals that UPDATE puts into columns, by the columns' names."""
    for clause in first_calls(_SET_CLAUSE, text):
        inside = text[clause.end() : clause.end() + CLAUSE]
        end = _CLAUSE_ENDS.search(_ANY_QUOTED.sub(lambda quoted: " " * len(quoted[0]), inside))
        yield from (Named(name, value) for name, value in _ASSIGNED.findall(inside[: end.start()] if end else inside))


def _literals_of_address(text: str) -> Iterator[Named]:
    """The parameters of the addresses in a text, and the passwords before their hosts."""
    yield from (Named(name, value) for name, value in _QUERY_PAIR.findall(text))
    yield from (Named("password", value) for value in _USERINFO.findall(text))


def literal(expression: str) -> str | None:
    """The value of an expression that is one literal, with or without a cast; None of another expression."""
    made = _MADE.fullmatch(expression)
    match = _LITERAL.fullmatch(made[1] if made else expression)
    return match[1] if match else None


def built_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Each name and the expression of its value in calls such as jsonb_build_object, the inner ones too."""
    for call in first_calls(_PAIRS, text):
        given = arguments(text, call.end())
        for name, expression in zip(given[::2], given[1::2], strict=False):
            if (name_text := literal(name)) is not None:
                yield name_text, expression


def first_calls(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The first matches, so that nobody who may schedule a job keeps the doctor busy."""
    return islice(pattern.finditer(text), CALLS)


def arguments(text: str, at: int) -> list[str]:
    """The arguments of a call as expressions; ``at`` is the place behind its opening parenthesis.

    A call without a closing parenthesis ends at a semicolon, or gives the arguments before its last comma.
    """
    expressions, depth, begin = [], 0, at
    for token in _TOKEN.finditer(text, at):
        if token[0] in "([":
            depth += 1
        elif token[0] in ")]":
            depth -= 1
        ends = depth < 0 or token[0] == ";"
        if ends or (depth == 0 and token[0] == ","):
            expressions.append(text[begin : token.start()])
            begin = token.end()
        if ends:
            break
    return expressions
