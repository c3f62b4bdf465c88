"""Judges the clock by which pg_cron reads schedules, from the rows of sql/doctor/. Pure."""

from collections.abc import Iterator
from zoneinfo import available_timezones

from psycopg import sql

from components.database.transaction import Row
from components.schedule.grammar import ScheduleError, parse_schedule
from components.schedule.pg_cron_version import LAST_DAY_SINCE, ZONES_SINCE, known_version
from components.schedule.zone import zone_of
from components.security.doctor_finding import Judgement, RowsByQuery, Subject

NAME = "write the name of a region's, such as Europe/Berlin, or GMT; pg_cron reads it at the server's start"


def clock(subject: Subject, rows: RowsByQuery) -> Judgement:
    """Note what may surprise: settings of cron.timezone, and builds of pg_cron that run a day early."""
    for row in rows["clock"]:
        for sentence in _zone(subject, row):
            yield "note", "cron.timezone", sentence
        dated = [_job(job) for job in rows["jobs"] if _names_days(job["schedule"])]
        if dated and _may_be_a_day_off(row):
            yield (
                "note",
                ", ".join(dated),
                "names days, which builds of pg_cron 1.6 before 1.6.3 run a day early, and the version that the "
                f"database knows ({row['version']}) does not tell the build; look whether start_time in "
                "cron.job_run_details is of the right days; if not, have pg_cron updated (on Supabase: upgrade the "
                "project)",
            )


def _zone(subject: Subject, row: Row) -> Iterator[str]:
    version, zone = known_version(row["version"]), row["zone"]
    if row["placeholder"] is not None:
        yield (
            f"is set to {row['placeholder']!r} and has no effect, since pg_cron {version} reads schedules in GMT; "
            "update pg_cron to 1.5 or newer, or remove the setting"
        )
    if zone is None and version is not None and version >= ZONES_SINCE and not row["sees_settings"]:
        yield (
            f"may not be seen by {subject.role}, so next runs are told, and days judged, as if it were GMT; a "
            f"superuser must run: GRANT pg_read_all_settings TO {sql.Identifier(subject.role).as_string()}"
        )
    if zone_of(zone) is None:
        yield f"is {zone!r}, which this machine does not know, so that next runs are told as if it were GMT; {NAME}"
    elif zone and zone.lower() not in {name.lower() for name in available_timezones()}:
        yield f"is {zone!r}, which is no name but a rule, whose hours count to the west of Greenwich; {NAME}"


def _may_be_a_day_off(row: Row) -> bool:
    """Whether pg_cron may be 1.6: its first build reports 1.5, and has a setting that 1.5 lacks."""
    version = known_version(row["version"])
    return version == LAST_DAY_SINCE or (version == ZONES_SINCE and row["is_of_1_6"])


def _names_days(schedule: str) -> bool:
    try:
        times = parse_schedule(schedule).times
    except ScheduleError:
        return False
    return times is not None and not times.rule.is_every_day


def _job(row: Row) -> str:
    return row["name"] or f"jobid {row['jobid']}"
