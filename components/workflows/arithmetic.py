"""Arithmetic of a shell on whole numbers. Pure but for the variables that it sets."""

import operator
import re
from collections.abc import Callable

_TOKEN = re.compile(r"\s*(\d+|\$?[A-Za-z_]\w*|\+\+|--|[-+*/%]=|&&|\|\||[=!<>]=|[-+*/%<>=!(),?:])")
_LEVELS: tuple[dict[str, Callable[[int, int], int]], ...] = (
    {"||": lambda a, b: int(bool(a or b))},
    {"&&": lambda a, b: int(bool(a and b))},
    {"==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b)},
    {
        "<": lambda a, b: int(a < b),
        ">": lambda a, b: int(a > b),
        "<=": lambda a, b: int(a <= b),
        ">=": lambda a, b: int(a >= b),
    },
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": lambda a, b: int(a / b), "%": lambda a, b: a - b * int(a / b)},
)


class NoNumber(Exception):
    """An expression is none that is read here, or divides by zero."""


def calculate(text: str, get: Callable[[str], int], put: Callable[[str, int], None]) -> int:
    """The value of an expression; ``get`` and ``put`` are about variables. Raises NoNumber."""
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise NoNumber(text)
        tokens.append(found[1].lstrip("$"))
        at = found.end()
    reader = _Reader(tokens, get, put)
    try:
        value = reader.assigned()
    except ZeroDivisionError:
        raise NoNumber(text) from None
    if reader.tokens:
        raise NoNumber(text)
    return value


class _Reader:
    def __init__(self, tokens: list[str], get: Callable[[str], int], put: Callable[[str, int], None]) -> None:
        self.tokens, self.get, self.put = tokens, get, put

    def assigned(self) -> int:
        name = self.tokens[0] if self.tokens else ""
        mark = self.tokens[1] if len(self.tokens) > 1 else ""
        if name.isidentifier() and (mark == "=" or (len(mark) == 2 and mark[0] in "+-*/%" and mark[1] == "=")):
            self.tokens = self.tokens[2:]
            value = self.assigned()
            if mark != "=":
                value = next(level[mark[0]] for level in _LEVELS if mark[0] in level)(self.get(name), value)
            self.put(name, value)
            return value
        return self.level(0)

    def level(self, number: int) -> int:
        if number == len(_LEVELS):
            return self.unary()
        value = self.level(number + 1)
        while self.tokens and self.tokens[0] in _LEVELS[number]:
            value = _LEVELS[number][self.tokens.pop(0)](value, self.level(number + 1))
        return value

    def unary(self) -> int:
        token = self.tokens.pop(0) if self.tokens else ""
        if token in {"-", "+", "!"}:
            value = self.unary()
            return {"-": -value, "+": value, "!": int(not value)}[token]
        if token in {"++", "--"} and self.tokens:
            name = self.tokens.pop(0)
            value = self.get(name) + (1 if token == "++" else -1)  # noqa: S105
            self.put(name, value)
            return value
        if token == "(":  # noqa: S105
            value = self.assigned()
            if not self.tokens or self.tokens.pop(0) != ")":
                raise NoNumber("(")
            return value
        if token.isdigit():
            return int(token, 8 if token.startswith("0") and token.strip("01234567") == "" and token != "0" else 10)  # noqa: S105
        if not token.isidentifier():
            raise NoNumber(token)
        value = self.get(token)
        if self.tokens and self.tokens[0] in {"++", "--"}:
            self.put(token, value + (1 if self.tokens.pop(0) == "++" else -1))
        return value
