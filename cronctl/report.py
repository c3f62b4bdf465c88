"""``cronctl report``: jobs, their runs and who may do what, as one HTML file to look at and pass on."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from components.catalogue.job import Job
from components.report.report_data import Report, gather
from cronctl.declared import declared_jobs
from cronctl.output import errors_as_sentences, print_file, print_json, say
from cronctl.target import DatabaseOption, ProjectOption, SchemaOption, StackOption, open_target
from cronctl.whole_file import write_whole

STDOUT = Path("-")


def report(
    stack: StackOption = None,
    schema: SchemaOption = None,
    database: DatabaseOption = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to; - is stdout.")] = Path(
        "report.html"
    ),
    days: Annotated[int, typer.Option("--days", min=1, max=90, help="How far back it looks at runs.")] = 7,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="The same data as one JSON document on stdout.")] = False,
    project: ProjectOption = Path(),
) -> None:
    """Write a report as one HTML file that needs nothing else: schedules, runs, failures, the lock-down.

    It holds no secret, no command and no answer's body, and loads nothing from anywhere.

    Exit status: 0 it is written, whatever it says, 2 wrong command line, 3 it could not be found out or written.
    """
    with errors_as_sentences():
        with open_target(stack, schema, project) as target:
            stack = str(target.config.stack) if target.config else None
            rotators = target.config.rotators if target.config else None
            found = gather(target.database, target.schema, stack=stack, rotators=rotators, days=days)
            about = {name: _about(job) for name, job in declared_jobs(target, project).items()}
        if as_json:
            print_json(plain(found))
            return
        _write(found, about, output)


def _about(job: Job) -> str:
    """What a job does and calls, as it is declared; never what it sends."""
    return f"{job.description} {job.http.method} {job.http.url}" if job.http else job.description


def _write(found: Report, about: Mapping[str, str], output: Path) -> None:
    from cronctl.report_page import page  # noqa: PLC0415 - a template engine that no other command needs

    text = page(found, about)
    if output == STDOUT:
        print_file(text)
        return
    write_whole(output, text)
    say(f"the report is in {output}")


def plain(value: object) -> object:
    """A model as what JSON knows: tuples with names as objects, spans of time in seconds."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(each) for name, each in value._asdict().items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value
