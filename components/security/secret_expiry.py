"""Which secrets in use expire: what the database says of the JWTs that jobs send, whoever put them there."""

from datetime import datetime

from psycopg import sql

from components.database.connection import Database
from components.errors import StatementFailed
from components.runs.secret_use import UNKNOWN
from components.security.doctor_finding import Finding
from components.values.expiry import expiry_warning

CHECK = "expiry"


def expiry_findings(database: Database, schema: str, now: datetime) -> list[Finding]:
    """A problem for each JWT that has expired and a note for each that soon will; ``now`` is an aware datetime.

    Where this login may not ask, a note without an object says so. Raises ConnectionFailed.
    """
    query = sql.SQL("SELECT key, extract(epoch FROM expires_at)::float AS expires FROM {schema}.cron_secret_expiries()")
    try:
        rows = database.read(query.format(schema=sql.Identifier(schema)))
    except StatementFailed as exc:
        if exc.sqlstate in UNKNOWN:
            return [Finding(CHECK, "note", "", f"when JWTs expire cannot be told: {exc}")]
        raise
    found = []
    for row in rows:
        if row["expires"] <= now.timestamp():
            wrong = "is an expired JWT, and every job that sends it fails; set a current one: cronctl rotate"
            found.append(Finding(CHECK, "problem", row["key"], f"secret {row['key']!r} {wrong} {row['key']}"))
        elif warning := expiry_warning(row["expires"], now):
            found.append(Finding(CHECK, "note", row["key"], f"secret {row['key']!r} {warning}"))
    return found
