"""The time zone in which the server's pg_cron reads schedules, by PostgreSQL's name for it."""

from datetime import UTC, tzinfo
from functools import cache
from io import BytesIO
from struct import pack
from zoneinfo import ZoneInfo, available_timezones

from psycopg import sql

from components.database.connection import Database

ZONE = sql.SQL("(SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'cron.timezone')")
"""cron.timezone as the function cron_zone reads it; NULL before pg_cron 1.5, and where this login may not see it."""

ZONE_QUERY = sql.SQL("SELECT {} AS name").format(ZONE)
"""The query of :func:`read_zone`."""


def read_zone(database: Database) -> tzinfo:
    """The zone of the connected server; UTC where this machine does not know it. Raises an Error."""
    (row,) = database.read(ZONE_QUERY)
    return zone_of(row["name"]) or UTC


@cache
def zone_of(name: str | None) -> tzinfo | None:
    """The zone of a PostgreSQL name, in any case or a POSIX rule; UTC without a name.

    None for a name that PostgreSQL may know and this machine does not.
    """
    if not name or name.upper() in {"GMT", "UTC"}:
        return UTC
    known = {key.lower(): key for key in available_timezones()}
    if key := known.get(name.lower().removeprefix("posix/")):
        return ZoneInfo(key)
    try:
        return _posix(name)
    except (ValueError, OSError):
        return None


def _posix(text: str) -> ZoneInfo:
    """The zone of a rule such as ``<+03>-3``, read as zone data that hold this rule alone. Raises ValueError."""
    head = pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 1)
    kind = pack(">lbb", 0, 0, 0) + b"\0"
    return ZoneInfo.from_file(BytesIO(2 * (head + kind) + f"\n{text}\n".encode()))
