"""Workflows as outcomes: each call of each scheduled job, with the entry that does the same or the reason why none does.

Pure: it reads texts and knows no files, no network and no values of secrets.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from components.workflows.cadence import floor_words, merged, schedule_of
from components.workflows.expression import NoExpression
from components.workflows.job_entry import Draft, draft
from components.workflows.job_run import context_of, run_job
from components.workflows.lifting import keys_in_clear
from components.workflows.naming import Keys, once, slug
from components.workflows.outcome import UNDECIDED, Note, Outcome, Place, Reason, Refused, Told, Where
from components.workflows.shell_state import World
from components.workflows.value import Opaque
from components.workflows.verdict import Judged, judge
from components.workflows.workflow import Cron, Workflow, WorkflowJob, combinations


@dataclass
class Found:
    """A call in one schedule and one combination, before it has a name."""

    workflow: Workflow
    job: WorkflowJob
    cron: Cron
    matrix: dict[str, Any]
    combinations: int
    line: int
    step: str = ""
    made: Draft | None = None
    on_last_day: bool = False
    schedule: str = ""
    zone: str = ""
    notes: list[tuple[Note, int, tuple[object, ...]]] = field(default_factory=list)
    reasons: list[Refused] = field(default_factory=list)
    joined: int = 1
    number: int = 0

    @property
    def likeness(self) -> tuple[object, ...]:
        """What two of them share that differ in their schedules alone."""
        reasons = tuple((each.what, each.line, each.details) for each in self.reasons if each.what not in {Reason.SCHEDULE})
        made = repr((self.made.http, self.made.inputs)) if self.made else ""
        return self.job.id, repr(self.matrix), self.line, self.number, made, reasons, self.zone


@dataclass
class Reading:
    """What became of some workflows: outcomes of calls, and what is left out with its reason."""

    outcomes: list[Outcome] = field(default_factory=list)
    left_out: list[tuple[str, Told]] = field(default_factory=list)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)


def read(workflows: Iterable[tuple[Workflow, str]]) -> Reading:
    """The outcomes of workflows, each with its file's text."""
    reading = Reading()
    found: list[Found] = []
    for workflow, text in workflows:
        found += _workflow(workflow, reading)
        reading.left_out += [
            (f"{workflow.file}", Told(Note.KEY_LIFTED, Where(workflow.file, line), ("or is refused",)))
            for line, _ in keys_in_clear(text)
            if not _is_lifted(found, workflow)
        ]
    keys = Keys(place for each in found if each.made for place, _ in each.made.places())
    _declare(found, keys, reading)
    taken: list[str] = []
    for each in found:
        name = once(_name(each, found), taken)
        taken.append(name)
        reading.outcomes.append(_outcome(each, name, keys))
    return reading


def _is_lifted(found: list[Found], workflow: Workflow) -> bool:
    return any(
        place.kind == "literal" for each in found if each.workflow is workflow and each.made for place, _ in each.made.places()
    )


def _workflow(workflow: Workflow, reading: Reading) -> list[Found]:
    def leave_out(subject: str, reason: Reason, line: int, *details: object) -> None:
        reading.left_out.append((subject, Told(reason, Where(workflow.file, line), details)))

    for line, cron in workflow.commented:
        leave_out(f"{workflow.file}: the schedule {cron!r}", Reason.COMMENTED_OUT, line)
    if not workflow.crons:
        leave_out(workflow.file, Reason.NOT_SCHEDULED, workflow.on_line)
        return []
    found: list[Found] = []
    for cron in workflow.crons:
        runs = False
        for job in workflow.jobs:
            condition = _job_condition(workflow, job, cron)
            if condition is False:
                continue
            runs = True
            found += _job(workflow, job, cron, condition)
        if not runs:
            leave_out(f"{workflow.file}: the schedule {cron.text!r}", Reason.NOT_THIS_SCHEDULE, cron.line)
    for job in workflow.jobs:
        if all(_job_condition(workflow, job, cron) is False for cron in workflow.crons):
            line = job.condition.line if job.condition else job.line
            is_alert = job.condition is not None and ("failure()" in job.condition.text or ".result" in job.condition.text)
            leave_out(f"{workflow.file}: the job {job.id}", Reason.ALERT if is_alert else Reason.SWITCHED_OFF, line)
    return _joined(found)


