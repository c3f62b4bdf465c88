"""The zone that the server's pg_cron reads schedules in, by the name that PostgreSQL knows it by."""

from datetime import UTC, tzinfo
from functools import cache
from io import BytesIO
from struct import pack
from zoneinfo import ZoneInfo, available_timezones

from psycopg import sql

from components.database.connection import Database

ZONE = sql.SQL("(SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'cron.timezone')")
"""cron.timezone as the function cron_zone reads it; NULL before pg_cron 1.5, and where this login may not see it."""


def read_zone(database: Database) -> tzinfo:
    """The connected server's. Raises an Error."""
    (row,) = database.read(sql.SQL("SELECT {} AS name").format(ZONE))
    return zone_of(row["name"]) or UTC


@cache
def zone_of(name: str | None) -> tzinfo | None:
    """A zone by PostgreSQL's name for it, which has no case and may be a POSIX one; UTC without a name.

    None for one that PostgreSQL may know and this machine does not.
    """
    if not name or name.upper() in {"GMT", "UTC"}:
        return UTC
    known = {each.lower(): each for each in available_timezones()}
    if found := known.get(name.lower().removeprefix("posix/")):
        return ZoneInfo(found)
    try:
        return _posix(name)
    except (ValueError, OSError):
        return None


def _posix(text: str) -> ZoneInfo:
    """A zone by its rule, such as ``<+03>-3``: a file of zone data that has nothing else. Raises ValueError."""
    head = pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 1)
    kind = pack(">lbb", 0, 0, 0) + b"\0"
    return ZoneInfo.from_file(BytesIO(2 * (head + kind) + f"\n{text}\n".encode()))
