"""Zones by the names that PostgreSQL knows them by."""

from datetime import UTC, datetime, timedelta

import pytest

from components.schedule.zone import zone_of


@pytest.mark.parametrize(
    ("name", "january", "july"),
    [
        (None, 0, 0),
        ("", 0, 0),
        ("GMT", 0, 0),
        ("utc", 0, 0),
        ("America/New_York", -5, -4),
        ("america/new_york", -5, -4),
        ("posix/Europe/Berlin", 1, 2),
        ("CET", 1, 2),
        ("UTC+3", -3, -3),  # POSIX counts to the west
        ("Toronto5", -5, -5),
        ("<+0530>-5:30", 5.5, 5.5),
        ("EST5EDT,M3.2.0,M11.1.0", -5, -4),
    ],
)
def test_a_zone_is_the_one_that_postgresql_takes(name: str | None, january: float, july: float) -> None:
    zone = zone_of(name)
    assert zone
    for month, hours in ((1, january), (7, july)):
        assert datetime(2026, month, 1, tzinfo=UTC).astimezone(zone).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("name", ["Foo", "Foo/Bar", "ABC3DEF", "+05", "../etc/passwd", "x\0y", "America/Nö"])
def test_what_this_machine_does_not_know_is_none(name: str) -> None:
    assert zone_of(name) is None
