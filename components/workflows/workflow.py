"""A workflow as GitHub reads it: its schedules, inputs, jobs and steps, with their lines. Pure."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from components.workflows.expression import Context
from components.workflows.expression_value import NoExpression
from components.workflows.outcome import Reason, Refused
from components.workflows.yaml_file import Mapping, Scalar, Sequence, Tree, read_yaml

_COMMENTED = re.compile(r"^\s*#[#\s]*-?\s*cron:\s*['\"]?([^'\"#\n]+)")
MAX_COMBINATIONS = 256
"""Combinations of a matrix at most, as GitHub has it."""


@dataclass(frozen=True)
class Cron:
    """One of a workflow's schedules; ``zone`` is the IANA name of its clock."""

    text: str
    zone: str
    line: int


@dataclass(frozen=True)
class Input:
    """An input of workflow_dispatch."""

    name: str
    description: str = ""
    kind: str = "string"
    default: str | None = None


@dataclass(frozen=True)
class Step:
    """A step: a script (``run``) or an action (``uses``)."""

    id: str
    name: str
    line: int
    condition: Scalar | None
    run: Scalar | None
    uses: str
    shell: str
    env: Mapping
    may_fail: str
    has_directory: bool = False


@dataclass(frozen=True)
class WorkflowJob:
    """A job of a workflow."""

    id: str
    name: str
    line: int
    condition: Scalar | None
    needs: tuple[str, ...]
    env: Mapping
    environment: str
    matrix: Tree | None
    matrix_line: int
    steps: tuple[Step, ...]
    uses: str
    container: bool
    concurrency: tuple[str, str] | None
    timeout: float | None
    may_fail: str
    runner: str = ""
    outputs: Mapping = field(default_factory=lambda: Mapping({}, 0))


@dataclass(frozen=True)
class Workflow:
    """A workflow's file, ``file`` as it was named and ``path`` from the repository's root.

    ``scope`` names the repository where several are read, since each has secrets of its own.
    """

    file: str
    path: str
    name: str
    crons: tuple[Cron, ...]
    inputs: dict[str, Input]
    env: Mapping
    jobs: tuple[WorkflowJob, ...]
    concurrency: tuple[str, str] | None
    other_events: tuple[str, ...]
    commented: tuple[tuple[int, str], ...] = ()
    on_line: int = 1
    scope: str = ""


class NoWorkflow(Exception):
    """A file is no workflow; ``str(error)`` is the end of a sentence."""


def read_workflow(text: str, file: str, path: str) -> Workflow:
    """Read a workflow. Raises NoWorkflow, or NoYaml of yaml_file."""
    root = read_yaml(text)
    if not isinstance(root, Mapping) or "jobs" not in root.items or "on" not in root.items:
        raise NoWorkflow("is no workflow, which has 'on' and 'jobs'")
    jobs = root.items["jobs"]
    if not isinstance(jobs, Mapping):
        raise NoWorkflow("is no workflow: its 'jobs' are no mapping")
    events = root.items["on"]
    shell = root.mapping("defaults").mapping("run").text("shell")
    return Workflow(
        file=file,
        path=path,
        name=root.text("name"),
        crons=tuple(_crons(events)),
        inputs=dict(_inputs(events)),
        env=root.mapping("env"),
        jobs=tuple(
            _job(name, job, jobs.lines[name], shell) for name, job in jobs.items.items() if isinstance(job, Mapping)
        ),
        concurrency=_concurrency(root),
        other_events=tuple(name for name in _events(events) if name != "schedule"),
        commented=tuple(
            (number, found[1].strip())
            for number, line in enumerate(text.splitlines(), 1)
            if (found := _COMMENTED.match(line))
        ),
        on_line=root.lines["on"],
    )


def _events(events: Tree) -> list[str]:
    if isinstance(events, Scalar):
        return [events.text]
    if isinstance(events, Sequence):
        return [item.text for item in events.items if isinstance(item, Scalar)]
    return list(events.items)


def _crons(events: Tree) -> Iterator[Cron]:
    schedules = events.items.get("schedule") if isinstance(events, Mapping) else None
    for item in schedules.items if isinstance(schedules, Sequence) else [schedules]:
        if isinstance(item, Mapping) and item.text("cron"):
            yield Cron(item.text("cron").strip(), item.text("timezone").strip(), item.line)


