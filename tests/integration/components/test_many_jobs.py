"""Two hundred jobs at once: every fire is accounted for, in pg_cron, the ledger and at the endpoint, and none twice.

``SOAK_MINUTES=10`` makes it last, up to 58; one minute is what there is time for in every run of the tests.
The schedule names its minutes, so that how many fires there are is no question of how fast the machine is.
"""

import os
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from components.catalogue.settings import RetentionConfig
from components.cron_job import CronJobProvider
from components.declaration.declared_objects import runs_sweep_job
from components.run_ledger import RunLedgerProvider
from tests.integration.components.endpoint import Answer, Endpoint
from tests.integration.components.test_run_ledger import LEDGER, STACK, command, settled

Connection = psycopg.Connection[tuple[Any, ...]]
JOBS = 200
MINUTES = int(os.environ.get("SOAK_MINUTES", "1"))
SWEEP = "cron-runs-sweep-public"


@pytest.fixture(autouse=True)
def answered(endpoint: Endpoint) -> None:
    endpoint.answer = lambda asked: Answer(500 if asked.path == "/job-7" else 200)


@pytest.mark.timeout(60 * MINUTES + 270)
def test_every_fire_is_accounted_for(
    install: Callable[..., None], provide: Callable[..., Any], postgres: Connection, endpoint: Endpoint
) -> None:
    install()
    provide(RunLedgerProvider).create(LEDGER)
    sweep = runs_sweep_job("public", STACK, RetentionConfig())
    provide(CronJobProvider).create(sweep.properties())
    first = int(time.time() + 30) // 60 + 1  # minutes since 1970; half a minute, so that pg_cron knows of all before
    minutes = ",".join(str(minute % 60) for minute in range(first, first + MINUTES))
    with postgres.transaction():  # pg_cron learns of all of them at once
        for number in range(JOBS):
            name = f"job-{number}"
            policies: dict[str, Any] = {"overlap": "skip", "idempotency": "Idempotency-Key"} if number % 2 else {}
            postgres.execute(
                "SELECT cron.schedule(%s, %s, %s)",
                [name, f"{minutes} * * * *", command(f"{endpoint.url}/{name}", name=name, timeout=50, **policies)],
            )
    names = {f"job-{number}" for number in range(JOBS)}
    while time.time() < (first + MINUTES - 1) * 60 + 45:  # the last fire, and time to start all of it
        time.sleep(1)
    settled(postgres, 60)

    ledger = postgres.execute("SELECT job, state FROM public.cron_runs WHERE job = ANY (%s)", [list(names)]).fetchall()
    fired = Counter(job for job, _ in ledger)
    details = postgres.execute(
        "SELECT j.jobname::text, count(*) FILTER (WHERE d.status = 'succeeded') FROM cron.job_run_details AS d "
        "JOIN cron.job AS j USING (jobid) WHERE j.jobname <> %s GROUP BY 1",
        [SWEEP],
    ).fetchall()
    asked = Counter(each.path[1:] for each in endpoint.asked)
    assert fired == dict.fromkeys(names, MINUTES)
    assert dict(details) == dict.fromkeys(names, MINUTES)
    assert asked == dict.fromkeys(names, MINUTES)
    assert {state for job, state in ledger if job != "job-7"} == {"ok"}
    assert {state for job, state in ledger if job == "job-7"} == {"failed"}
    keys = [key for each in endpoint.asked if (key := each.headers.get("Idempotency-Key"))]
    assert len(keys) == len(set(keys)) == MINUTES * JOBS // 2
    each_its_own = (
        "SELECT count(*), count(DISTINCT runid), count(DISTINCT request) FROM public.cron_runs WHERE job = ANY (%s)"
    )
    assert postgres.execute(each_its_own.encode(), [list(names)]).fetchone() == (JOBS * MINUTES,) * 3
