"""What came of each job's last run, for a stack's outputs.

The program asks while the engine registers resources, so that nobody waits for a distant server.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from components.connection import Database
from components.errors import Error
from components.runs import JobStatus, job_status


class LastVerdicts:
    """Asks at once, in a thread of its own."""

    def __init__(self, conninfo: str, schema: str) -> None:
        executor = ThreadPoolExecutor(1, thread_name_prefix="last-verdicts")
        self._found = executor.submit(_read, Database(conninfo), schema)

    async def read(self) -> dict[str, dict[str, Any]]:
        """By job: ``run``, ``state``, ``utc``, and ``detail`` if any.

        Empty where that cannot be found out: whoever deploys is told why by what is deployed.
        """
        return await asyncio.wrap_future(self._found)


def _read(database: Database, schema: str) -> dict[str, dict[str, Any]]:
    try:
        jobs = job_status(database, schema)
    except Error:
        return {}
    finally:
        database.close()
    return {job.job: _verdict(job, job.fired_at) for job in jobs if job.fired_at is not None}


def _verdict(job: JobStatus, fired_at: datetime) -> dict[str, Any]:
    verdict = {"run": job.last_run, "state": job.state, "utc": f"{fired_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"}
    return verdict if job.detail is None else {**verdict, "detail": job.detail}
