"""When a living schedule fires next, which somebody may have changed to what pg_cron alone takes."""

from datetime import datetime, tzinfo

from components.schedule import ScheduleError, parse_schedule


def upcoming(schedule: str, after: datetime, count: int, zone: tzinfo) -> list[datetime]:
    """The next runs after an aware time, in UTC; none where nobody can tell. ``zone`` is the one of pg_cron."""
    try:
        return parse_schedule(schedule).next_runs(after, count, zone)
    except ScheduleError:
        return []
