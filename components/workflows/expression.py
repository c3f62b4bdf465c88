"""The expression language of GitHub Actions, ``${{ … }}``, as far as it can be known before a scheduled run. Pure.

https://docs.github.com/actions/reference/workflows-and-actions/expressions. Under a schedule the inputs are empty, and
their defaults do not apply.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from components.workflows.outcome import Place, Reason
from components.workflows.value import Known, Opaque, Piece, Value, known

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
"""An expression in a text; a ``}}`` within one of its strings is none that anybody writes."""

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>0x[0-9a-fA-F]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<operator>&&|\|\||==|!=|<=|>=|[!<>()\[\],.*]))"
)
_ONLY_THERE = {"run_id", "run_number", "run_attempt"}


class Several(NamedTuple):
    """A value of several pieces, which an expression hands on as it is."""

    value: Value


class Result(NamedTuple):
    """What an expression gives: a value that is known (None, bool, number, text, list, mapping), or a piece."""

    value: Any = None
    piece: Piece | Several | None = None
    inputs: frozenset[str] = frozenset()

    @property
    def truth(self) -> bool | None:
        """Whether it counts as true; None where nobody knows."""
        if self.piece is not None:
            return None
        return not (self.value is None or self.value is False or self.value == 0 or self.value == "")

    def as_value(self) -> Value:
        """The text that takes the expression's place."""
        if isinstance(self.piece, Several):
            return self.piece.value
        if self.piece is not None:
            return (self.piece,)
        return (Known(_text(self.value), self.inputs),)


class NoExpression(Exception):
    """A text is no expression that is read here."""


@dataclass
class Context:
    """What the names in expressions stand for. ``outputs`` are those of steps, by ``step.output``."""

    cron: str
    workflow: str = ""
    job: str = ""
    environment: str = ""
    matrix: Mapping[str, Any] = field(default_factory=dict)
    env: dict[str, Value] = field(default_factory=dict)
    outputs: dict[str, Value] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    failed: bool = False

    def evaluate(self, source: str) -> Result:
        """What an expression gives, without its braces. Raises NoExpression."""
        parser = _Parser(source, self)
        result = parser.either()
        if parser.peek():
            raise NoExpression(source)
        return result

    def text(self, source: str) -> Value:
        """A text with its expressions replaced. Raises NoExpression."""
        value: list[Piece] = []
        at = 0
        for found in EXPRESSION.finditer(source):
            if found.start() > at:
                value.append(Known(source[at : found.start()]))
            value.extend(self.evaluate(found[1]).as_value())
            at = found.end()
        if at < len(source) or not value:
            value.append(Known(source[at:]))
        return tuple(value)

    def condition(self, source: str) -> Result:
        """What an ``if`` gives. Raises NoExpression."""
        whole = EXPRESSION.fullmatch(source.strip())
        if whole is None and EXPRESSION.search(source):  # a text with an expression in it is never empty
            return Result(True)
        result = self.evaluate(whole[1] if whole else source)
        if re.search(r"\b(?:always|success|failure|cancelled)\s*\(", source):
            return result
        return Result(False) if self.failed else result

    def lookup(self, path: list[Any]) -> Result:  # noqa: PLR0911, PLR0912 - a line for each of GitHub's contexts
        """What a path such as ``github.event.schedule`` stands for."""
        root, rest = str(path[0]).lower(), path[1:]
        name = str(rest[0]) if rest else ""
        shown = ".".join(map(str, path))
        match root:
            case "secrets":
                return Result(piece=Place("", "github_secret", name, environment=self.environment))
            case "vars":
                return Result(piece=Place("", "variable", name, environment=self.environment))
            case "inputs":
                return Result(None, inputs=frozenset({name}) if name else frozenset())
            case "env":
                return _of_value(self.env.get(name, known("")))
            case "matrix":
                return _inside(self.matrix, rest)
            case "github":
                return self._github([str(step) for step in rest], shown)
            case "steps":
                return self._step([str(step) for step in rest], shown)
            case "needs" | "jobs":
                if rest[-1:] == ["result"] and "*" not in rest:
                    return Result("success")
                return Result(piece=Opaque(Reason.STEP_OUTPUT, (shown,)))
            case "runner" if name == "os":
                return Result("Linux")
            case "strategy" | "runner" | "job":
                return Result(piece=Opaque(Reason.RUN_NUMBER, (shown,)))
        raise NoExpression(shown)

    def _github(self, path: list[str], shown: str) -> Result:  # noqa: PLR0911 - a line for each member
        match path:
            case ["event_name"]:
                return Result("schedule")
            case ["event", "schedule"]:
                return Result(self.cron)
            case ["event", "inputs", name]:
                return Result(None, inputs=frozenset({name}))
            case ["event", *_]:
                return Result(None)  # the event of a schedule holds its cron alone
            case ["workflow"]:
                return Result(self.workflow)
            case ["job"]:
                return Result(self.job)
            case ["server_url"]:
                return Result("https://github.com")
            case ["ref_type"]:
                return Result("branch")
            case ["head_ref"] | ["base_ref"]:
                return Result("")
            case [name] if name in _ONLY_THERE:
                return Result(piece=Opaque(Reason.RUN_NUMBER, (shown,)))
        return Result(piece=Opaque(Reason.RUN_NUMBER, (shown,)))

    def _step(self, path: list[str], shown: str) -> Result:
        match path:
            case [step, "outputs", name]:
                if step in self.outcomes and f"{step}.{name}" not in self.outputs and f"{step}.*" not in self.outputs:
                    return Result("")
                return _of_value(self.outputs.get(f"{step}.{name}", (Opaque(Reason.STEP_OUTPUT, (shown,)),)))
            case [step, "outcome" | "conclusion"]:
                return Result(self.outcomes.get(step, ""))
        return Result(piece=Opaque(Reason.STEP_OUTPUT, (shown,)))


