"""What reading and sweeping the run ledger costs with a thousand and with a million runs, as ratios of one run.

``python -m bench.ledger`` makes a dev stack of its own, fills it, and prints a table; with ``--json`` one document.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from bench.stack import SCHEMA, STACK, deployed
from components.catalogue.alert import Alert
from components.catalogue.settings import RetentionConfig
from components.database.connection import Database
from components.declaration.declared_objects import alert_job, catch_up_job, runs_sweep_job
from components.runs.health import health
from components.runs.history import history, job_status
from components.runs.states import BAD

JOBS = 200
SIZES = (1_000, 1_000_000)
REPEATS = 15

FILL = """
INSERT INTO cron.job (jobname, schedule, command, username)
SELECT
    'job-' || n, '0 0 1 1 *',
    '-- supabase-cron: supabase-cron/bench/job-' || n || E'\\nSELECT record_cron_run()', 'postgres'
FROM generate_series(0, {jobs} - 1) AS n ON CONFLICT DO NOTHING;
TRUNCATE public.cron_runs, cron.job_run_details;
INSERT INTO public.cron_runs (job, state, fired_at, settled_at, runid, pid, request, status_code)
SELECT
    'job-' || n % {jobs}, CASE WHEN n % 1000 = 0 THEN 'failed' ELSE 'ok' END,
    now() - ({size} - n) * interval '1 second', now() - ({size} - n) * interval '1 second', n, 1, n, 200
FROM generate_series(1, {size}) AS n;
INSERT INTO cron.job_run_details (jobid, runid, job_pid, status, command, username, start_time, end_time)
SELECT
    first.jobid + n % {jobs}, n, 1, 'succeeded', 'SELECT record_cron_run()', 'postgres',
    now() - ({size} - n) * interval '1 second', now() - ({size} - n) * interval '1 second'
FROM generate_series(1, {size}) AS n, (SELECT min(jobid) AS jobid FROM cron.job) AS first;
SELECT setval('cron.runid_seq', {size} + 1);
"""


class Measured(NamedTuple):
    """Seconds that an operation takes: the median and the quartiles."""

    median: float
    low: float
    high: float


def operations(database: Database) -> dict[str, Callable[[], object]]:
    """What is timed, by the command that does it."""

    kept = RetentionConfig(runs=3650, details=3650)
    text = runs_sweep_job(SCHEMA, STACK, kept).command
    missed = catch_up_job(SCHEMA, STACK, [(f"job-{n}", None, None) for n in range(JOBS)]).command
    sweep = "\n".join(line for line in text.splitlines() if "await_cron_answers" not in line)
    alert = alert_job("team", Alert.model_validate({"http": {"url": "http://127.0.0.1:9/"}}), SCHEMA, STACK).command

    def command(text: str) -> None:
        with database.transaction() as transaction:
            transaction.run_script(text.encode())

    return {
        "status": lambda: (job_status(database, SCHEMA), health(database, SCHEMA)),
        "history": lambda: history(database, SCHEMA),
        "history JOB": lambda: history(database, SCHEMA, job="job-7"),
        "failures": lambda: history(database, SCHEMA, states=BAD),
        "sweep": lambda: command(sweep),  # without its wait for answers
        "catch-up": lambda: command(missed),
        "alert": lambda: command(alert),
    }


def measure(operation: Callable[[], object]) -> Measured:
    """Time it after a first run that nobody counts."""
    operation()
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        operation()
        seconds.append(time.perf_counter() - begun)
    low, median, high = statistics.quantiles(seconds, n=4)
    return Measured(median, low, high)


def run() -> list[dict[str, Any]]:
    """One row an operation: seconds at each size, and what the larger one takes more."""
    found: dict[str, list[Measured]] = {}
    with deployed() as (_, database, superuser):
        for size in SIZES:
            superuser.execute(FILL.format(jobs=JOBS, size=size).encode())
            superuser.execute("VACUUM ANALYZE public.cron_runs, cron.job_run_details")
            for name, operation in operations(database).items():
                found.setdefault(name, []).append(measure(operation))
    return [
        {
            "operation": name,
            **{f"{size}_runs_s": each._asdict() for size, each in zip(SIZES, measured, strict=True)},
            "ratio": measured[-1].median / measured[0].median,
        }
        for name, measured in found.items()
    ]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    arguments = parser.parse_args()
    rows = run()
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'operation':<12} {'1,000 runs':>16} {'1,000,000 runs':>16} {'ratio':>6}")
    for row in rows:
        times = [row[f"{size}_runs_s"] for size in SIZES]
        cells = [f"{each['median'] * 1000:8.1f} ±{(each['high'] - each['low']) * 500:5.1f} ms" for each in times]
        print(f"{row['operation']:<12} {' '.join(cells)} {row['ratio']:>6.2f}")


if __name__ == "__main__":
    main()
