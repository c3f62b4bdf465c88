"""Versions of pg_cron, as far as schedules depend on them."""

import re
from typing import NamedTuple

from components.schedule.field import shown


class PgCronVersion(NamedTuple):
    """A version of pg_cron as far as its extversion tells."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


INTERVALS_SINCE = ZONES_SINCE = PgCronVersion(1, 5)
# Really 1.6.0, whose extversion still read 1.5: that one cannot be told from 1.5.x, where '$' is refused.
LAST_DAY_SINCE = PgCronVersion(1, 6)


def parse_version(extversion: str) -> PgCronVersion:
    """The version that an ``extversion`` of pg_extension stands for: ``1.4-1`` is 1.4.

    It tells no patch level. Raises ValueError for a text of another form.
    """
    match = re.match(r"([0-9]+)\.([0-9]+)(?![0-9])", extversion)
    if match is None:
        raise ValueError(f"pg_cron's version {shown(extversion)} is unknown; expected one such as '1.6'")
    return PgCronVersion(int(match[1]), int(match[2]))


def known_version(extversion: str | None) -> PgCronVersion | None:
    """None where there is none yet, or one of a build that this project does not know."""
    try:
        return parse_version(extversion) if extversion else None
    except ValueError:
        return None


def has_intervals(version: PgCronVersion | None) -> bool:
    """Whether a version takes schedules such as ``30 seconds``; None stands for any version."""
    return version is None or version >= INTERVALS_SINCE
