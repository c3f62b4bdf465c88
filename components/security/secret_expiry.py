"""Reports the JWTs among stored secrets that have expired or soon will."""

from datetime import datetime

from psycopg import sql

from components.database.connection import Database
from components.errors import StatementFailed
from components.runs.secret_use import UNKNOWN
from components.security.doctor_finding import Finding
from components.values.expiry import expiry_warning

CHECK = "expiry"


def expiry_findings(database: Database, schema: str, now: datetime) -> list[Finding]:
    """Return a problem for each expired JWT and a note for each that soon will be; ``now`` is an aware datetime.

    A login that may not ask gets one note without an object. Raises ConnectionFailed or StatementFailed.
    """
    try:
        rows = database.read(expiry_query(schema))
    except StatementFailed as exc:
        if exc.sqlstate in UNKNOWN:
            return [Finding(CHECK, "note", "", f"when JWTs expire cannot be told: {exc}")]
        raise
    findings = []
    for row in rows:
        if row["expires"] <= now.timestamp():
            wrong = "is an expired JWT, and every job that sends it fails; set a current one: cronctl rotate"
            findings.append(Finding(CHECK, "problem", row["key"], f"secret {row['key']!r} {wrong} {row['key']}"))
        elif warning := expiry_warning(row["expires"], now):
            findings.append(Finding(CHECK, "note", row["key"], f"secret {row['key']!r} {warning}"))
    return findings


def expiry_query(schema: str) -> sql.Composed:
    """Return the query of expiry_findings."""
    query = sql.SQL("SELECT key, extract(epoch FROM expires_at)::float AS expires FROM {schema}.cron_secret_expiries()")
    return query.format(schema=sql.Identifier(schema))