def _job_condition(workflow: Workflow, job: WorkflowJob, cron: Cron) -> bool | Refused:
    """Whether a job runs by its ``if`` under a schedule, or why nobody knows."""
    if job.condition is None:
        return True
    context = context_of(workflow, job, cron, {})
    try:
        result = context.condition(job.condition.text)
    except NoExpression:
        return Refused(Reason.CONDITION, job.condition.line, "its condition holds")
    if result.truth is not None:
        return result.truth
    if isinstance(result.piece, Opaque):
        return Refused(result.piece.reason, job.condition.line, *result.piece.details)
    return Refused(Reason.CONDITION, job.condition.line, "its condition holds")


def _job(workflow: Workflow, job: WorkflowJob, cron: Cron, condition: bool | Refused) -> Iterator[Found]:
    def refused(why: Refused) -> Found:
        return Found(workflow, job, cron, {}, 1, why.line, reasons=[why])

    if job.uses:
        yield refused(Refused(Reason.REUSED, job.line, job.uses.partition("@")[0]))
        return
    try:
        matrices = combinations(job, context_of(workflow, job, cron, {}))
    except Refused as why:
        yield refused(why)
        return
    for matrix in matrices:

        def run(world: World, matrix: dict[str, Any] = matrix) -> Any:  # noqa: ANN401 - a Trace
            return run_job(workflow, job, cron, matrix, world)

        try:
            judged, trace = judge(run)
        except Refused as why:
            yield refused(why)
            continue
        lost = [*trace.lost, *([Refused(Reason.CONTAINER, job.line)] if job.container else [])]
        made = list(_calls(workflow, job, cron, matrix, len(matrices), judged, trace.notes))
        for each in made:
            if condition is not True and isinstance(condition, Refused):
                each.reasons.append(condition)
            if lost and not each.reasons:
                each.reasons += [Refused(Reason.OTHER_WORK, each.line), *lost]
            elif lost:
                each.reasons += lost
        if not made and lost:
            made = [Found(workflow, job, cron, matrix, len(matrices), lost[0].line, reasons=lost)]
        yield from made


def _calls(
    workflow: Workflow, job: WorkflowJob, cron: Cron, matrix: dict[str, Any], many: int, judged: list[Judged],
    more_notes: list[tuple[Note, int, tuple[object, ...]]],
) -> Iterator[Found]:  # fmt: skip
    steps = {step.id: step for step in job.steps}
    for number, each in enumerate(judged):
        step = steps.get(each.call.step)
        made = Found(workflow, job, cron, matrix, many, each.call.line, step.name if step else "", number=number)
        made.on_last_day = each.on_last_day
        made.reasons += each.reasons
        schedule = None
        try:
            schedule, made.zone = schedule_of(cron, last_day=each.on_last_day)
            made.schedule = schedule.text
        except Refused as why:
            made.reasons.append(why)
        try:
            made.made = draft(each, workflow, job, schedule)
        except Refused as why:
            if why.what not in {one.what for one in made.reasons}:
                made.reasons.append(why)
        made.notes += each.notes + (made.made.notes if made.made else [])
        made.notes += [note for note in more_notes if note[0] is not Note.CUT_SLASH or _has(made, note[2])]
        if number:
            before = judged[number - 1].call.line
            made.notes.append((Note.ORDER_LOST, each.call.line, (f"the call in line {before}",)))
        elif job.needs:
            made.notes.append((Note.ORDER_LOST, job.line, (f"the job {' and '.join(job.needs)}",)))
        if many > 1:
            made.notes.append((Note.MATRIX, job.matrix_line, (many,)))
        if schedule is not None and (words := floor_words(schedule)):
            made.notes.append((Note.FLOOR, cron.line, (schedule.text, words)))
        made.notes = list(dict.fromkeys(made.notes))
        yield made


def _has(found: Found, details: tuple[object, ...]) -> bool:
    return found.made is not None and any(place.original == details[0] for place, _ in found.made.places())


