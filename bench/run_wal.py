"""What one run of a job writes into the write-ahead log: pg_cron's account of it, the ledger's row, and its verdict.

``python -m bench.run_wal`` makes a dev stack of its own, runs jobs as pg_cron does, each in a session of its own,
answers their requests and sweeps, and measures where the log stands. It prints a table and writes
bench/results/run_wal.json.
"""

import argparse
import statistics
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from bench.figures import RESULTS, print_table, write_figures
from bench.idle import BEGIN_RUN, END_RUN, RUN_STEPS
from bench.stack import SCHEMA, STACK, deployed
from bench.sweep import KEPT, SECRETS
from components.catalogue.job import Job
from components.declaration.command import compile_command
from components.declaration.declared_objects import runs_sweep_job
from devstack import Stack
from devstack.processes import stop

RUNS = 20
"""That one sweep judges."""

HTTP = {
    "url": "{supabase_url}/functions/v1/notification-worker",
    "auth": {"bearer": "service_role_key"},
    "body": {"limit": 5},
    "timeout": 15,
}
JOBS: dict[str, dict[str, Any]] = {"ledger": HTTP, "ledger, policies": {**HTTP, "retry": {"attempts": 3}}}

ANSWER = """
WITH taken AS (DELETE FROM net.http_request_queue RETURNING id)
INSERT INTO net._http_response (id, status_code, content_type, headers, content, timed_out, created)
SELECT id, 200, 'application/json', '{"x-envoy-upstream-service-time": "37"}', '{"success": true, "processed": 5}',
    false, now()
FROM taken
"""


class Sample(NamedTuple):
    """Bytes a run: of pg_cron's account, of the job's statement, and of its share of a sweep."""

    pg_cron: float
    statement: float
    sweep: float


class FiredJob:
    """A job, and the sweep of its runs."""

    def __init__(self, stack: Stack, superuser: psycopg.Connection[tuple[Any, ...]], name: str, command: str) -> None:
        self._stack = stack
        self._superuser = superuser
        self._command = command
        schedule = (
            "INSERT INTO cron.job (jobname, schedule, command, username) VALUES (%s, '0 0 1 1 *', %s, 'postgres')"
        )
        superuser.execute(schedule, (name, command))
        (self._jobid,) = superuser.execute("SELECT jobid FROM cron.job WHERE jobname = %s", (name,)).fetchone() or (0,)
        text = runs_sweep_job(SCHEMA, STACK, KEPT).command
        self._sweep = "\n".join(line for line in text.splitlines() if "await_cron_answers" not in line).encode()

    def sample(self, runs: int) -> Sample:
        """Run it so many times, and sweep."""
        begun = self._position()
        statement = sum(self._run() for _ in range(runs))
        fired = self._position()
        self._superuser.execute(ANSWER)
        answered = self._position()
        with psycopg.connect(self._stack.conninfo, autocommit=True) as session:
            session.execute(self._sweep)
        swept = self._position() - answered
        return Sample((fired - begun - statement) / runs, statement / runs, swept / runs)

    def _run(self) -> int:
        (runid,) = self._superuser.execute(BEGIN_RUN, (self._jobid, self._command)).fetchone() or (0,)
        with psycopg.connect(self._stack.conninfo, autocommit=True) as session:
            for step in RUN_STEPS:
                self._superuser.execute(step.encode(), {"runid": runid, "pid": session.info.backend_pid})
            begun = self._position()
            session.execute(self._command.encode())
            spent = self._position() - begun
            self._superuser.execute(END_RUN.encode(), {"runid": runid})
        return spent

    def _position(self) -> int:
        query = "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"
        (position,) = self._superuser.execute(query).fetchone() or (0,)
        return int(position)


def measure(rounds: int) -> list[dict[str, Any]]:
    """One row a job, from the medians of so many sweeps."""
    rows = []
    with deployed() as (stack, _, superuser):
        stop(stack.places.pid_file("worker"))  # the bench answers itself
        superuser.execute(SECRETS.encode())
        for name, http in JOBS.items():
            job = Job.model_validate({"description": "Does its work.", "schedule": "0 0 1 1 *", "http": http})
            made = FiredJob(stack, superuser, name, compile_command(name, job, stack=STACK, schema=SCHEMA))
            superuser.execute("CHECKPOINT")
            for _ in range(2):
                made.sample(RUNS)  # which nobody counts: each page is written as a whole once
            samples = [made.sample(RUNS) for _ in range(rounds)]
            rows.append(
                {
                    "job": name,
                    "runs_a_sweep": RUNS,
                    **{
                        f"{part}_bytes": round(statistics.median(getattr(each, part) for each in samples))
                        for part in Sample._fields
                    },
                    "ledger_bytes": round(statistics.median(each.statement + each.sweep for each in samples)),
                    "spread_ledger_bytes": [round(each.statement + each.sweep) for each in samples],
                }
            )
    return rows


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.run_wal", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="sweeps that are measured")
    parser.add_argument("--output", type=Path, default=RESULTS / "run_wal.json")
    arguments = parser.parse_args()
    rows = measure(arguments.rounds)
    write_figures(arguments.output, rows)
    print_table(rows, [name for name in rows[0] if not name.startswith("spread")])


if __name__ == "__main__":
    main()