def _inside(value: Any, path: list[Any]) -> Result:  # noqa: ANN401 - JSON
    for step in path:
        value = value.get(str(step)) if isinstance(value, Mapping) else None
    return Result(value)


def _of_value(value: Value) -> Result:
    if len(value) == 1 and not isinstance(value[0], Known):
        return Result(piece=value[0])
    if all(isinstance(piece, Known) for piece in value):
        pieces = [piece for piece in value if isinstance(piece, Known)]
        return Result("".join(piece.text for piece in pieces), inputs=frozenset().union(*(p.inputs for p in pieces)))
    return Result(piece=Several(value))


class _Parser:
    """Recursive descent over an expression's tokens, which evaluates as it goes."""

    def __init__(self, source: str, context: Context) -> None:
        self.context, self.tokens, self.source = context, [], source
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
            result = _either(result, self.both())
        return result

    def both(self) -> Result:
        result = self.equal()
        while self.take("&&"):
            other = self.equal()
            truth = result.truth
            if truth is None:
                result = other if other.truth is False else _unknown(result, other)
            elif truth:
                result = other._replace(inputs=other.inputs | result.inputs)
        return result

    def equal(self) -> Result:
        result = self.ordered()
        while operator := self.take("==", "!="):
            same = _same(result, self.ordered())
            result = same if same.piece else Result(same.value is (operator == "=="))
        return result

    def ordered(self) -> Result:
        result = self.unary()
        while operator := self.take("<", ">", "<=", ">="):
            other = self.unary()
            if result.piece or other.piece:
                result = _unknown(result, other)
                continue
            one, two = _number(result.value), _number(other.value)
            result = Result({"<": one < two, ">": one > two, "<=": one <= two, ">=": one >= two}[operator])
        return result

    def unary(self) -> Result:
        if self.take("!"):
            result = self.unary()
            return _unknown(result) if result.truth is None else Result(not result.truth)
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
                path.append("*" if self.take("*") else self.either().value)
                self.need("]")
        return self.context.lookup(path)

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
                return Result(not self.context.failed)
            case "failure", []:
                return Result(self.context.failed)
            case "cancelled", []:
                return Result(False)
            case "contains", [Result(piece=Opaque(details=(str(path),))), Result(value="failure" | "cancelled")] if (
                path.startswith("needs.") and path.endswith(".result")
            ):
                return Result(False)
        if any(each.piece for each in given):
            return _unknown(*given)
        values = [each.value for each in given]
        match name, values:
            case "contains", [list(items), item]:
                return Result(any(_text(each).lower() == _text(item).lower() for each in items))
            case "contains", [whole, part]:
                return Result(_text(part).lower() in _text(whole).lower())
            case "startswith", [whole, part]:
                return Result(_text(whole).lower().startswith(_text(part).lower()))
            case "endswith", [whole, part]:
                return Result(_text(whole).lower().endswith(_text(part).lower()))
            case "fromjson", [str(text)]:
                try:
                    return Result(json.loads(text))
                except ValueError:
                    raise NoExpression(self.source) from None
            case "format", [str(form), *rest]:
                return Result(re.sub(r"\{(\d+)\}", lambda at: _text(rest[int(at[1])]) if int(at[1]) < len(rest) else "", form))
        raise NoExpression(f"{name}()")


def _either(one: Result, other: Result) -> Result:
    truth = one.truth
    if truth is not None:
        return one if truth else other._replace(inputs=other.inputs | one.inputs)
    if not isinstance(one.piece, Place):
        return one if other.truth is False and not isinstance(one.piece, Opaque) else _unknown(one, other)
    if isinstance(other.piece, Place):
        what = f"the {_kind(other.piece)} {other.piece.original}"
    elif other.piece is None:
        what = f"{_text(other.value)!r}" if other.truth else ""
    else:
        return _unknown(one, other)
    return Result(piece=one.piece._replace(otherwise=what))


def _kind(place: Place) -> str:
    return "secret" if place.kind == "github_secret" else "variable"


def _same(one: Result, other: Result) -> Result:
    """Whether two values are the same to GitHub: texts without regard to case, different types as numbers."""
    if one.piece or other.piece:
        return _unknown(one, other)
    if isinstance(one.value, str) and isinstance(other.value, str):
        return Result(one.value.lower() == other.value.lower())
    return Result(type(one.value) is type(other.value) and one.value == other.value or _number(one.value) == _number(other.value))


def _unknown(*results: Result) -> Result:
    piece = next(each.piece for each in results if each.piece is not None)
    if isinstance(piece, Several):
        piece = next(each for each in piece.value if not isinstance(each, Known))
    if isinstance(piece, Place):
        return Result(piece=Opaque(Reason.CONDITION, (f"the {_kind(piece)} {piece.original} is what is asked for",)))
    return Result(piece=piece)


def _number(value: Any) -> float:  # noqa: ANN401 - JSON
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.15g}"
        case str():
            return value
    return json.dumps(value, ensure_ascii=False)
