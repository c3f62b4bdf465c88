"""What verify and drift find: a line an object, in one vocabulary."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from components.objects.cron_job import LiveJob
from components.objects.stack_mark import StackName, stack_of
from cronctl.output import print_line, print_table

Status = Literal["in sync", "differs", "missing", "not deployed", "undeclared", "cannot tell"]

NOT_IN_STATE = "in the database, but not in the state"


class Comparison(NamedTuple):
    """One object: ``missing`` is known and not in the database, ``undeclared`` the reverse."""

    kind: str
    name: str
    status: Status
    details: tuple[str, ...]


def print_comparisons(title: str, findings: Iterable[Comparison]) -> None:
    """A table on stdout, and below it what there is to say of each."""
    comparisons = list(findings)
    rows = [(comparison.kind, comparison.name, comparison.status) for comparison in comparisons]
    print_table(title, ("kind", "name", "status"), rows)
    for comparison in comparisons:
        if comparison.details:
            print_line((f"{comparison.kind} {comparison.name}:", "bold"))
        for line in (line for detail in comparison.details for line in detail.split("\n")):
            print_line((f"  {line}", None))


def stray_jobs(stack: str, live: Mapping[str, LiveJob], known: set[str]) -> Iterator[Comparison]:
    """Jobs that carry this stack's mark and that neither the declaration nor the state knows."""
    for name, job in live.items():
        if stack_of(job.command, name) == stack and name not in known:
            advice = f"in the database as jobid {job.jobid} with this stack's mark; SELECT cron.unschedule({job.jobid})"
            yield Comparison("CronJob", name, "undeclared", (advice,))


def jobs_of_other_stacks(stack: StackName, live: Mapping[str, LiveJob]) -> dict[str, list[str]]:
    """The jobs that carry the mark of another stack of the same project, by stack."""
    by_stack: dict[str, list[str]] = {}
    for name, job in sorted(live.items()):
        marked = stack_of(job.command, name)
        if marked is not None and marked != str(stack) and marked.startswith(f"{stack.project}/"):
            by_stack.setdefault(marked.removeprefix(f"{stack.project}/"), []).append(name)
    return by_stack
