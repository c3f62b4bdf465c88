"""What came of each job's last run, and the zone that schedules are read in, for a stack's outputs.

The program connects while the engine registers resources, so that nobody waits for a distant server's handshakes.
"""

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from components.connection import Database
from components.errors import Error
from components.runs import JobStatus, job_status
from components.visible_text import visible_to_engine
from components.zone import read_zone


class Told(NamedTuple):
    """By job ``run``, ``state``, ``utc``, and ``detail`` if any; ``zone`` is the server's ``cron.timezone``.

    Without jobs, and in UTC, where that cannot be found out: whoever deploys is told why by what is deployed.
    """

    verdicts: dict[str, dict[str, Any]]
    zone: tzinfo


class LastVerdicts:
    """Connects at once, and asks at once, too, unless a run is made meanwhile that is to be told; then in the end.

    :meth:`read` may be called once.
    """

    def __init__(self, conninfo: str, schema: str, *, at_once: bool) -> None:
        self._schema = schema
        self._database = Database(conninfo)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="last-verdicts")
        self._asked = self._ask() if at_once else None
        if self._asked is None:
            self._thread.submit(self._database.connect)

    async def read(self) -> Told:
        """What is known by the end."""
        return await asyncio.wrap_future(self._asked or self._ask())

    def _ask(self) -> Future[Told]:
        return self._thread.submit(self._read)

    def _read(self) -> Told:
        zone: tzinfo = UTC
        try:
            zone = read_zone(self._database)
            jobs = job_status(self._database, self._schema)
        except Error:
            return Told({}, zone)
        finally:
            self._database.close()
        return Told({job.job: _verdict(job, job.fired_at) for job in jobs if job.fired_at is not None}, zone)


def _verdict(job: JobStatus, fired_at: datetime) -> dict[str, Any]:
    verdict = {"run": job.last_run, "state": job.state, "utc": f"{fired_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"}
    return verdict if job.detail is None else {**verdict, "detail": visible_to_engine(job.detail)}
