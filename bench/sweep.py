"""What the sweep of the run ledger costs each minute, by how many runs a minute there are and how many are tried again.

``python -m bench.sweep`` makes a dev stack of its own with an hour of settled runs, and before each sweep has a minute
pass: runs fired and, but for the last second's, answered; retries due; the oldest runs too old to be kept. Then it runs
the statement of the project's own job in a session of its own, as pg_cron does. It prints a table and writes
bench/results/sweep.json. ``bench.ledger`` has the sweep of a minute without runs, with a short and a long history.
"""

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from bench.figures import RESULTS, print_table, write_figures
from bench.stack import SCHEMA, STACK, deployed
from components.catalogue.job import Job
from components.catalogue.policy import policy_document
from components.catalogue.request import HttpAction
from components.catalogue.settings import RetentionConfig
from components.declaration.command import compile_command, rule
from components.declaration.declared_objects import runs_sweep_job
from devstack import Stack
from devstack.processes import stop

JOBS = 200
RATES = (100, 1_000, 10_000)
FAILING = (0, 5)
"""Percent of the answers that are failures."""

TIMEOUT = 60
"""Seconds that a sweep may take: then the next one is due."""

KEPT = RetentionConfig(runs=1, details=1)

HTTP = HttpAction.model_validate(
    {
        "url": "{supabase_url}/functions/v1/notification-worker",
        "auth": {"bearer": "service_role_key"},
        "body": {"limit": 5},
        "timeout": 15,
        "retry": {"attempts": 3},
    }
)
POLICY = policy_document(retry=HTTP.retry, overlap=HTTP.overlap, idempotency=HTTP.idempotency, active_between=None)

SECRETS = """
INSERT INTO public.cron_secrets (key, value) VALUES
    ('supabase_url', 'http://127.0.0.1:9'), ('service_role_key', repeat('k', 40))
"""

SCHEDULE = "INSERT INTO cron.job (jobname, schedule, command, username) VALUES (%s, '0 0 1 1 *', %s, 'postgres')"

# As pg_cron and a job's statement leave it: so many runs of the last minutes, each with its request and a session.
FIRE = sql.SQL("""
WITH queued AS (
    INSERT INTO net.http_request_queue (method, url, headers, body, timeout_milliseconds)
    SELECT 'POST', 'http://127.0.0.1:9/functions/v1/notification-worker',
        jsonb_build_object('Content-Type', 'application/json', 'Authorization', 'Bearer ' || repeat('k', 40)),
        '{{"limit": 5}}'::bytea, 15000
    FROM generate_series(1, {runs})
    RETURNING id
), made AS (
    INSERT INTO public.cron_runs (job, fired_at, request, pid, policy)
    SELECT 'job-' || id % {jobs}, now() - {minutes} * interval '1 minute' * (max(id) OVER () - id) / {runs},
        id, 1000 + id % 30000, {policy}::jsonb
    FROM queued ORDER BY id
    RETURNING run, job, fired_at, request, pid
), judged AS (
    INSERT INTO public.cron_run_requests (request, run, rule) SELECT request, run, {rule}::jsonb FROM made
)
INSERT INTO cron.job_run_details
    (jobid, runid, job_pid, status, command, return_message, username, start_time, end_time)
SELECT j.jobid, nextval('cron.runid_seq'), r.pid, 'succeeded', j.command, '1 row', 'postgres', r.fired_at,
    r.fired_at + interval '2 milliseconds'
FROM made AS r JOIN cron.job AS j ON j.jobname = r.job
ORDER BY r.run
""")

# As pg_net's worker leaves it: what was queued is answered, but for the last so many.
ANSWER = sql.SQL("""
WITH taken AS (
    DELETE FROM net.http_request_queue
    WHERE id <= (SELECT max(id) - {waiting} FROM net.http_request_queue)
    RETURNING id
)
INSERT INTO net._http_response (id, status_code, content_type, headers, content, timed_out, created)
SELECT
    id, CASE WHEN id % 100 < {failing} THEN 500 ELSE 200 END, 'application/json',
    '{{"date": "Thu, 26 Nov 2026 11:00:00 GMT", "content-type": "application/json", "server": "cloudflare",
       "x-envoy-upstream-service-time": "37"}}',
    '{{"success": true, "processed": 5}}', false,
    now() - {minutes} * interval '1 minute' * (max(id) OVER () - id) / count(*) OVER ()
FROM taken ORDER BY id
""")

