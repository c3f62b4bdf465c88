"""A call that was found in a workflow, and the outcome that is made of it: name, entry, secrets, notes. Pure."""

from dataclasses import dataclass, field
from typing import Any

from components.workflows.job_entry import Draft
from components.workflows.naming import Keys, slug
from components.workflows.outcome import UNDECIDED, Kind, Note, Outcome, Place, Reason, Refused, Told, Where
from components.workflows.workflow import Cron, Workflow, WorkflowJob


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
    number: int = 0

    @property
    def likeness(self) -> tuple[object, ...]:
        """What two of them share that differ in their schedules alone."""
        reasons = tuple(
            (each.what, each.line, each.details) for each in self.reasons if each.what not in {Reason.SCHEDULE}
        )
        made = repr((self.made.http, self.made.inputs)) if self.made else ""
        return self.job.id, repr(self.matrix), self.line, self.number, made, reasons, self.zone


@dataclass
class Reading:
    """What became of some workflows: outcomes of calls, and what is left out with its reason."""

    outcomes: list[Outcome] = field(default_factory=list)
    left_out: list[tuple[str, Told]] = field(default_factory=list)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON
    """A value of a matrix in a name: of a mapping its name, or its first text."""
    if isinstance(value, dict):
        return _shown(value.get("name") or next(iter(value.values()), ""))
    return "" if isinstance(value, list) else str(value)


def name_of(each: Found, found: list[Found]) -> str:
    """The name of a job for a call, of its file and of what tells it from others of the file."""
    beside = [one for one in found if one.workflow is each.workflow]
    stem = each.workflow.path.rpartition("/")[2].rsplit(".", 1)[0]
    parts = [slug(stem) or "workflow"]
    if len({one.job.id for one in beside}) > 1:
        parts.append(slug(each.job.id))
    if len({one.line for one in beside if one.job is each.job}) > 1:
        parts.append(slug(each.step) or str(each.number + 1))
    parts += [slug(_shown(value)) for value in each.matrix.values()]
    return "-".join(part for part in parts if part)[:120]


def declare(found: list[Found], keys: Keys, reading: Reading) -> None:
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
            where = f" ({place.environment})" if place.environment else ""
            return f"What GitHub has as the secret {place.original}{where}{otherwise}"
        case "variable":
            where = f" ({place.environment})" if place.environment else ""
            return f"What GitHub has as the variable {place.original}{where}{otherwise}"
        case "address":
            return f"The address {place.otherwise}, with GitHub's values in it"
    return f"Stood in clear in a workflow ({place.original}); make a new one"


def outcome_of(each: Found, name: str, keys: Keys) -> Outcome:
    """The outcome of a call, with its entry where there is one."""
    workflow = each.workflow
    where = Where(workflow.file, each.line)
    step = f", step {each.step!r}" if each.step else ""
    subject = f"{workflow.path}: job {each.job.id}{step}"
    notes = [Told(note, Where(workflow.file, line), details) for note, line, details in each.notes]
    reasons = tuple(dict.fromkeys(why.told(workflow.file) for why in each.reasons))
    job: dict[str, Any] | None = None
    asks: tuple[Place, ...] = ()
    if each.made is not None and each.schedule:
        asks = tuple(dict.fromkeys(keys.with_key(place) for place, _ in each.made.places()))
        notes += [Told(Note.KEY_LIFTED, where, (place.key,)) for place in asks if place.kind == "literal"]
        notes += [
            Told(Note.DEFAULT, where, (f"{place.original} ({place.otherwise})",))
            for place in asks
            if place.otherwise and place.kind in {"github_secret", "variable"}
        ]
        title = each.step or each.job.name or workflow.name or each.job.id
        job = {"description": f"{workflow.name}: {title}" if workflow.name and title != workflow.name else title}
        job |= {"replaces": workflow.path, "schedule": each.schedule}
        if each.zone:
            job["timezone"] = each.zone
        job["http"] = keys.entry(each.made.http)
        if each.made.inputs:
            job["inputs"] = each.made.inputs
    kind: Kind = "exact" if not notes else "noted"
    if reasons:
        kind = (
            "undecided"
            if job is not None
            and all(told.what in UNDECIDED or told.what in _BESIDE for told in reasons)
            and each.schedule
            else "refused"
        )
    return Outcome(kind, subject, where, name, job, tuple(notes), asks, reasons)


_BESIDE = frozenset({Reason.PROGRAM, Reason.ACTION, Reason.SHELL, Reason.CONTAINER})
"""Reasons that are about other work of the same job."""
