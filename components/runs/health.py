"""Checks pg_cron's scheduler, the sweeps and pg_net's worker; each fault is a sentence with its cause and its cure."""

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from psycopg import sql

from components.database.connection import Database
from components.errors import StatementFailed
from components.objects.stack_mark import RUNS_SWEEP
from components.objects.table_names import RUNS
from components.runs.history import JobStatus, job_status, job_status_query, job_statuses
from components.runs.ledger_reading import NoLedger, ledger_script, read_ledger, read_ledger_together
from components.schedule.zone import zone_of
from components.sql import load_sql

SILENCE = 150
"""Seconds without a run after which the scheduler counts as dead; the sweep is due every 60 seconds."""

BACKLOG = 200
"""Seconds after which a request must have an answer or a timeout: the longest timeout and a round of pg_net."""

LEAST_TTL = 300
"""Seconds that pg_net must keep an answer, so that a late sweep still finds it."""

SECRETS_STEP = "settle_cron_secret"
"""The step that finishes rotations."""

CATCH_UP_STEPS = ("catch_up_cron_runs", "sweep_cron_catch_up")
"""The steps of the job that catches up; the sweep has all other steps."""

JUDGING_STEP = "settle_cron_runs"
"""The step that gives runs their verdicts."""

_QUEUE_LENGTH = sql.SQL("(SELECT count(*) FROM net.http_request_queue)")
_NO_QUEUE = sql.SQL("NULL::bigint")


class Step(NamedTuple):
    """A step of a sweep: seconds since it last succeeded, seconds since it last failed, and that failure's message."""

    step: str
    ended: float | None
    failed: float | None
    detail: str | None

    @property
    def fails(self) -> bool:
        """Whether the last execution failed."""
        return self.failed is not None and (self.ended is None or self.failed < self.ended)

    @property
    def last(self) -> float:
        """Seconds since the last execution."""
        return min(time for time in (self.ended, self.failed) if time is not None)


