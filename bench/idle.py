"""What a stack costs a server on which nothing happens: its own jobs, each minute of the day.

``python -m bench.idle`` makes a dev stack of its own with the runs of a month, of which none is open. Then it runs the
stack's own jobs as pg_cron does, each in a session of its own and with its row in ``cron.job_run_details``, but without
their wait for answers, and counts by the server's own account. It prints a day's figures and writes
bench/results/idle.json.
"""

import argparse
import statistics
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from bench.figures import RESULTS, print_table, write_figures
from bench.stack import STACK_NAME, deployed
from bench.sweep import cpu_seconds
from components.catalogue.stack_config import load_config
from components.declaration.declared_objects import declare
from components.objects.cron_job import CronJobKind
from components.objects.object_kind import execute
from devstack import Stack

MINUTES_A_DAY = 1440
KEPT_RUNS = 30 * MINUTES_A_DAY
KEPT_DETAILS = 7 * MINUTES_A_DAY

CATALOGUE = """
jobs:
  worker:
    description: Runs each minute.
    schedule: "* * * * *"
    sql: SELECT 1
"""

# As a month of sweeps leaves it, and the last of it before the retention's end.
FILL = """
INSERT INTO public.cron_runs (job, state, fired_at, settled_at, runid, pid, request, status_code, milliseconds)
SELECT 'worker', 'ok', at, at + interval '2 seconds', CASE WHEN n > {runs} - {details} THEN n END, 1, n, 200, 37
FROM generate_series(1, {runs}) AS n, LATERAL (SELECT now() - ({runs} - n) * interval '1 minute') AS t (at);
INSERT INTO cron.job_run_details
    (jobid, runid, job_pid, status, command, return_message, username, start_time, end_time)
SELECT j.jobid, n, 1, 'succeeded', j.command, '1 row', 'postgres', at, at
FROM generate_series({runs} - {details} + 1, {runs}) AS n, cron.job AS j,
    LATERAL (SELECT now() - ({runs} - n) * interval '1 minute') AS t (at)
WHERE j.jobname = 'worker';
SELECT setval('cron.runid_seq', {runs});
DELETE FROM cron.job WHERE jobname = 'worker';
VACUUM ANALYZE
"""

# As pg_cron 1.4 and 1.6 write a run down: a row, and an update for each of its states.
BEGIN_RUN = """
INSERT INTO cron.job_run_details (jobid, runid, database, username, command, status)
VALUES (%s, nextval('cron.runid_seq'), 'postgres', 'postgres', %s, 'starting') RETURNING runid
"""
RUN_STEPS = (
    "UPDATE cron.job_run_details SET job_pid = %(pid)s, status = 'sending' WHERE runid = %(runid)s",
    "UPDATE cron.job_run_details SET status = 'running', start_time = clock_timestamp() WHERE runid = %(runid)s",
)
END_RUN = """
UPDATE cron.job_run_details SET status = 'succeeded', return_message = '1 row', end_time = clock_timestamp()
WHERE runid = %(runid)s
"""


class Minute(NamedTuple):
    """Seconds of CPU of the sessions, rows of job_run_details and bytes of WAL, pg_cron's own among them."""

    cpu: float
    rows: int
    wal: int


class Idle:
    """A stack without open runs."""

    def __init__(self, stack: Stack, superuser: psycopg.Connection[tuple[Any, ...]], commands: list[bytes]) -> None:
        self._stack = stack
        self._superuser = superuser
        self._commands = commands

    def minute(self) -> Minute:
        """Run the own jobs once."""
        begun = self._position()
        cpu = sum(self._run(command) for command in self._commands)
        return Minute(cpu, len(self._commands), self._position() - begun)

    def _run(self, command: bytes) -> float:
        (runid,) = self._superuser.execute(BEGIN_RUN, (1, command.decode())).fetchone() or (0,)
        with psycopg.connect(self._stack.conninfo, autocommit=True) as session:
            for step in RUN_STEPS:
                self._superuser.execute(step.encode(), {"runid": runid, "pid": session.info.backend_pid})
            session.execute(b"\n".join(line for line in command.splitlines() if b"await_cron_answers" not in line))
            self._superuser.execute(END_RUN.encode(), {"runid": runid})
            return cpu_seconds(session)

    def _position(self) -> int:
        query = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"
        (position,) = self._superuser.execute(query).fetchone() or (0,)
        return int(position)


def measure(minutes: int) -> dict[str, Any]:
    """A day's figures, from the medians of so many minutes."""
    with deployed() as (stack, database, superuser):
        folder = stack.places.folder
        (folder / "jobs.yaml").write_text(CATALOGUE, encoding="utf-8")
        config = load_config({}, stack=STACK_NAME, root=folder, environment={}, now=datetime.now(UTC))
        declared = declare(config)
        with database.transaction() as transaction:
            for args in (*declared.own_jobs.values(), *declared.jobs.values()):
                execute(transaction, CronJobKind().plan(args, None))
        superuser.execute("UPDATE cron.job SET active = false WHERE jobname <> 'worker'")
        for statement in FILL.format(runs=KEPT_RUNS, details=KEPT_DETAILS).split(";"):
            superuser.execute(statement.encode())
        idle = Idle(stack, superuser, [args.command.encode() for args in declared.own_jobs.values()])
        for _ in range(10):
            idle.minute()  # which nobody counts: what is too old goes, each page is written once
        samples = [idle.minute() for _ in range(minutes)]
    cpu = [each.cpu for each in samples]
    return {
        "figure": "a day",
        "cpu_s": round(statistics.median(cpu) * MINUTES_A_DAY, 1),
        "spread_cpu_s": [round(min(cpu) * MINUTES_A_DAY, 1), round(max(cpu) * MINUTES_A_DAY, 1)],
        "details_rows": sum(each.rows for each in samples) * MINUTES_A_DAY // minutes,
        "wal_bytes": round(statistics.median(each.wal for each in samples) * MINUTES_A_DAY),
        "minutes_measured": minutes,
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.idle", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=int, default=100, help="that are measured")
    parser.add_argument("--output", type=Path, default=RESULTS / "idle.json")
    arguments = parser.parse_args()
    rows = [measure(arguments.minutes)]
    write_figures(arguments.output, rows)
    print_table(rows, [name for name in rows[0] if not name.startswith("spread")])


if __name__ == "__main__":
    main()