# As the sweeps of the time before leave it. (Of these, request, run and runid are one number.)
SETTLE = sql.SQL("""
UPDATE public.cron_runs
SET state = 'ok', settled_at = fired_at + interval '30 seconds', sent_at = fired_at, milliseconds = 37,
    status_code = 200, response = '{{"success": true, "processed": 5}}', runid = run;
TRUNCATE public.cron_run_requests
""")

# A minute passes: retries are due, and as many runs as there are new ones are too old to be kept.
PASS = sql.SQL("""
UPDATE public.cron_runs SET retry_at = now() WHERE state = 'retrying';
UPDATE public.cron_runs SET settled_at = settled_at - interval '2 days'
WHERE run IN (SELECT run FROM public.cron_runs ORDER BY run LIMIT {runs});
UPDATE cron.job_run_details SET start_time = start_time - interval '2 days', end_time = end_time - interval '2 days'
WHERE runid IN (SELECT runid FROM cron.job_run_details ORDER BY runid LIMIT {runs})
""")

STATE = """
SELECT
    (SELECT count(*) FROM public.cron_run_requests AS q JOIN net._http_response AS a ON a.id = q.request) AS unsettled,
    (SELECT count(*) FROM net.http_request_queue) AS waiting,
    (SELECT min(run) FROM public.cron_runs) AS oldest
"""

# Milliseconds and buffers of each of the sweep's steps, which are statements of their own inside of it.
PARTS = r"""
SELECT substring(query FROM '(\w+)\('), total_exec_time, shared_blks_hit + shared_blks_read
FROM extensions.pg_stat_statements WHERE query ~ '^SELECT \S+_cron_(job_)?(runs|jobs)\(' AND query !~ 'sweep_cron_runs'
"""


class Sample(NamedTuple):
    """One sweep.

    Seconds of wall time and of the server's CPU, buffers of 8 KiB that it touched, requests that it sent again, runs
    that it forgot, and the milliseconds of each of its statements.
    """

    wall: float
    cpu: float
    buffers: int
    sent: int
    forgotten: int
    parts: dict[str, float]


