"""``cronctl report``: jobs, their runs and who may do what, as one HTML file to look at and pass on."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from components.catalogue.job import Job
from components.report.report_data import Report, gather
from cronctl import late
from cronctl.declared import declared_jobs
from cronctl.declared_target import DeclaredTarget
from cronctl.output import print_file, print_json, say
from cronctl.whole_file import write_whole

STDOUT = Path("-")


def report(target: DeclaredTarget, project: Path, *, days: int, output: Path | None) -> None:
    """Write the report as one HTML file; without an output print its data as JSON. Raises Error."""
    stack = str(target.config.stack) if target.config else None
    rotators = target.config.rotators if target.config else None
    data = gather(target.database, target.schema, stack=stack, rotators=rotators, days=days)
    about = {name: _about(job) for name, job in declared_jobs(target, project).items()}
    if output is None:
        print_json(plain(data))
    else:
        _write(data, about, output)


def _about(job: Job) -> str:
    """What a job does and calls, as it is declared; never what it sends."""
    return f"{job.description} {job.http.method} {job.http.url}" if job.http else job.description


def _write(data: Report, about: Mapping[str, str], output: Path) -> None:
    text = late.report_page.page(data, about)  # by a template engine that its JSON does not need
    if output == STDOUT:
        print_file(text)
        return
    write_whole(output, text)
    say(f"the report is in {output}")


def plain(value: object) -> object:
    """A model as what JSON knows: tuples with names as objects, spans of time in seconds."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(part) for name, part in value._asdict().items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value
