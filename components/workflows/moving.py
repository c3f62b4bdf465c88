"""What is left to do after an import, in the order in which no run is doubled, and what it saves. Pure."""

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from components.importing.steps import Step
from components.schedule.grammar import parse_schedule
from components.workflows.cadence import COUNTED_DAYS, FLOOR_MINUTES, started
from components.workflows.outcome import Outcome, Place
from components.workflows.workflow import Workflow


def steps(
    places: Iterable[Place],
    written: Sequence[Outcome],
    workflows: Iterable[Workflow],
    left: Sequence[Outcome],
    there: Container[str],
) -> list[Step]:
    """The steps after the entries of ``written`` stand in the catalogue; ``left`` are the calls that stay at GitHub.

    ``there`` are the keys that the catalogue had already.
    """
    values = tuple(_value(place, is_there=place.key in there) for place in places)
    files = {(outcome.job or {}).get("replaces") for outcome in written}
    stay = {outcome.where.file for outcome in left}
    done = [workflow for workflow in workflows if workflow.path in files]
    made = [Step("set the values, each at its prompt", values)] if values else []
    made.append(Step("look at what will be done", ("pulumi preview",)))
    whole = [workflow for workflow in done if workflow.file not in stay]
    part = [workflow for workflow in done if workflow.file in stay]
    off = tuple(f"gh workflow disable {workflow.path.rpartition('/')[2]}" for workflow in whole)
    if off:
        made.append(
            Step("just after a run, and before the next is due: switch the old ones off, so that none is doubled", off)
        )
    if part:
        names = tuple(f"# {workflow.path}: the jobs that are carried over" for workflow in part)
        made.append(Step("take out of the files that stay, and push", names))
    made.append(Step("let the new ones run", ("pulumi up",)))
    made.append(Step("see that they do", ("cronctl status", "cronctl history")))
    gone = tuple(
        f"git rm {workflow.path}"
        if not workflow.other_events
        else f"# {workflow.path}: take 'schedule' out; it stays for {', '.join(workflow.other_events)}"
        for workflow in whole
    )
    if gone:
        made.append(Step("when they have run as they should: delete", gone))
    return made


def _value(place: Place, *, is_there: bool) -> str:
    if is_there:
        return f"# {place.key} is in the catalogue already; see that its value is that of {_origin(place)}"
    return f"pulumi config set --secret --path secrets.{place.key}  # {_origin(place)}"


def _origin(place: Place) -> str:
    otherwise = f", or {place.otherwise} where it is not set" if place.otherwise and place.kind != "address" else ""
    match place.kind:
        case "github_secret":
            return f"GitHub's secret {place.original}{otherwise}"
        case "variable":
            return f"GitHub's variable {place.original}{otherwise}"
        case "address":
            return place.otherwise
    return "a new key; the old one stands in clear in the workflow's history"


class Saved(NamedTuple):
    """``starts`` of runners in ``days``; each counts as a whole minute at least."""

    starts: int
    days: int
    more_often: int


def saved(written: Iterable[Outcome]) -> Saved:
    """What GitHub would have started for the jobs that are carried over; calls of one job share a start."""
    shared: dict[tuple[str, str, str], int] = {}
    more = 0
    for outcome in written:
        schedule = parse_schedule(str((outcome.job or {})["schedule"]))
        subject = outcome.subject.partition(", step")[0]
        shared[outcome.where.file, subject, schedule.text] = started(schedule)
        more += (schedule.period_seconds or 0) < FLOOR_MINUTES * 60
    return Saved(sum(shared.values()), COUNTED_DAYS, more)
