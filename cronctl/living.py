"""What the database has of a stack, read in one round trip before it is compared.

Where the server refuses a part of it, each part is read on its own by whoever needs it, with an error of its own.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import tzinfo

from components.database.connection import Database
from components.errors import StatementFailed
from components.objects.overview import keep, readings
from components.runs.history import JobStatus, job_status, job_status_query, job_statuses
from components.runs.ledger_reading import NoLedger, read_ledger_together
from components.schedule.zone import ZONE_QUERY, parse_zone, read_zone


def read_objects(database: Database, schemas: Iterable[str]) -> None:
    """Read the objects of all kinds in some schemas, for each snapshot of them. Raises ConnectionFailed."""
    wanted = readings(schemas)
    with suppress(StatementFailed):
        keep(database, wanted, database.read_together([reading.script() for reading in wanted]))


def read_objects_and_jobs(database: Database, schema: str) -> tuple[tzinfo, Sequence[JobStatus]]:
    """Read the objects of a schema, and return pg_cron's time zone and how each job of the schema's ledger stands.

    There is no job where there is no ledger. Raises RowsHidden or another Error.
    """
    wanted = readings([schema])
    queries = [*(reading.script() for reading in wanted), ZONE_QUERY, job_status_query(schema)]
    try:
        *objects, zone, jobs = read_ledger_together(database, schema, queries)
    except (NoLedger, StatementFailed):
        read_objects(database, [schema])
        return read_zone(database), _jobs(database, schema)
    keep(database, wanted, objects)
    return parse_zone(zone), job_statuses(jobs)


def _jobs(database: Database, schema: str) -> Sequence[JobStatus]:
    with suppress(NoLedger):
        return job_status(database, schema)
    return ()
