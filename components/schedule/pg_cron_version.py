"""Versions of pg_cron, as far as schedules depend on them."""

import re
from typing import NamedTuple

from components.schedule.field import shown


class PgCronVersion(NamedTuple):
    """A version of pg_cron as its extversion gives it, which has no patch level."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


INTERVALS_SINCE = ZONES_SINCE = PgCronVersion(1, 5)
LAST_DAY_SINCE = WRAPPING_SINCE = PgCronVersion(1, 6)
"""pg_cron 1.6.0 takes '$', too, but its extversion is 1.5, as that of the versions that refuse '$'.

So it is with a range over the end of its unit (``22-4``), which is empty before 1.6.0.
"""


def parse_version(extversion: str) -> PgCronVersion:
    """The version in an ``extversion`` of pg_extension: ``1.4-1`` is 1.4. Raises ValueError for another form."""
    match = re.match(r"([0-9]+)\.([0-9]+)(?![0-9])", extversion)
    if match is None:
        raise ValueError(f"pg_cron's version {shown(extversion)} is unknown; expected one such as '1.6'")
    return PgCronVersion(int(match[1]), int(match[2]))


def known_version(extversion: str | None) -> PgCronVersion | None:
    """The version in an ``extversion``; None where there is no extension yet, or one of a form that nobody knows."""
    try:
        return parse_version(extversion) if extversion else None
    except ValueError:
        return None


def wraps_ranges(version: PgCronVersion | None) -> bool:
    """Whether a version reads ranges such as ``22-4`` over the end of the unit; None stands for any version."""
    return version is None or version >= WRAPPING_SINCE


def has_intervals(version: PgCronVersion | None) -> bool:
    """Whether a version takes schedules such as ``30 seconds``; None stands for any version."""
    return version is None or version >= INTERVALS_SINCE