class Ledger:
    """A ledger with so many runs a minute, of which a share fails."""

    def __init__(self, stack: Stack, superuser: psycopg.Connection, runs: int) -> None:
        self._stack = stack
        self._superuser = superuser
        self._runs = runs
        self._command = runs_sweep_job(SCHEMA, STACK, KEPT).command.encode()
        self._command = b"\n".join(line for line in self._command.splitlines() if b"await_cron_answers" not in line)
        superuser.execute("ALTER ROLE postgres SET pg_stat_statements.track = 'all'")

    def fill(self, minutes: int) -> None:
        """The jobs, and the runs of the time before."""
        self._superuser.execute(SECRETS.encode())
        for number in range(JOBS):
            job = Job.model_validate({"description": "Does its work.", "schedule": "0 0 1 1 *", "http": HTTP})
            command = compile_command(f"job-{number}", job, stack=STACK, schema=SCHEMA)
            self._superuser.execute(SCHEDULE, (f"job-{number}", command))
        runs = self._runs * minutes
        self._run(FIRE, runs=runs, minutes=minutes)
        self._run(ANSWER, waiting=0, failing=0, minutes=minutes)
        self._run(SETTLE)
        self._superuser.execute("VACUUM (FULL, ANALYZE) public.cron_runs")
        self._vacuum()

    def minute(self, failing: int) -> Sample:
        """Another minute's runs, and the sweep at its end."""
        self._run(PASS, runs=self._runs)
        self._run(FIRE, runs=self._runs, minutes=1)
        self._run(ANSWER, waiting=self._runs // 60, failing=failing, minutes=1)
        _, waiting, oldest = self._state()
        self._superuser.execute("SELECT extensions.pg_stat_statements_reset()")
        with psycopg.connect(self._stack.conninfo, autocommit=True) as session:
            session.execute("SELECT set_config('statement_timeout', %s, false)", (f"{TIMEOUT}s",))
            spent, begun = cpu_seconds(session), time.perf_counter()
            try:
                session.execute(self._command)
            except psycopg.errors.QueryCanceled:
                raise SystemExit(f"bench: the sweep of {self._runs} runs did not end within {TIMEOUT} s") from None
            wall, cpu = time.perf_counter() - begun, cpu_seconds(session) - spent
        parts = self._superuser.execute(PARTS.encode()).fetchall()
        unsettled, waits, first = self._state()
        if unsettled:
            raise SystemExit(f"bench: the sweep left {unsettled} answers of {self._runs}")
        self._vacuum()
        buffers = sum(touched for _, _, touched in parts)
        return Sample(wall, cpu, buffers, waits - waiting, first - oldest, {name: spent for name, spent, _ in parts})

    def _state(self) -> tuple[int, int, int]:
        (row,) = self._superuser.execute(STATE).fetchall()
        return row

    def _vacuum(self) -> None:
        """As autovacuum does, at its own times."""
        self._superuser.execute(
            "VACUUM ANALYZE public.cron_runs, public.cron_run_requests, net.http_request_queue, net._http_response, "
            "cron.job_run_details"
        )

    def _run(self, template: sql.SQL, **values: int) -> None:
        literals = {"jobs": JOBS, "policy": json.dumps(POLICY), "rule": json.dumps(rule(HTTP)), **values}
        self._superuser.execute(template.format(**{name: sql.Literal(value) for name, value in literals.items()}))


def cpu_seconds(session: psycopg.Connection) -> float:
    """What the server's process of a session has taken, by Linux's own account in nanoseconds."""
    return int(Path(f"/proc/{session.info.backend_pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def measure(rates: list[int], minutes: int, rounds: int) -> list[dict[str, Any]]:
    """One row for so many runs a minute and so many of them that fail."""
    rows = []
    for runs in rates:
        with deployed() as (stack, _, superuser):
            stop(stack.places.pid_file("worker"))  # the bench answers itself
            ledger = Ledger(stack, superuser, runs)
            ledger.fill(minutes)
            for failing in FAILING:
                ledger.minute(failing)  # which nobody counts: the next one has its retries
                rows.append(row(runs, minutes, failing, [ledger.minute(failing) for _ in range(rounds)]))
    return rows


def row(runs: int, minutes: int, failing: int, samples: list[Sample]) -> dict[str, Any]:
    """The medians, and the spread."""
    parts = {name: statistics.median(each.parts[name] for each in samples) for name in samples[0].parts}
    return {
        "runs_a_minute": runs,
        "history": runs * minutes,
        "failing_percent": failing,
        "wall_s": round(statistics.median(each.wall for each in samples), 3),
        "spread_wall_s": [round(each.wall, 3) for each in samples],
        "cpu_s": round(statistics.median(each.cpu for each in samples), 3),
        "spread_cpu_s": [round(each.cpu, 3) for each in samples],
        "buffers": round(statistics.median(each.buffers for each in samples)),
        "sent_again": round(statistics.median(each.sent for each in samples)),
        "forgotten": round(statistics.median(each.forgotten for each in samples)),
        "parts_ms": {name: round(spent, 1) for name, spent in parts.items()},
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.sweep", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rates", type=int, nargs="+", default=RATES, help="runs a minute")
    parser.add_argument("--minutes", type=int, default=60, help="of history that the ledger has")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=RESULTS / "sweep.json")
    arguments = parser.parse_args()
    rows = measure(arguments.rates, arguments.minutes, arguments.rounds)
    write_figures(arguments.output, rows)
    columns = [name for name in rows[0] if not name.startswith(("spread", "parts"))]
    print_table(rows, columns)


if __name__ == "__main__":
    main()
