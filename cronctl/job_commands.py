"""``cronctl trigger``, ``pause`` and ``resume``: what people do to a job by hand."""

import typer

from components.declaration.command import compile_command
from components.errors import Error, InvalidConfiguration
from components.operations.job_inputs import with_inputs
from components.operations.pause_resume import living_job, set_active
from components.operations.run_now import await_verdict, run_now
from components.runs.states import BAD, OPEN
from components.schedule.grammar import ScheduleError, parse_schedule
from components.values.duration import in_words
from components.values.suggestion import nearest
from cronctl.declared_target import DeclaredTarget
from cronctl.history import advice, document, print_runs
from cronctl.output import CANNOT_TELL, DIFFERS, print_json, say


def trigger(target: DeclaredTarget, job: str, values: dict[str, str], *, patience: float | None, as_json: bool) -> None:
    """Run a job and print what came of it within ``patience`` seconds; None does not wait. Raises Error."""
    number = run_now(target.database, _command(target, job, values), job=job, schema=target.schema)
    if number is None:
        say(f"the statement of {job!r} succeeded; there is no ledger to write it down in", "green")
        if as_json:
            print_json({"run": None, "state": "ok"})
        return
    say(f"{job!r} is run {number}")
    if patience is None:
        if as_json:
            print_json({"run": number})
        return
    try:
        run = await_verdict(target.database, target.schema, number, patience)
    except KeyboardInterrupt:
        raise Error(f"interrupted; the run goes on, see: cronctl show {number}") from None
    if as_json:
        print_json(document(run))
    else:
        print_runs(f"Run {number} (times in UTC)", [run])
        for text in advice([run]):
            say(text)
    if run.state in OPEN:
        say(f"cronctl: no answer within {in_words(patience)}; the run goes on, see: cronctl show {number}", "red")
        raise typer.Exit(CANNOT_TELL)
    if run.state in BAD:
        raise typer.Exit(DIFFERS)


def _say_whether_it_runs(schedule: str) -> None:
    """Say what is wrong with a schedule that was kept because its job was paused."""
    try:
        parse_schedule(schedule)
    except ScheduleError as exc:
        say(f"{exc}", "yellow")


def switch(target: DeclaredTarget, name: str, *, active: bool, as_json: bool) -> None:
    """Pause a job or let it run again, and print what that changed. Raises Error."""
    word = "active" if active else "paused"
    job = living_job(target.database, name)
    changed = job.active is not active
    if changed:
        set_active(target.database, job, active=active)
    if as_json:
        print_json({"job": name, "active": active, "changed": changed})
    if not changed:
        say(f"{name!r} is {word} already; nothing has changed")
        return
    say(f"{name!r} is {word} in the database", "green")
    if active:
        _say_whether_it_runs(job.schedule)
    declared = target.config.catalogue.jobs.get(name) if target.config else None
    if declared is None or declared.active is not active:
        say(f"pulumi up puts back what the stack declares; to keep it, set active: {str(active).lower()} there")


def _command(target: DeclaredTarget, name: str, values: dict[str, str]) -> str:
    """What lives, so that a trigger tries what pg_cron runs; with inputs, what is declared."""
    if not values or target.config is None:
        return living_job(target.database, name).command
    jobs = target.config.catalogue.jobs
    if (job := jobs.get(name)) is None:
        raise InvalidConfiguration(
            [f"job {name!r} is not declared in {target.config.settings.catalogue}{nearest(name, jobs)}"]
        )
    stack = str(target.config.stack)
    return compile_command(name, with_inputs(name, job, values), stack=stack, schema=target.schema)
