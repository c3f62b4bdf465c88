"""A workflow's job run in a world of answers, step by step: what it calls, and whether it turns red. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from components.workflows.expression import Context
from components.workflows.expression_value import NoExpression
from components.workflows.machine import Machine
from components.workflows.outcome import Note, Reason, Refused
from components.workflows.script_source import prepare
from components.workflows.shell_state import State, Trace, World
from components.workflows.value import Answer, Field, Known, Opaque, Value, known, lines_of, text_of
from components.workflows.workflow import Cron, Step, Workflow, WorkflowJob
from components.workflows.yaml_file import Mapping as YamlMapping
from components.workflows.yaml_file import Scalar

_OUTPUT, _ENV = "/github/output", "/github/env"
_WITHOUT_EFFECT = (
    "actions/checkout",
    "actions/setup-",
    "actions/cache",
    "step-security/harden-runner",
    "actions/upload-artifact",
)


def context_of(workflow: Workflow, job: WorkflowJob, cron: Cron, matrix: Mapping[str, Any]) -> Context:
    """What expressions of a job stand for, its own variables included. Raises Refused."""
    environment = f"{workflow.scope} {job.environment}".strip()
    context = Context(cron.text, workflow.name or workflow.path, job.id, environment, matrix)
    for variables in (workflow.env, job.env):
        _set(context, variables)
    return context


def _set(context: Context, variables: YamlMapping) -> None:
    for name, value in variables.items.items():
        if isinstance(value, Scalar):
            text = "" if value.text in {"~", "null"} else value.text
            try:
                context.env[name] = context.text(text)
            except NoExpression:
                context.env[name] = (Opaque(Reason.CONDITION, (f"what the expression of {name} gives",)),)


def run_job(workflow: Workflow, job: WorkflowJob, cron: Cron, matrix: Mapping[str, Any], world: World) -> Trace:
    """What a scheduled run of a job comes to in a world."""
    trace = Trace()
    context = context_of(workflow, job, cron, matrix)
    files: dict[str, Value] = {}
    for step in job.steps:
        if not _runs(step, context, world, trace):
            context.outcomes[step.id] = "skipped"
            continue
        if step.run is None:
            _action(step, trace)
            continue
        try:
            status = _script(step, context, world, trace, files, is_windows="windows" in job.runner.lower())
        except Refused as refused:
            trace.lost.append(refused)
            status = 0
        context.outcomes[step.id] = "failure" if status else "success"
        if status and step.may_fail not in {"true", "${{ true }}"}:
            context.failed = trace.red = True
    trace.handed = _handed(job, context, trace)
    if job.may_fail == "true":
        trace.red = False
    return trace


def _handed(job: WorkflowJob, context: Context, trace: Trace) -> set[str]:
    """The calls of whose answers a job makes an output."""
    handed: set[str] = set()
    for value in job.outputs.items.values():
        try:
            pieces = context.text(value.text) if isinstance(value, Scalar) else ()
        except NoExpression:
            pieces = (Opaque(Reason.FEEDS),)
        for piece in pieces:
            match piece:
                case Answer(call) | Field(call, _) | Known(status_of=str(call)):
                    handed.add(call)
                case Opaque(Reason.FEEDS | Reason.RULE):
                    handed |= {call.site for call in trace.calls}
    return handed


def _runs(step: Step, context: Context, world: World, trace: Trace) -> bool:
    if step.condition is None:
        return not context.failed
    line = step.condition.line
    state = _state(step, world, trace, {}, {})
    try:
        result = context.condition(step.condition.text)
    except NoExpression:
        return state.ask_unknown(Reason.CONDITION, line, "its condition holds")
    if result.truth is not None:
        return result.truth
    piece = result.piece
    return state.ask_unknown(*condition_reason(piece, line))


def condition_reason(piece: object, line: int) -> tuple[Reason, int, str]:
    """Why nobody knows whether a condition holds that is about a piece, as the arguments of a refusal."""
    if isinstance(piece, Opaque) and piece.reason is Reason.STEP_OUTPUT:
        return piece.reason, line, str(piece.details[0])
    if isinstance(piece, Opaque) and piece.reason is Reason.RUN_NUMBER:
        return Reason.CONDITION, line, f"{piece.details[0]} is as its condition asks"
    return (
        Reason.CONDITION,
        line,
        str(piece.details[0]) if isinstance(piece, Opaque) and piece.details else "its condition holds",
    )


def _action(step: Step, trace: Trace) -> None:
    name = step.uses.partition("@")[0]
    if name.startswith(_WITHOUT_EFFECT):
        trace.notes.append((Note.CHECKOUT, step.line, (name,)))
    else:
        trace.lost.append(Refused(Reason.ACTION, step.line, name or "a step"))


def _state(step: Step, world: World, trace: Trace, env: dict[str, Value], files: dict[str, Value]) -> State:
    return State(world, trace, step.id, {**env}, files, lambda line: line)


def _script(
    step: Step, context: Context, world: World, trace: Trace, files: dict[str, Value], *, is_windows: bool
) -> int:
    shell = step.shell.strip() or ("pwsh" if is_windows else "")
    run = step.run or Scalar("", step.line, step.line)
    if shell and shell != "bash" and not shell.startswith("bash "):
        raise Refused(Reason.SHELL, step.line, shell)
    kept = dict(context.env)
    _set(context, step.env)
    env = dict(context.env)
    env |= {"GITHUB_EVENT_NAME": known("schedule"), "GITHUB_OUTPUT": known(_OUTPUT), "GITHUB_ENV": known(_ENV)}
    env |= {"GITHUB_STEP_SUMMARY": known("/github/summary"), "GITHUB_ACTIONS": known("true"), "CI": known("true")}
    source = prepare(run.text, _evaluator(context, run.line), run.first_line)
    state = _state(step, world, trace, env, files)
    state.errexit = not shell.startswith("bash ") or "e" in shell.split("bash", 1)[1].replace("noprofile", "").replace(
        "pipefail", ""
    )
    state.pipefail = shell == "bash" or "pipefail" in shell
    files.pop(_OUTPUT, None)
    files.pop(_ENV, None)
    try:
        return Machine(source, state).run()
    finally:
        context.env = kept
        for name, value in _written(files.get(_OUTPUT, ())):
            context.outputs[f"{step.id}.{name}"] = value
        for name, value in _written(files.get(_ENV, ())):
            context.env[name] = value
        trace.notes = list(dict.fromkeys(trace.notes))


def _evaluator(context: Context, line: int) -> Callable[[str], Value]:
    def evaluate(source: str) -> Value:
        try:
            return context.evaluate(source).as_value()
        except NoExpression:
            return (Opaque(Reason.CONDITION, ("what an expression of it gives",)),)

    return evaluate


def _written(content: Value) -> list[tuple[str, Value]]:
    """The ``name=value`` lines of what a step wrote for others."""
    made = []
    for line in lines_of(content):
        first = line[0].text if line and isinstance(line[0], Known) else ""
        name, mark, rest = first.partition("=")
        if mark and name.replace("-", "_").isidentifier():
            made.append((name, (*((Known(rest),) if rest else ()), *line[1:]) or known("")))
        elif "<<" in first:
            made.append((first.partition("<<")[0], (Opaque(Reason.STEP_OUTPUT, (first.partition("<<")[0],)),)))
    return made


def is_idle(job: WorkflowJob) -> bool:
    """Whether a job has no script at all."""
    return all(step.run is None or not (text_of(known(step.run.text)) or "").strip() for step in job.steps)