class Health(NamedTuple):
    """The state of scheduler, sweeps and worker; a value is None where it is missing or this login may not see it.

    cronctl's JSON has the same names.
    """

    scheduler: float | None  # seconds since pg_cron last started a run
    launcher: bool | None  # whether pg_cron's process runs
    running: int  # runs of pg_cron that are under way
    at_once: int | None  # cron.max_running_jobs
    queue: int | None  # requests in pg_net's queue
    oldest: float | None  # seconds since the oldest open request fired
    net_is_closed: bool | None  # whether PUBLIC lacks rights that pg_net's worker needs
    ttl: float | None  # seconds for which pg_net keeps an answer
    sweeps: list[dict[str, Any]]  # the fields of each Step
    sweep_since: float | None  # seconds since the sweep was declared
    ledger_bytes: int
    details_bytes: int  # of cron.job_run_details
    timezone: str | None  # cron.timezone
    accounts: bool  # cron.log_run
    launches: bool  # cron.launch_active_jobs

    @property
    def zone(self) -> tzinfo:
        """The time zone in which pg_cron reads schedules: cron.timezone, or UTC where that is unset or unknown."""
        return zone_of(self.timezone) or UTC

    @property
    def steps(self) -> list[Step]:
        """The steps of the sweeps."""
        return [Step(**step) for step in self.sweeps]

    @property
    def _unswept(self) -> float | None:
        """Seconds since the last step of the sweep, or since its declaration where that is later."""
        made = () if self.sweep_since is None else (self.sweep_since,)
        return min((*made, *(step.last for step in self.steps if step.step not in CATCH_UP_STEPS)), default=None)

    @property
    def _idle(self) -> float:
        """Seconds in which the sweep was due and pg_cron started nothing; time before the sweep does not count."""
        return min(self.sweep_since or 0.0, math.inf if self.scheduler is None else self.scheduler)

    def problems(self) -> list[str]:
        """Return a sentence for each fault."""
        return [*self._scheduler(), *self._sweeps(), *self._sender()]

    def _scheduler(self) -> Iterator[str]:
        if self.launcher is False:
            yield (
                "pg_cron's scheduler does not run, so no job is started; before pg_cron 1.6.1 one that was ended comes "
                "back with the server alone: restart it (Supabase: Project Settings, General, Restart project)"
            )
        elif not self.launches:
            yield (
                "pg_cron starts no job, since cron.launch_active_jobs is off; set it to on and reload the server's "
                "configuration (Supabase: supabase postgres-config update --config cron.launch_active_jobs=on)"
            )
        elif not self.accounts:
            yield (
                "pg_cron keeps no account of its runs (cron.log_run is off), so whether its scheduler is alive and "
                "what came of SQL jobs cannot be told; set it to on (Supabase: supabase postgres-config update "
                "--config cron.log_run=on) and restart the server"
            )
        elif self._idle <= SILENCE:
            return
        elif self.at_once is not None and self.running >= self.at_once:
            yield (
                f"pg_cron started nothing for {round(self._idle)} s: {self.running} runs are under way, as many as may "
                "be (cron.max_running_jobs), and others wait; end those that hang, which cron.job_run_details has as "
                "running"
            )
        elif self.scheduler is None:
            yield "pg_cron has not run anything yet, though the sweep is due every minute: its scheduler is not alive"
        else:
            yield (
                f"pg_cron last started a run {round(self.scheduler)} s ago, though the sweep is due every minute: its "
                "scheduler is not alive or kept from running; see cronctl doctor for jobs of roles that are gone, and "
                "restart the server if there is none"
            )

    def _sweeps(self) -> Iterator[str]:
        for step in self.steps:
            if step.fails:
                kept = "rotations are" if step.step == SECRETS_STEP else "what it does is"
                yield (
                    f"the sweep's step {step.step} fails, so {kept} left undone: {step.detail}; cronctl verify tells "
                    "whether it is as declared"
                )
        if self._unswept is not None and self._unswept > SILENCE:
            yield (
                f"the sweep of runs has not come to its end for {round(self._unswept)} s, and until it does no run has "
                f"a verdict; look whether its job {RUNS_SWEEP}… is there and active, and run: pulumi up"
            )

    def _sender(self) -> Iterator[str]:
        if self.queue is None:
            yield (
                "pg_net is not there, so no request is sent; run pulumi up, or switch it on (Supabase: Database, "
                "Extensions)"
            )
            return
        if self.ttl is not None and self.ttl < LEAST_TTL:
            yield (
                f"pg_net forgets answers after {self.ttl:g} s, which may be before the sweep sees them; set pg_net.ttl "
                "to some hours (its default: 6 hours)"
            )
        # Without the sweep, requests with an answer look open, too.
        judged = (self._unswept or 0) <= SILENCE and not any(
            step.fails for step in self.steps if step.step == JUDGING_STEP
        )
        if judged and self.oldest is not None and self.oldest > BACKLOG:
            waits = f"a request waits for {round(self.oldest)} s with {self.queue} in pg_net's queue: "
            if self.net_is_closed:
                yield (
                    f"{waits}somebody took rights on schema net from PUBLIC, which pg_net's worker lives on; switch "
                    "pg_net off and on again (Supabase: Database, Extensions), which makes it anew"
                )
            else:
                yield f"{waits}its worker is not alive or far behind; SELECT net.worker_restart() restarts it"


def all_problems(condition: Health, jobs: Iterable[JobStatus]) -> list[str]:
    """Return the faults of ``condition``, then a sentence for each job that differs from its declaration."""
    return [*condition.problems(), *(job.problem for job in jobs if job.problem)]


def health(database: Database, schema: str) -> Health:
    """Read the state of scheduler, sweeps and worker, and the sizes of the ledger and of job_run_details in bytes.

    Raises NoLedger, RowsHidden or another Error.
    """
    try:
        (row,) = read_ledger(database, schema, _health_query(schema, _QUEUE_LENGTH))
    except NoLedger:  # the missing table may be pg_net's
        (row,) = read_ledger(database, schema, _health_query(schema, _NO_QUEUE))
    return Health(**row)


def health_and_jobs(database: Database, schema: str) -> tuple[Health, list[JobStatus]]:
    """Read health and job_status together, in one round trip where neither is refused.

    Raises NoLedger, RowsHidden or another Error.
    """
    try:
        (row,), jobs = read_ledger_together(database, schema, _both_queries(schema))
    except (NoLedger, StatementFailed):  # one refused query fails both, and health has a second query
        return health(database, schema), job_status(database, schema)
    return Health(**row), job_statuses(jobs)


def health_and_jobs_script(schema: str) -> list[sql.Composable]:
    """Return what health_and_jobs sends at first."""
    return ledger_script(schema, _both_queries(schema))


def _both_queries(schema: str) -> list[sql.Composable]:
    return [_health_query(schema, _QUEUE_LENGTH), job_status_query(schema)]


def _health_query(schema: str, queue: sql.Composable) -> sql.Composed:
    return load_sql("job_health").format(
        schema=sql.Identifier(schema),
        runs=sql.Literal(sql.Identifier(schema, RUNS).as_string()),
        runs_sweep=sql.Literal(RUNS_SWEEP),
        queue=queue,
    )