def _joined(found: list[Found]) -> list[Found]:
    """The same calls of several schedules as one, where one schedule says them all."""
    groups: dict[tuple[object, ...], list[Found]] = {}
    for each in found:
        groups.setdefault(each.likeness, []).append(each)
    made: list[Found] = []
    for group in groups.values():
        schedule = merged(each.schedule for each in group) if len(group) > 1 and all(each.schedule for each in group) else None
        if schedule is None:
            made += group if all(each.schedule for each in group) else group[:1]
            continue
        first = group[0]
        first.schedule, first.joined = schedule, len(group)
        first.notes.append((Note.MERGED, first.cron.line, (len(group),)))
        made.append(first)
    return made


def _name(each: Found, found: list[Found]) -> str:
    beside = [one for one in found if one.workflow is each.workflow]
    stem = each.workflow.path.rpartition("/")[2].rsplit(".", 1)[0]
    parts = [slug(stem) or "workflow"]
    if len({one.job.id for one in beside}) > 1:
        parts.append(slug(each.job.id))
    if len({one.line for one in beside if one.job is each.job}) > 1:
        parts.append(slug(each.step) or str(each.number + 1))
    parts += [slug(str(value)) for value in each.matrix.values() if not isinstance(value, dict | list)]
    return "-".join(part for part in parts if part)[:120]


def _declare(found: list[Found], keys: Keys, reading: Reading) -> None:
    """The secrets that entries need: format url where an address begins with them, else token."""
    for each in found:
        for place, where in each.made.places() if each.made else []:
            placed = keys.with_key(place)
            known = reading.secrets.setdefault(placed.key, {"description": _described(placed), "format": "token"})
            if where == "url":
                known["format"] = "url"
            reading.places.setdefault(placed.key, placed)


def _described(place: Place) -> str:
    otherwise = f", or {place.otherwise} where it is not set" if place.otherwise else ""
    match place.kind:
        case "github_secret":
            where = f" of the environment {place.environment}" if place.environment else ""
            return f"What GitHub has as the secret {place.original}{where}{otherwise}"
        case "variable":
            where = f" of the environment {place.environment}" if place.environment else ""
            return f"What GitHub has as the variable {place.original}{where}{otherwise}"
        case "address":
            return f"The address {place.otherwise}, with GitHub's values in it"
    return f"Stood in clear in a workflow ({place.original}); make a new one"


def _outcome(each: Found, name: str, keys: Keys) -> Outcome:
    workflow = each.workflow
    where = Where(workflow.file, each.line)
    step = f", step {each.step!r}" if each.step else ""
    subject = f"{workflow.path}: job {each.job.id}{step}"
    notes = [Told(note, Where(workflow.file, line), details) for note, line, details in each.notes]
    reasons = tuple(dict.fromkeys(why.told(workflow.file) for why in each.reasons))
    job: dict[str, Any] | None = None
    asks: tuple[Place, ...] = ()
    if each.made is not None and (each.schedule or each.cron.text):
        asks = tuple(dict.fromkeys(keys.with_key(place) for place, _ in each.made.places()))
        notes += [Told(Note.KEY_LIFTED, where, (place.key,)) for place in asks if place.kind == "literal"]
        notes += [
            Told(Note.DEFAULT, where, (f"{place.original} ({place.otherwise})",))
            for place in asks
            if place.otherwise and place.kind in {"github_secret", "variable"}
        ]
        title = each.step or each.job.name or workflow.name or each.job.id
        job = {"description": f"{workflow.name}: {title}" if workflow.name and title != workflow.name else title}
        job |= {"replaces": workflow.path, "schedule": each.schedule or each.cron.text}
        if each.zone:
            job["timezone"] = each.zone
        job["http"] = keys.entry(each.made.http)
        if each.made.inputs:
            job["inputs"] = each.made.inputs
    kind = "exact" if not notes else "noted"
    if reasons:
        kind = "undecided" if job is not None and all(told.what in UNDECIDED or told.what in _BESIDE for told in reasons) and each.schedule else "refused"
    return Outcome(kind, subject, where, name, job, tuple(notes), asks, reasons)  # type: ignore[arg-type]


_BESIDE = frozenset({Reason.PROGRAM, Reason.ACTION, Reason.SHELL, Reason.CONTAINER})
"""Reasons that are about other work of the same job."""
