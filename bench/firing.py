"""What ledger, signing and policies add to a firing job, above the bare ``net.http_post`` of a job set up by hand.

``python -m bench.firing`` makes a dev stack of its own and lets pgbench run each statement, with one session and with
as many as there are cores, and then each time in a fresh session through the server's socket, as pg_cron does. It
prints a table and writes bench/results/firing.json.
"""

import argparse
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from psycopg.conninfo import make_conninfo

from bench.figures import RESULTS, print_table, write_figures
from bench.stack import SCHEMA, STACK, deployed
from components.catalogue.job import Job
from components.declaration.command import compile_command
from devstack import Stack
from devstack.cluster import LOGIN, socket_conninfo
from devstack.processes import stop

ROUNDS = 5
REAPED = 0.5
"""Seconds after which the server knows what its sessions have cost."""

FRESH = 5
"""Of how many transactions one is run in a fresh session too, since it takes longer there."""

LIMIT = 1.5
"""What a job's statement may take of the server's CPU, as a multiple of the bare one's."""

KEY = "k" * 40

BARE = """
SELECT net.http_post(
    url := bare.get_secret('supabase_url') || '/functions/v1/notification-worker',
    headers := jsonb_build_object(
        'Content-Type', 'application/json',
        'Authorization', 'Bearer ' || bare.get_secret('service_role_key'),
        'apikey', bare.get_secret('service_role_key')
    ),
    body := jsonb_build_object('limit', 5, 'runs', 1),
    timeout_milliseconds := 15000
);
"""

SET_UP = f"""
CREATE SCHEMA bare;
CREATE FUNCTION bare.get_secret(p_key text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
    RETURN (SELECT value FROM public.cron_secrets WHERE key = p_key);
INSERT INTO public.cron_secrets (key, value) VALUES
    ('supabase_url', 'http://127.0.0.1:9'), ('service_role_key', '{KEY}');
GRANT USAGE ON SCHEMA bare TO postgres;
"""

_HTTP: dict[str, Any] = {
    "url": "{supabase_url}/functions/v1/notification-worker",
    "body": {"limit": 5, "runs": 1},
    "timeout": 15,
}
_BEARER = {"auth": {"bearer": "service_role_key"}, "headers": {"apikey": "{service_role_key}"}}
_POLICIES = {"retry": {"attempts": 3}, "idempotency": "Idempotency-Key"}

JOBS: dict[str, dict[str, Any]] = {
    "ledger": {**_HTTP, **_BEARER},
    "ledger, signed": {**_HTTP, "auth": {"hmac": "service_role_key"}},
    "ledger, policies": {**_HTTP, **_BEARER, **_POLICIES},
    "ledger, overlap": {**_HTTP, **_BEARER, "overlap": "skip"},
}

ANY_JOB = "job-:number"
"""The name of the job, another one each time: nobody answers here, so the next run of the same one would be skipped."""

NUMBER = "\\set number random(1, 1000000000)\n"


class Mode(NamedTuple):
    """How many sessions there are at once, and whether each transaction has a fresh one."""

    sessions: int
    fresh: bool = False


ONE = Mode(1)
ALL_CORES = Mode(os.cpu_count() or 1)
FRESH_ONE = Mode(1, fresh=True)
MODES = (ONE, ALL_CORES, FRESH_ONE)


class Sample(NamedTuple):
    """Milliseconds of the server's CPU and of wall time for one statement."""

    cpu: float
    wall: float


def statements() -> dict[str, str]:
    """What is run, by what it has."""
    compiled = {
        name: NUMBER
        + compile_command(
            ANY_JOB,
            Job.model_validate({"description": "Does its work.", "schedule": "* * * * *", "http": http}),
            stack=STACK,
            schema=SCHEMA,
        )
        for name, http in JOBS.items()
    }
    return {"bare": NUMBER + BARE, **compiled}


def pgbench(stack: Stack, script: Path, mode: Mode, transactions: int) -> Sample:
    """Run a script so many times in each session."""
    server = psutil.Process(next(part.pid for part in stack.status() if part.part == "postgres") or 0)
    before = server.cpu_times()
    command = ["pgbench", "--no-vacuum", f"--client={mode.sessions}", f"--jobs={mode.sessions}"]
    command += ["--connect"] if mode.fresh else []
    command += [f"--transactions={transactions}", f"--file={script}"]
    command += [make_conninfo(socket_conninfo(stack.settings), user=LOGIN)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    time.sleep(REAPED)
    after = server.cpu_times()  # of its children, those that have ended: pgbench's sessions
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    rate = re.search(r"tps = ([0-9.]+) \((?:without|including)", done.stdout)
    if rate is None:
        raise SystemExit(f"bench: pgbench said no rate\n{done.stdout}")
    return Sample(spent * 1000 / (mode.sessions * transactions), 1000 / float(rate[1]))


def measure(transactions: int) -> list[dict[str, Any]]:
    """One row a statement; they take turns, so that what else the machine does meets all of them."""
    samples: dict[tuple[str, Mode], list[Sample]] = {}
    with deployed() as (stack, _, superuser), tempfile.TemporaryDirectory() as folder:
        stop(stack.places.pid_file("worker"))  # it would send what is queued, on the same cores
        superuser.execute(SET_UP.encode())
        scripts: dict[str, Path] = {}
        for name, text in statements().items():
            scripts[name] = Path(folder) / f"{len(scripts)}.sql"
            scripts[name].write_text(text, encoding="utf-8")
        for _ in range(ROUNDS):
            for name, script in scripts.items():
                for mode in MODES:
                    superuser.execute("TRUNCATE net.http_request_queue, public.cron_runs, public.cron_run_requests")
                    many = transactions // FRESH if mode.fresh else transactions
                    samples.setdefault((name, mode), []).append(pgbench(stack, script, mode, many))
    best = {key: Sample(min(s.cpu for s in found), min(s.wall for s in found)) for key, found in samples.items()}
    return [row(name, best, samples) for name in scripts]


def row(
    name: str, best: dict[tuple[str, Mode], Sample], samples: dict[tuple[str, Mode], list[Sample]]
) -> dict[str, Any]:
    """A statement's figures, beside the bare one's."""
    one, all_cores, fresh = (best[name, mode] for mode in MODES)
    ratio = one.cpu / best["bare", ONE].cpu
    return {
        "statement": name,
        "cpu_ms": round(one.cpu, 3),
        "ratio": round(ratio, 2),
        "limit": LIMIT,
        "within_limit": ratio <= LIMIT,
        "spread_cpu_ms": [round(sample.cpu, 3) for sample in samples[name, ONE]],
        "fresh_cpu_ms": round(fresh.cpu, 3),
        "fresh_ratio": round(fresh.cpu / best["bare", FRESH_ONE].cpu, 2),
        "fresh_more_ms": round(fresh.cpu - best["bare", FRESH_ONE].cpu, 3),
        "spread_fresh_cpu_ms": [round(sample.cpu, 3) for sample in samples[name, FRESH_ONE]],
        "per_second": round(1000 / one.wall),
        f"per_second_{ALL_CORES.sessions}_sessions": round(1000 / all_cores.wall),
        "scales": round(one.wall / all_cores.wall, 2),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.firing", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--transactions", type=int, default=2000, help="in each session and round")
    parser.add_argument("--output", type=Path, default=RESULTS / "firing.json")
    arguments = parser.parse_args()
    rows = measure(arguments.transactions)
    write_figures(arguments.output, rows)
    columns = [name for name in rows[0] if "spread" not in name]
    print_table(rows, columns)


if __name__ == "__main__":
    main()
