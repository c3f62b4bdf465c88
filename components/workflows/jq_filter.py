"""jq's filters: questions about an answer as SQL/JSON path predicates, and constants that they build. Pure.

In lax mode a path compares members of an array, too, as jq does not; where nobody would mean it, that is left aside.
"""

import json
import re
from typing import Any

from components.workflows.value import Value, text_of

_TOKEN = re.compile(
    r'\s*(?P<token>"(?:[^"\\]|\\.)*"|\.[A-Za-z_]\w*|\."(?:[^"\\]|\\.)*"|\["(?:[^"\\]|\\.)*"\]|\[\d+\]|\$[A-Za-z_]\w*'
    r"|-?\d+(?:\.\d+)?|[A-Za-z_]\w*|==|!=|<=|>=|//|[<>.()|?{}\[\],:])"
)
_NAME = re.compile(r"[A-Za-z_]\w*")
_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")


class NoFilter(Exception):
    """A filter is none that is read here."""


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None:
            raise NoFilter(text)
        tokens.append(found["token"])
        at = found.end()
    return tokens


def predicate(text: str) -> str:
    """The SQL/JSON path predicate that holds where ``jq -e`` succeeds. Raises NoFilter."""
    reader = _Predicate(_tokens(text))
    made = reader.either()
    if reader.tokens:
        raise NoFilter(text)
    return made


def negated(rule: str) -> str:
    """The predicate that holds where another one does not, or compares values of different types."""
    return f"!({rule}) || ({rule}) is unknown"


def path_of(text: str) -> str | None:
    """The path of a filter that is one member, such as ``.data.ok``; None of another."""
    try:
        reader = _Predicate(_tokens(text))
        made = reader.path()
    except NoFilter:
        return None
    return made if made and not reader.tokens else None


def alternative_of(text: str) -> str | None:
    """What ``jq -r`` prints for nothing, by the filter behind ``//``; None where it is none that is read here."""
    text = text.strip()
    if text in {"", "empty"}:
        return "null" if not text else ""
    literal = re.fullmatch(r'"([^"\\]*)"|(true|false|-?\d+)', text)
    return (literal[1] if literal[1] is not None else literal[2]) if literal else None


def equals(path: str, text: str) -> str:
    """The predicate that holds where ``jq -r`` prints a text for a member, ``path``. Raises NoFilter."""
    member, _, alternative = (part.strip() for part in path.partition("//"))
    made, otherwise = path_of(member), alternative_of(alternative)
    if made is None or otherwise is None:
        raise NoFilter(path)
    rules = []
    if text == otherwise:
        rules += [f"!exists({made})", f"{made} == null", *([f"{made} == false"] if alternative else [])]
    elif text in {"true", "false"} or re.fullmatch(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", text):
        rules.append(f"{made} == {text}")
    return " || ".join([*rules, f"{made} == {json.dumps(text)}"])


class _Predicate:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def take(self, *texts: str) -> str | None:
        if self.tokens and self.tokens[0] in texts:
            return self.tokens.pop(0)
        return None

    def either(self) -> str:
        parts = [self.both()]
        while self.take("or"):
            parts.append(self.both())
        return " || ".join(parts)

    def both(self) -> str:
        parts = [self.compared()]
        while self.take("and"):
            parts.append(self.compared())
        return " && ".join(f"({part})" if "||" in part and len(parts) > 1 else part for part in parts)

    def compared(self) -> str:
        if self.take("("):
            made = self.either()
            if not self.take(")"):
                raise NoFilter("(")
            return f"({made})"
        path = self.path()
        if path is None:
            raise NoFilter("a value")
        operator = self.take(*_COMPARISONS)
        if operator is None:
            if self.tokens and self.tokens[0] not in {"and", "or", ")"}:
                raise NoFilter(self.tokens[0])
            return f'exists({path} ? (@.type() != "null" && !(@.type() == "boolean" && @ == false)))'
        literal = self.literal()
        if literal == "null":
            if operator == "==":
                return f"!exists({path}) || {path} == null"
            if operator == "!=":
                return f"exists({path}) && {path} != null"
            raise NoFilter(operator)
        if operator == "!=":
            return negated(f"{path} == {literal}")
        return f"{path} {operator} {literal}"

    def path(self) -> str | None:
        made = "$"
        if self.take(".") and not (self.tokens and self.tokens[0].startswith("[")):
            return None
        while self.tokens and re.match(r'\.["\w]|\["|\[\d', self.tokens[0]):
            token = self.tokens.pop(0)
            self.take("?")
            if token.startswith("[") and token[1] != '"':
                made += token
                continue
            name = token[1:-1] if token.startswith("[") else token[1:]
            name = json.loads(name) if name.startswith('"') else name
            made += f".{name}" if _NAME.fullmatch(name) else f".{json.dumps(name)}"
        return made if made != "$" else None

    def literal(self) -> str:
        token = self.tokens.pop(0) if self.tokens else ""
        if token in {"true", "false", "null"} or re.fullmatch(r"-?\d+(?:\.\d+)?", token):
            return token
        if token.startswith('"') and "\\(" not in token:
            return json.dumps(json.loads(token))
        raise NoFilter(token)


def constant(text: str, variables: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The JSON value that a filter builds of literals and variables alone. Raises NoFilter."""
    reader = _Constant(_tokens(text), variables)
    made = reader.value()
    if reader.tokens:
        raise NoFilter(text)
    return made


class _Constant(_Predicate):
    def __init__(self, tokens: list[str], variables: dict[str, Any]) -> None:
        super().__init__(tokens)
        self.variables = variables

    def value(self) -> Any:  # noqa: ANN401, PLR0911
        token = self.tokens.pop(0) if self.tokens else ""
        if token == "{":  # noqa: S105
            return self.members()
        if token == "[":  # noqa: S105
            items = []
            while not self.take("]"):
                items.append(self.value())
                if not self.take(",") and self.tokens[:1] != ["]"]:
                    raise NoFilter("[")
            return items
        if re.fullmatch(r"\[\d+\]", token):
            return [int(token[1:-1])]
        if token.startswith('["'):
            return [json.loads(token[1:-1])]
        if token.startswith("$"):
            if token[1:] not in self.variables:
                raise NoFilter(token)
            return self.variables[token[1:]]
        if token in {"true", "false", "null"}:
            return {"true": True, "false": False, "null": None}[token]
        if token.startswith('"') and "\\(" not in token:
            return json.loads(token)
        if re.fullmatch(r"-?\d+(?:\.\d+)?", token):
            return json.loads(token)
        raise NoFilter(token)

    def members(self) -> dict[str, Any]:
        made: dict[str, Any] = {}
        while not self.take("}"):
            name = self.tokens.pop(0) if self.tokens else ""
            if name.startswith("$"):
                if name[1:] not in self.variables:
                    raise NoFilter(name)
                made[name[1:]] = self.variables[name[1:]]
            elif (name.startswith('"') and "\\(" not in name) or _NAME.fullmatch(name):
                if not self.take(":"):
                    raise NoFilter(name)
                made[json.loads(name) if name.startswith('"') else name] = self.value()
            else:
                raise NoFilter(name)
            if not self.take(",") and self.tokens[:1] != ["}"]:
                raise NoFilter("{")
        return made


def text_variable(value: Value) -> str:
    """The text of a value that a filter is given. Raises NoFilter where it is not known."""
    text = text_of(value)
    if text is None:
        raise NoFilter("a value that is not known here")
    return text
