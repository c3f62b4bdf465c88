"""The expression language of GitHub Actions, ``${{ … }}``, as far as it can be known before a scheduled run. Pure.

https://docs.github.com/actions/reference/workflows-and-actions/expressions. Under a schedule the inputs are empty, and
their defaults do not apply.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from components.workflows.expression_parser import Parser
from components.workflows.expression_value import NoExpression, Result, Several
from components.workflows.outcome import Place, Reason
from components.workflows.value import Known, Opaque, Piece, Value, known

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
"""An expression in a text; a ``}}`` within one of its strings is none that anybody writes."""

_ONLY_THERE = {"run_id", "run_number", "run_attempt"}


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
        parser = Parser(source, self.lookup, failed=self.failed)
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

    def lookup(self, path: list[Any]) -> Result:  # noqa: PLR0911 - a line for each of GitHub's contexts
        """What a path such as ``github.event.schedule`` stands for."""
        root, rest = str(path[0]).lower(), path[1:]
        name = str(rest[0]) if rest else ""
        shown = ".".join(map(str, path))
        match root:
            case "secrets" | "vars" if len(rest) != 1:
                raise NoExpression(shown)
            case "secrets":
                return Result(piece=Place("", "github_secret", name.upper(), environment=self.environment))
            case "vars":
                return Result(piece=Place("", "variable", name.upper(), environment=self.environment))
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
                if self.outcomes.get(step) == "skipped":
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
