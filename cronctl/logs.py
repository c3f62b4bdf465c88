"""``cronctl logs``: the ledger as a log, a line a run, which goes on as runs begin and end with ``--follow``."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC

from components.database.connection import Database
from components.errors import ConnectionFailed, Error, StatementFailed
from components.objects.cron_job import CronJobKind
from components.objects.object_kind import snapshot
from components.operations.run_now import collect_results
from components.runs.history import Run
from components.runs.run_log import RunLog
from components.runs.states import STATES
from components.values.suggestion import nearest
from components.values.visible_text import visible_line
from cronctl.colours import style_of
from cronctl.history import document
from cronctl.output import print_json_line, print_line, say
from cronctl.target import Target

INTERVAL = 1.0
"""Seconds between two looks at the ledger."""

LONGEST_PAUSE = 15.0
"""Seconds at most between two attempts to connect again."""

NOTHING = "-"
"""What stands where there is nothing to tell, so that a line's fields keep their places."""


def logs(target: Target, job: str | None, *, follow: bool, limit: int, settle: bool, as_json: bool) -> None:
    """Print runs as a log, and with ``follow`` each run again as it changes, until somebody ends it. Raises Error."""
    show = _show_document if as_json else _Lines().show
    log = RunLog(target.database, target.schema, job)
    runs = log.begin(limit)
    if not runs:
        _refuse_unknown(target.database, job)
    for run in runs:
        show(run)
    if follow:
        _follow(log, target, show, settle=settle)
    elif not runs:
        say(f"no runs{f' of {job!r}' if job else ''} yet; the sweep puts them down within a minute")


def _refuse_unknown(database: Database, job: str | None) -> None:
    """Raise Error for a job that has no run because there is no such job."""
    if job is not None and job not in (jobs := snapshot(CronJobKind(), database, None)):
        raise Error(f"there is no job {job!r} in the database, nor a run of one in the ledger{nearest(job, jobs)}")


def _follow(log: RunLog, target: Target, show: Callable[[Run], None], *, settle: bool) -> None:
    """Show changes until somebody ends it; a connection that breaks is tried again. Raises Error."""
    pause = INTERVAL
    while True:
        time.sleep(pause)
        try:
            if settle and log.awaits:
                settle = _settled(target)
            changes = log.changes()
        except ConnectionFailed as exc:
            if pause == INTERVAL:
                say(f"cronctl: {exc}; trying again until it answers", "yellow")
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        if pause != INTERVAL:
            say("connected again", "green")
            pause = INTERVAL
        for run in changes:
            show(run)


def _settled(target: Target) -> bool:
    """Have the ledger judge; False where that cannot be, whereupon the sweep's verdicts are waited for."""
    try:
        collect_results(target.database, target.schema)
    except StatementFailed as exc:
        say(f"verdicts come with the sweep, every minute, since they cannot be asked for: {exc}", "yellow")
        return False
    return True


class _Lines:
    """Runs as lines whose fields stand below each other, as far as those to come can be known."""

    def __init__(self) -> None:
        self._widths = {"state": max(map(len, STATES)), "status_code": 3, "milliseconds": len("99999 ms")}

    def show(self, run: Run) -> None:
        """Print one."""
        took = f"{run.took} ms" if run.took else NOTHING
        fields = {
            "fired_at": f"{run.fired_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "run": str(run.run or NOTHING),
            "job": _one_line(run.job),
            "state": run.state,
            "status_code": str(run.status_code or NOTHING),
            "milliseconds": took,
            "detail": _one_line(_detail(run)),
        }
        print_line(*self._padded(fields, run.state))

    def _padded(self, fields: dict[str, str], state: str) -> Iterable[tuple[str, str | None]]:
        for name, text in fields.items():
            width = self._widths[name] = max(self._widths.get(name, 0), len(text)) if name != "detail" else 0
            yield f"{text:<{width}}  ", style_of(state) if name == "state" else None


def _detail(run: Run) -> str:
    if run.state != "retrying" or run.retry_at is None:
        return run.summary
    return f"{run.summary}; again at {run.retry_at.astimezone(UTC):%H:%M:%SZ}"


def _one_line(text: str) -> str:
    """As it will be shown, so that its length is known."""
    return visible_line(" ".join(text.split()))


def _show_document(run: Run) -> None:
    print_json_line(document(run))
