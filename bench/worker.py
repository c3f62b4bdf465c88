"""How many requests a second the worker of the pg_net stand-in sends, and whether its memory stays flat.

``python -m bench.worker`` makes a dev stack of its own, queues requests to its receiver in batches that the worker has
always another one to take from, and looks at the worker's memory each second. It prints a table and writes
bench/results/worker.json. 100,000 requests take eight and a half minutes.
"""

import argparse
import time
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import psycopg

from bench.figures import RESULTS, write_figures
from bench.stack import running
from devstack import Stack

BATCH = 500
"""Requests that one statement queues."""

WAITING = 1000
"""Requests that wait at least, while there are more to come: two and a half rounds."""

SHARES = (10, 50, 100)
"""Percent of the requests after which the memory is told."""

QUEUE = """
SELECT net.http_post(url := %s, body := jsonb_build_object('n', n)) FROM generate_series(1, %s) AS n
"""

# All but the last round's, from the start of the first round to the start of the last one.
RATE = """
WITH rounds AS (SELECT created, count(*) AS requests FROM net._http_response GROUP BY created)
SELECT
    (sum(requests) - (array_agg(requests ORDER BY created DESC))[1])
        / nullif(extract(epoch FROM max(created) - min(created)), 0)::float,
    max(requests)
FROM rounds
"""

ANSWERS = "SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE status_code = 200) FROM net._http_response"


class Sample(NamedTuple):
    """After so many answers: the worker's resident memory in MiB."""

    answered: int
    mib: float


def drain(superuser: psycopg.Connection, url: str, worker: psutil.Process, requests: int) -> list[Sample]:
    """Queue the requests as the worker takes them, until the last is answered; one sample a second."""
    queued = 0
    samples: list[Sample] = []
    while not samples or samples[-1].answered < requests:
        ((waiting,),) = superuser.execute("SELECT count(*) FROM net.http_request_queue").fetchall()
        samples.append(Sample(queued - waiting, worker.memory_info().rss / 2**20))
        while waiting < WAITING and queued < requests:
            batch = min(BATCH, requests - queued)
            superuser.execute(QUEUE, (url, batch))
            queued += batch
            waiting += batch
        time.sleep(1)
    return samples


def check(stack: Stack, superuser: psycopg.Connection, requests: int) -> None:
    """Each request has arrived, and been answered, once."""
    (found,) = superuser.execute(ANSWERS).fetchall()
    with stack.places.requests.open(encoding="utf-8") as file:
        arrived = sum(1 for _ in file)
    if (*found, arrived) != (requests,) * 4:
        raise SystemExit(f"bench: of {requests} requests {arrived} arrived; answers, ids and successes: {found}")


def measure(requests: int) -> dict[str, Any]:
    """The figures of so many requests."""
    with running() as stack, psycopg.connect(stack.superuser_conninfo, autocommit=True) as superuser:
        stack.set_function("worker")
        worker = psutil.Process(next(part.pid for part in stack.status() if part.part == "worker") or 0)
        before = worker.cpu_times()
        samples = drain(superuser, f"{stack.functions_url}/worker", worker, requests)
        after = worker.cpu_times()
        check(stack, superuser, requests)
        ((rate, batch),) = superuser.execute(RATE).fetchall()
    mib = [next(each.mib for each in samples if each.answered * 100 >= requests * share) for share in SHARES]
    return {
        "requests": requests,
        "batch": batch,
        "per_second": None if rate is None else round(rate, 1),
        "cpu_ms": round((after.user + after.system - before.user - before.system) * 1000 / requests, 3),
        "start_mib": round(samples[0].mib, 1),
        **{f"at_{share}_percent_mib": round(each, 1) for share, each in zip(SHARES, mib, strict=True)},
        "peak_mib": round(max(each.mib for each in samples), 1),
        "growth_mib": round(mib[-1] - mib[0], 1),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.worker", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--output", type=Path, default=RESULTS / "worker.json")
    arguments = parser.parse_args()
    row = measure(arguments.requests)
    write_figures(arguments.output, [row])
    for name, value in row.items():
        print(f"{name:<20} {value:>10}")


if __name__ == "__main__":
    main()
