"""What reading and sweeping the run ledger costs with a thousand and with a million runs, as ratios of one run.

``python -m bench.ledger`` makes a dev stack of its own, fills it, and prints a table; with ``--json`` one document.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from components.alert import Alert
from components.connection import Database
from components.declaration import alert_job, runs_sweep_job
from components.object_kind import execute
from components.run_ledger import RunLedgerArgs, RunLedgerKind
from components.runs import BAD, health, history, job_status
from components.secret_store import SecretStoreArgs, SecretStoreKind
from components.settings import RetentionConfig
from devstack import Stack

OWNER = "supabase-cron/bench"
SCHEMA = "public"
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
    sweep = runs_sweep_job(SCHEMA, OWNER, kept, catch_up=[f"job-{n}" for n in range(JOBS)]).command
    alert = alert_job("team", Alert.model_validate({"http": {"url": "http://127.0.0.1:9/"}}), SCHEMA, OWNER).command

    def command(text: str) -> None:
        with database.transaction() as transaction:
            transaction.connection.execute(text.encode())

    return {
        "status": lambda: (job_status(database, SCHEMA, OWNER), health(database, SCHEMA)),
        "history": lambda: history(database, SCHEMA),
        "history JOB": lambda: history(database, SCHEMA, job="job-7"),
        "failures": lambda: history(database, SCHEMA, states=BAD),
        "sweep": lambda: command(sweep),
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


@contextmanager
def deployed() -> Iterator[tuple[Database, psycopg.Connection]]:
    """A stack with store and ledger: the deploying login's database, and a superuser's connection."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), "bench")
        try:
            stack.up()
            database = Database(stack.conninfo)
            with database.transaction() as transaction:
                execute(transaction, SecretStoreKind().plan(SecretStoreArgs(schema_name=SCHEMA, owner=OWNER), None))
                execute(transaction, RunLedgerKind().plan(RunLedgerArgs(schema_name=SCHEMA, owner=OWNER), None))
            with psycopg.connect(stack.superuser_conninfo, autocommit=True) as superuser:
                yield database, superuser
            database.close()
        finally:
            stack.clean()


def run() -> list[dict[str, Any]]:
    """One row an operation: seconds at each size, and what the larger one takes more."""
    found: dict[str, list[Measured]] = {}
    with deployed() as (database, superuser):
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
