"""What a preview says of a job's schedule on the server that it is for."""

from datetime import UTC, datetime

import pytest

from components.objects.cron_job import CronJobArgs, CronJobKind
from tests.unit.components.objects.test_extension import server

NOW = datetime(2026, 10, 20, tzinfo=UTC)


def warnings(schedule: str, zone: str | None) -> list[str]:
    args = CronJobArgs(name="nightly", schedule=schedule, command="SELECT 1", stack="supabase-cron/dev")
    return list(CronJobKind().warnings(args, server("1.6", cron_timezone=zone), NOW))


@pytest.mark.parametrize(
    ("schedule", "zone", "told"),
    [
        ("0 0 $ * *", "America/New_York", "it will also run at 2026-11-01 00:00; at an hour"),
        ("30 0,23 $ * 1", "America/New_York", "it will also run at 2026-11-01 00:30;"),
        ("*/15 * $ * *", "Europe/Berlin", "it will also run at 2030-03-30 23:00 and will not run at 2027-10-31 00:00;"),
        (
            "0 0 $ * *",
            "Europe/Berlin",
            "clock of Europe/Berlin is changed at a month's end it will not run at 2027-10-31",
        ),
        ("0 0 $ 10 1-5", "Europe/Berlin", "will not run at 2027-10-31 00:00"),
    ],
)
def test_where_the_last_day_is_another_than_the_calendars(schedule: str, zone: str, told: str) -> None:
    (warning,) = warnings(schedule, zone)
    assert told in warning
    assert warning.startswith("cron job 'nightly': pg_cron takes '$' for a day of which it is the 1st in 24 hours")


@pytest.mark.parametrize(
    ("schedule", "zone"),
    [
        ("0 0 $ * *", None),
        ("0 0 $ * *", "GMT"),
        ("0 0 $ * *", "Asia/Kathmandu"),
        ("0 12 $ * *", "America/New_York"),
        ("30 1 $ * *", "America/New_York"),
        ("0 2-21 $ * *", "Antarctica/Troll"),
        ("* 2-21 $ * *", "Australia/Lord_Howe"),
        ("0 0 $ 6 *", "America/New_York"),
        ("0 0 31 * *", "America/New_York"),
        ("30 seconds", "America/New_York"),
        ("@reboot", "America/New_York"),
        ("0 0 $ * *", "Foo/Bar"),
    ],
)
def test_where_it_is_the_calendars(schedule: str, zone: str | None) -> None:
    assert warnings(schedule, zone) == []
