"""The findings on the clock by which pg_cron reads schedules."""

from typing import Any

import pytest

from components.security.clock_findings import clock
from components.security.doctor_finding import Subject

SUBJECT = Subject("public", "o'ps", True, True, True, True)


def findings(*schedules: str, **given: Any) -> list[tuple[str, str, str]]:
    row = {"version": "1.6", "zone": "GMT", "is_of_1_6": True, "sees_settings": True, "placeholder": None, **given}
    jobs = [
        {"jobid": number, "name": f"job-{number}", "schedule": schedule} for number, schedule in enumerate(schedules)
    ]
    return list(clock(SUBJECT, {"clock": [row], "jobs": jobs}))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"version": "1.4-1", "zone": None, "placeholder": "Europe/Berlin"},
            "is set to 'Europe/Berlin' and has no effect",
        ),
        ({"zone": None, "sees_settings": False}, 'must run: GRANT pg_read_all_settings TO "o\'ps"'),
        ({"zone": "UTC+3"}, "is 'UTC+3', which is no name but a rule, whose hours count to the west"),
        ({"zone": "ABC3DEF"}, "is 'ABC3DEF', which this machine does not know"),
    ],
)
def test_what_the_setting_is_and_is_not(given: dict[str, Any], expected: str) -> None:
    ((level, name, sentence),) = findings(**given)
    assert (level, name) == ("note", "cron.timezone")
    assert expected in sentence


@pytest.mark.parametrize("zone", ["GMT", "utc", "Europe/Berlin", "america/new_york", "CET"])
def test_a_name_is_well(zone: str) -> None:
    assert findings("* * * * *", zone=zone) == []


DATED = ("0 0 15 * *", "0 0 $ * *", "@weekly", "0 0 * * 1-5", "0 0 * 6 *")


@pytest.mark.parametrize(("version", "is_of_1_6"), [("1.6", True), ("1.6", False), ("1.5", True)])
def test_a_build_that_may_be_a_day_off(version: str, is_of_1_6: bool) -> None:
    others = ("0 1 * * *", "@daily", "30 seconds", "@reboot", "0 14-3 * * *")
    ((level, names, sentence),) = findings(*DATED, *others, version=version, is_of_1_6=is_of_1_6)
    assert (level, names) == ("note", "job-0, job-1, job-2, job-3, job-4")
    assert "before 1.6.3 run a day early" in sentence


@pytest.mark.parametrize("version", ["1.4-1", "1.5", "1.7"])
def test_a_build_that_is_not(version: str) -> None:
    assert findings(*DATED, version=version, is_of_1_6=False) == []
