"""Schedules to suggest instead of a rhythm or of fields that only other crons know. Pure."""

import re

from components.schedule.field import DAY_OF_MONTH, UNITS, WEEKDAY, right_form
from components.schedule.pg_cron_version import PgCronVersion, has_intervals

MAX_INTERVAL = 59
"""Seconds of an interval at most."""


def every_seconds(seconds: int, version: PgCronVersion | None) -> str:
    """The schedule for a number of seconds: an interval, or minutes where this version has no such interval."""
    if seconds > MAX_INTERVAL or not has_intervals(version):
        return every_minutes(-(-seconds // 60))
    return f"{seconds} second{'s' if seconds > 1 else ''}"


def every_minutes(minutes: int) -> str:
    """The schedule for a number of minutes, rounded to a number of minutes, hours or days that makes an even rhythm."""
    if minutes < 60:
        return f"*/{_divisor(60, minutes)} * * * *" if minutes > 1 else "* * * * *"
    hours = -(-minutes // 60)
    if hours < 24:
        return f"0 */{_divisor(24, hours)} * * *" if hours > 1 else "0 * * * *"
    days = -(-hours // 24)
    return f"0 0 */{days} * *" if 1 < days <= DAY_OF_MONTH.high else "0 0 * * *"


def without_seconds_or_year(fields: list[str], version: PgCronVersion | None) -> str:
    """The schedule that more than five fields mean, since other crons begin with seconds or end with a year."""
    first, sixth = fields[0], fields[len(UNITS)]
    if set(fields[1:]) == {"*"} and (step := re.fullmatch(r"\*/([0-9]+)", first)):
        return every_seconds(int(step[1]), version)
    seconds = first.strip("0") == "" or first.startswith("*/") or "?" in fields[4:6]
    weekday_is_sixth = right_form(WEEKDAY, sixth) is not None and not re.fullmatch("[12][0-9]{3}", sixth)
    return " ".join(fields[1 : len(UNITS) + 1] if seconds and weekday_is_sixth else fields[: len(UNITS)])


def _divisor(cycle: int, most: int) -> int:
    return max(step for step in range(1, most + 1) if cycle % step == 0)
