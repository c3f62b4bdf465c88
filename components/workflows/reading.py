"""Workflows as outcomes: each call of each scheduled job, with the entry that does the same or the reason for none.

Pure: it reads texts and knows no files, no network and no values of secrets.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from components.workflows.cadence import floor_words, merged, schedule_of
from components.workflows.call_outcome import Found, Reading, declare, name_of, outcome_of
from components.workflows.expression_value import NoExpression
from components.workflows.job_entry import draft
from components.workflows.job_run import condition_reason, context_of, run_job
from components.workflows.lifting import keys_in_clear
from components.workflows.naming import Keys, once
from components.workflows.outcome import Note, Reason, Refused, Told, Where
from components.workflows.shell_state import World
from components.workflows.verdict import Judged, judge
from components.workflows.workflow import Cron, Workflow, WorkflowJob, combinations


def read(workflows: Iterable[tuple[Workflow, str]]) -> Reading:
    """The outcomes of workflows, each with its file's text."""
    reading = Reading()
    found: list[Found] = []
    for workflow, text in _in_scopes(list(workflows)):
        found += _workflow(workflow, reading)
        reading.left_out += [
            ("the workflow", Told(Reason.KEY_IN_CLEAR, Where(workflow.file, line), (kind,)))
            for line, kind in keys_in_clear(text)
            if not _is_lifted(found, workflow)
        ]
    keys = Keys(place for each in found if each.made for place, _ in each.made.places())
    declare(found, keys, reading)
    taken: list[str] = []
    for each in found:
        name = once(name_of(each, found), taken)
        taken.append(name)
        reading.outcomes.append(outcome_of(each, name, keys))
    return reading


def _in_scopes(workflows: list[tuple[Workflow, str]]) -> list[tuple[Workflow, str]]:
    """Workflows with the names of their repositories, where these are several."""
    roots = {workflow.file: workflow.file.removesuffix(workflow.path).rstrip("/") for workflow, _ in workflows}
    if len(set(roots.values())) < 2:
        return workflows
    return [
        (replace(workflow, scope=roots[workflow.file].rpartition("/")[2] or "here"), text)
        for workflow, text in workflows
    ]


def _is_lifted(found: list[Found], workflow: Workflow) -> bool:
    return any(
        place.kind == "literal"
        for each in found
        if each.workflow is workflow and each.made
        for place, _ in each.made.places()
    )


def _workflow(workflow: Workflow, reading: Reading) -> list[Found]:
    def leave_out(subject: str, reason: Reason, line: int, *details: object) -> None:
        reading.left_out.append((subject, Told(reason, Where(workflow.file, line), details)))

    for line, commented in workflow.commented:
        leave_out(f"the schedule {commented!r}", Reason.COMMENTED_OUT, line)
    if not workflow.crons:
        leave_out("the workflow", Reason.NOT_SCHEDULED, workflow.on_line)
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
            leave_out(f"the schedule {cron.text!r}", Reason.NOT_THIS_SCHEDULE, cron.line)
    for job in workflow.jobs:
        if all(_job_condition(workflow, job, cron) is False for cron in workflow.crons):
            line = job.condition.line if job.condition else job.line
            is_alert = job.condition is not None and (
                "failure()" in job.condition.text or ".result" in job.condition.text
            )
            leave_out(f"the job {job.id}", Reason.ALERT if is_alert else Reason.SWITCHED_OFF, line)
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
    return Refused(*condition_reason(result.piece, job.condition.line))


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


def _calls(  # noqa: PLR0917
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
            made.schedule = cron.text if why.what in {Reason.ZONE, Reason.DAY_RULE} else ""
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
        timed = [each for each in group if each.schedule]
        other = [each for each in group if not each.schedule]
        made += [each for each in other if each.made is not None] or other[:1]
        schedule = merged(each.schedule for each in timed) if len(timed) > 1 else None
        if schedule is None:
            made += timed
            continue
        timed[0].schedule = schedule
        timed[0].notes.append((Note.MERGED, timed[0].cron.line, (len(timed),)))
        made.append(timed[0])
    return made
