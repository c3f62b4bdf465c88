"""The server's cron.timezone, in which pg_cron reads schedules from 1.5 on: what each part makes of it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from components.catalogue.jobs_file import Catalogue
from components.catalogue.settings import Settings
from components.catalogue.stack_config import Config
from components.cron_job import CronJobProvider
from components.database.connection import Database
from components.objects.stack_mark import StackName
from components.run_ledger import RunLedgerProvider
from components.schedule.grammar import parse_schedule
from cronctl.verify import jobs_now
from tests.integration.components.command_line import Said
from tests.integration.components.conftest import AS_IT_IS
from tests.integration.components.test_run_ledger import LEDGER, STACK, command

Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]
SetZone = Callable[[str], None]
NOON = "0 12 * * *"
"""In no zone of these tests at noon by UTC."""


@pytest.fixture(autouse=True)
def installed(install: Callable[..., None], provide: Provide, clean: None) -> None:
    install()
    provide(RunLedgerProvider).create(LEDGER)


def job(provide: Provide, schedule: str = NOON, **given: Any) -> dict[str, Any]:
    text = command("http://127.0.0.1:9/", name="nightly", **given)
    return {"name": "nightly", "schedule": schedule, "command": text, "owner": STACK}


def declared() -> Config:
    nightly = {"description": "d", "schedule": NOON, "sql": "SELECT 1"}
    catalogue = Catalogue.model_validate({"jobs": {"nightly": nightly}})
    return Config(StackName("supabase-cron", "test"), Settings(), catalogue, {}, ())


def next_noon(zone: str) -> datetime:
    return parse_schedule(NOON).next_runs(datetime.now(UTC), 1, ZoneInfo(zone))[0]


def zone_in_the_database(postgres: Connection) -> str:
    ((zone,),) = postgres.execute("SELECT public.cron_zone()").fetchall()
    return str(zone)


def test_a_placeholder_of_that_name_has_no_effect(postgres: Connection, without_cron_timezone: None) -> None:
    """As on pg_cron 1.4, which the server has."""
    postgres.execute("SET cron.timezone = 'Asia/Tokyo'")
    assert zone_in_the_database(postgres) == "GMT"


def test_who_may_not_see_it_takes_it_for_gmt(
    superuser: Connection, postgres: Connection, cron_timezone: SetZone
) -> None:
    cron_timezone("Asia/Tokyo")
    superuser.execute("REVOKE pg_monitor FROM postgres")
    try:
        assert zone_in_the_database(postgres) == "GMT"
    finally:
        superuser.execute("GRANT pg_monitor TO postgres")


def test_the_database_goes_by_it(superuser: Connection, postgres: Connection, cron_timezone: SetZone) -> None:
    cron_timezone("Asia/Tokyo")
    assert zone_in_the_database(postgres) == "Asia/Tokyo"
    superuser.execute("UPDATE pg_extension SET extversion = '1.6' WHERE extname = 'pg_cron'")
    assert zone_in_the_database(postgres) == "Asia/Tokyo"
    superuser.execute(AS_IT_IS)
    due = postgres.execute(
        "SELECT public.cron_last_due_within('0 0 * * *', '2026-11-01Z', '2026-11-20Z', from_day, to_day) "
        "FROM (VALUES (NULL, NULL), ('10', '12')) AS t (from_day, to_day)"
    ).fetchall()
    assert due == [(datetime(2026, 11, 19, 15, tzinfo=UTC),), (datetime(2026, 11, 11, 15, tzinfo=UTC),)]


@pytest.mark.parametrize(
    ("until", "due"),
    [
        ("2026-12-01 00:08Z", "2026-11-30 02:00Z"),  # down over the last day's 02:00, back at 00:10 on the 1st
        ("2026-12-05 10:00Z", "2026-11-30 02:00Z"),
        ("2026-11-30 01:59Z", "2026-11-29 02:00Z"),
        ("2026-11-27 10:00Z", None),
    ],
)
def test_the_last_run_that_was_due_on_an_allowed_day(postgres: Connection, until: str, due: str | None) -> None:
    query = "SELECT public.cron_last_due_within('0 2 * * *', '2026-11-27 03:00Z', %s, '-3', '-1')"
    assert postgres.execute(query, [until]).fetchone() == (due and datetime.fromisoformat(due),)


def test_days_are_those_of_the_zones_clock_where_it_is_changed(postgres: Connection, cron_timezone: SetZone) -> None:
    """For each day around two changes: the last minute that was due on it is the last of that day."""
    for name, changed in (("Europe/Berlin", "2026-03-29"), ("Antarctica/Troll", "2026-10-25")):
        cron_timezone(name)
        zone = ZoneInfo(name)
        for days in range(-2, 3):
            day = datetime.fromisoformat(changed) + timedelta(days=days)
            bound = str(day.date())
            query = "SELECT public.cron_last_due_within('30 * * * *', '2026-01-01Z', %s, %s, %s)"
            found = postgres.execute(query, [day + timedelta(days=4), bound, bound]).fetchone()
            assert found == (day.replace(hour=23, minute=30, tzinfo=zone).astimezone(UTC),)


@pytest.mark.parametrize(
    ("zone", "at", "wall"),
    [
        ("CET", "2026-07-01 12:00Z", "2026-07-01 14:00"),  # AT TIME ZONE has 13:00
        ("america/new_york", "2026-07-01 12:00Z", "2026-07-01 08:00"),
        ("UTC+3", "2026-07-01 12:00Z", "2026-07-01 09:00"),
    ],
)
def test_a_wall_clock_is_read_as_pg_cron_reads_it(postgres: Connection, zone: str, at: str, wall: str) -> None:
    if (
        not postgres.execute("SELECT FROM pg_timezone_names WHERE lower(name) = lower(%s)", [zone]).rowcount
        and "+" not in zone
    ):
        pytest.skip(f"the system has no zone {zone} (Debian 13: package tzdata-legacy)")
    postgres.execute("SET TimeZone = 'Pacific/Chatham'")
    query = "SELECT public.cron_wall_time(%s, %s), current_setting('TimeZone')"
    assert postgres.execute(query, [at, zone]).fetchall() == [(datetime.fromisoformat(wall), "Pacific/Chatham")]


def test_next_runs_are_told_by_it(
    provide: Provide, database: Database, cronctl: Callable[..., Said], cron_timezone: SetZone
) -> None:
    cron_timezone("America/St_Johns")
    provide(CronJobProvider).create(job(provide))
    expected = next_noon("America/St_Johns")
    (told,) = json.loads(cronctl("next", "nightly", "--count", "1", "--json").data)["runs"]
    assert datetime.fromisoformat(told["utc"]) == expected
    (now,) = jobs_now(declared(), database)
    assert now.next_run == expected


def test_verify_tells_a_schedule_that_we_would_refuse(
    provide: Provide, postgres: Connection, database: Database
) -> None:
    provide(CronJobProvider).create(job(provide))
    postgres.execute("SELECT cron.alter_job(jobid, schedule := '0 14-3 * * *') FROM cron.job")
    (now,) = jobs_now(declared(), database)
    assert (now.schedule, now.next_run) == ("0 14-3 * * *", None)


def test_a_preview_warns_of_a_last_day_that_is_none(
    provide: Provide, superuser: Connection, cron_timezone: SetZone, capsys: pytest.CaptureFixture[str]
) -> None:
    cron_timezone("America/New_York")
    superuser.execute("UPDATE pg_extension SET extversion = '1.6' WHERE extname = 'pg_cron'")
    try:
        assert provide(CronJobProvider).check({}, job(provide, "0 0 $ * *")).failures == []
        assert provide(CronJobProvider).check({}, job(provide, "0 12 $ * *")).failures == []
    finally:
        superuser.execute(AS_IT_IS)
    (warning,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: ")]
    assert "cron job 'nightly': pg_cron takes '$'" in warning
    assert "it will also run at 20" in warning


def test_a_ledger_needs_to_see_it(provide: Provide, superuser: Connection) -> None:
    superuser.execute("UPDATE pg_extension SET extversion = '1.6' WHERE extname = 'pg_cron'")
    superuser.execute("REVOKE pg_monitor FROM postgres")
    try:
        (failure,) = provide(RunLedgerProvider).check({}, LEDGER).failures
    finally:
        superuser.execute("GRANT pg_monitor TO postgres")
        superuser.execute(AS_IT_IS)
    assert 'a superuser must run: GRANT pg_read_all_settings TO "postgres"' in failure.reason
