"""Pausing and resuming a living job."""

from psycopg import sql

from components.database.connection import Database
from components.errors import Error
from components.objects.cron_job import CronJobKind, LiveJob
from components.objects.object_kind import snapshot
from components.values.suggestion import nearest


def living_job(database: Database, name: str) -> LiveJob:
    """Return a job of this role by name. Raises Error where there is none."""
    jobs = {jobname: job for jobname, job in snapshot(CronJobKind(), database, None).items() if job.mine}
    if (job := jobs.get(name)) is None:
        raise Error(f"there is no job {name!r} in the database{nearest(name, jobs)}")
    return job


def set_active(database: Database, job: LiveJob, *, active: bool) -> None:
    """Pause or resume a job. pg_cron cancels a run that is under way when its job is paused. Raises an Error."""
    with database.transaction() as transaction:
        transaction.execute(
            sql.SQL("SELECT cron.alter_job({}, active := {})").format(sql.Literal(job.jobid), sql.Literal(active))
        )