def _inputs(events: Tree) -> Iterator[tuple[str, Input]]:
    dispatch = events.mapping("workflow_dispatch").mapping("inputs") if isinstance(events, Mapping) else None
    for name, spec in (dispatch.items if dispatch else {}).items():
        given = spec if isinstance(spec, Mapping) else Mapping({}, 0)
        default = given.text("default") if "default" in given.items else None
        yield name, Input(name, given.text("description"), given.text("type", "string"), default)


def _concurrency(node: Mapping) -> tuple[str, str] | None:
    value = node.items.get("concurrency")
    if isinstance(value, Scalar):
        return value.text, "false"
    return (value.text("group"), value.text("cancel-in-progress", "false")) if isinstance(value, Mapping) else None


def _job(name: str, job: Mapping, line: int, shell: str) -> WorkflowJob:
    environment = job.items.get("environment")
    needs = job.items.get("needs")
    strategy = job.mapping("strategy")
    steps = job.items.get("steps")
    shell = job.mapping("defaults").mapping("run").text("shell", shell)
    minutes = job.text("timeout-minutes")
    condition = job.items.get("if")
    return WorkflowJob(
        id=name,
        name=job.text("name"),
        line=line,
        condition=condition if isinstance(condition, Scalar) else None,
        needs=tuple(_events(needs)) if needs is not None else (),
        env=job.mapping("env"),
        environment=environment.text
        if isinstance(environment, Scalar)
        else environment.text("name")
        if isinstance(environment, Mapping)
        else "",
        matrix=strategy.items.get("matrix"),
        matrix_line=strategy.lines.get("matrix", line),
        steps=tuple(_step(at, step, shell) for at, step in enumerate(steps.items) if isinstance(step, Mapping))
        if isinstance(steps, Sequence)
        else (),
        uses=job.text("uses"),
        container="container" in job.items,
        concurrency=_concurrency(job),
        timeout=float(minutes) * 60 if re.fullmatch(r"\d+(\.\d+)?", minutes) else None,
        may_fail=job.text("continue-on-error", "false"),
        outputs=job.mapping("outputs"),
        runner=" ".join(_events(runner)) if (runner := job.items.get("runs-on")) is not None else "",
    )


def _step(at: int, step: Mapping, shell: str) -> Step:
    run, condition = step.items.get("run"), step.items.get("if")
    return Step(
        id=step.text("id") or str(at),
        name=step.text("name"),
        line=step.line,
        condition=condition if isinstance(condition, Scalar) else None,
        run=run if isinstance(run, Scalar) else None,
        uses=step.text("uses"),
        shell=step.text("shell", shell),
        env=step.mapping("env"),
        may_fail=step.text("continue-on-error", "false"),
        has_directory="working-directory" in step.items,
    )


def combinations(job: WorkflowJob, context: Context) -> list[dict[str, Any]]:
    """The combinations of a job's matrix; one that is empty where there is none. Raises Refused."""
    if job.matrix is None:
        return [{}]
    line = job.matrix_line
    data = _data(job.matrix, context, line)
    if not isinstance(data, dict):
        raise Refused(Reason.MATRIX, line, "")
    axes = {name: values for name, values in data.items() if name not in {"include", "exclude"}}
    if any(not isinstance(values, list) for values in axes.values()):
        raise Refused(Reason.MATRIX, line, "")
    made = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())] if axes else []
    excluded = data.get("exclude") or []
    made = [one for one in made if not any(all(one.get(k) == v for k, v in each.items()) for each in excluded)]
    original = [dict(one) for one in made]
    for more in data.get("include") or []:
        fits = [
            one
            for one, first in zip(made, original, strict=False)
            if all(first.get(k, v) == v for k, v in more.items() if k in axes)
        ]
        if fits and made:
            for one in fits:
                one.update(more)
        else:
            made.append(dict(more))
    if not made or len(made) > MAX_COMBINATIONS:
        raise Refused(Reason.MATRIX, line, "")
    return made


def _data(node: Tree, context: Context, line: int) -> Any:  # noqa: ANN401 - JSON
    if isinstance(node, Mapping):
        return {name: _data(value, context, line) for name, value in node.items.items()}
    if isinstance(node, Sequence):
        return [_data(item, context, line) for item in node.items]
    try:
        found = re.fullmatch(r"\s*\$\{\{(.*)\}\}\s*", node.text, re.DOTALL)
        if found is None:
            return node.text
        result = context.evaluate(found[1])
    except NoExpression:
        raise Refused(Reason.MATRIX, line, "") from None
    if result.piece is not None:
        raise Refused(Reason.MATRIX, line, "")
    return json.loads(json.dumps(result.value))
