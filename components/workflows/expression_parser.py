"""A parser of GitHub's expressions, which evaluates as it goes. Pure."""

import json
import re
from collections.abc import Callable
from typing import Any

from components.workflows.expression_value import NoExpression, Result, either, number_of, same, text_of_value, unknown
from components.workflows.value import Opaque

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>0x[0-9a-fA-F]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<operator>&&|\|\||==|!=|<=|>=|[!<>()\[\],.*]))"
)


class Parser:
    """Recursive descent over an expression's tokens, which evaluates as it goes."""

    def __init__(self, source: str, lookup: Callable[[list[Any]], Result], *, failed: bool) -> None:
        self.lookup, self.failed, self.source = lookup, failed, source
        self.tokens: list[tuple[str, str]] = []
        at, end = 0, len(source.rstrip())
        while at < end:
            token = _TOKEN.match(source, at)
            if token is None:
                raise NoExpression(source)
            self.tokens.append((str(token.lastgroup), token[str(token.lastgroup)]))
            at = token.end()
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, *texts: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "operator" and self.peek() in texts:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return None

    def need(self, text: str) -> None:
        if self.take(text) is None:
            raise NoExpression(self.source)

    def either(self) -> Result:
        result = self.both()
        while self.take("||"):
            result = either(result, self.both())
        return result

    def both(self) -> Result:
        result = self.equal()
        while self.take("&&"):
            other = self.equal()
            truth = result.truth
            if truth is None:
                result = other if other.truth is False else unknown(result, other)
            elif truth:
                result = other._replace(inputs=other.inputs | result.inputs)
        return result

    def equal(self) -> Result:
        result = self.ordered()
        while operator := self.take("==", "!="):
            compared = same(result, self.ordered())
            result = compared if compared.piece else Result(compared.value is (operator == "=="))
        return result

    def ordered(self) -> Result:
        result = self.unary()
        while operator := self.take("<", ">", "<=", ">="):
            other = self.unary()
            if result.piece or other.piece:
                result = unknown(result, other)
                continue
            one, two = number_of(result.value), number_of(other.value)
            result = Result({"<": one < two, ">": one > two, "<=": one <= two, ">=": one >= two}[operator])
        return result

    def unary(self) -> Result:
        if self.take("!"):
            result = self.unary()
            return unknown(result) if result.truth is None else Result(not result.truth)
        return self.primary()

    def primary(self) -> Result:
        if self.take("("):
            result = self.either()
            self.need(")")
            return result
        if self.at >= len(self.tokens):
            raise NoExpression(self.source)
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "text":
            return Result(text[1:-1].replace("''", "'"))
        if kind == "number":
            return Result(float(int(text, 16)) if text.startswith("0x") else float(text))
        if kind != "name":
            raise NoExpression(self.source)
        if text in {"true", "false", "null"}:
            return Result({"true": True, "false": False, "null": None}[text])
        if self.take("("):
            return self.call(text.lower())
        path: list[Any] = [text]
        while mark := self.take(".", "["):
            if mark == ".":
                path.append("*" if self.take("*") else self._name())
            else:
                path.append("*" if self.take("*") else self._index())
                self.need("]")
        return self.lookup(path)

    def _index(self) -> Any:  # noqa: ANN401 - a name or a number
        index = self.either()
        if index.piece is not None:  # a secret whose name nobody knows is no secret of the name None
            raise NoExpression(self.source)
        return index.value

    def _name(self) -> str:
        if self.at >= len(self.tokens):
            raise NoExpression(self.source)
        self.at += 1
        return self.tokens[self.at - 1][1]

    def call(self, name: str) -> Result:  # noqa: PLR0911, PLR0912 - a line for each function
        given: list[Result] = []
        while not self.take(")"):
            given.append(self.either())
            if self.peek() != ")":
                self.need(",")
        match name, given:
            case "always", []:
                return Result(True)
            case "success", []:
                return Result(not self.failed)
            case "failure", []:
                return Result(self.failed)
            case "cancelled", []:
                return Result(False)
            case "contains", [Result(piece=Opaque(details=(str(path),))), Result(value="failure" | "cancelled")] if (
                path.startswith("needs.") and path.endswith(".result")
            ):
                return Result(False)
        if any(each.piece for each in given):
            return unknown(*given)
        values = [each.value for each in given]
        match name, values:
            case "contains", [list(items), item]:
                return Result(any(text_of_value(each).lower() == text_of_value(item).lower() for each in items))
            case "contains", [whole, part]:
                return Result(text_of_value(part).lower() in text_of_value(whole).lower())
            case "startswith", [whole, part]:
                return Result(text_of_value(whole).lower().startswith(text_of_value(part).lower()))
            case "endswith", [whole, part]:
                return Result(text_of_value(whole).lower().endswith(text_of_value(part).lower()))
            case "fromjson", [str(text)]:
                try:
                    return Result(json.loads(text))
                except ValueError:
                    raise NoExpression(self.source) from None
            case "format", [str(form), *rest]:
                return Result(
                    re.sub(
                        r"\{(\d+)\}", lambda at: text_of_value(rest[int(at[1])]) if int(at[1]) < len(rest) else "", form
                    )
                )
        raise NoExpression(f"{name}()")
