"""What is said of schedules that pg_cron takes and people may take for something else."""

from itertools import pairwise
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from components.catalogue.job import Job
from components.schedule.field import UNITS
from components.schedule.grammar import parse_schedule
from components.schedule.remarks import RemarkKind, remarks


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("*/45 * * * *", "runs at minutes 0 and 45 of each hour by '*/45', not every 45 minutes"),
        ("*/7 * * * *", "runs at minutes 0, 7, 14 … 56 of each hour by '*/7', not every 7 minutes"),
        ("5,*/59 * * * *", "runs at minutes 0 and 59 of each hour by '*/59', not every 59 minutes"),
        ("0 */5 * * *", "runs in hours 0, 5, 10, 15 and 20 of each day by '*/5', not every 5 hours"),
        ("0 */023 * * *", "runs in hours 0 and 23 of each day by '*/023', not every 23 hours"),
        ("0 0 */2 * *", "runs on days 1, 3, 5 … 31 of each month by '*/2', not every 2 days: each month begins anew"),
        ("0 0 */31 * *", "runs on day 1 of each month by '*/31', not every 31 days: each month begins anew"),
        ("0 0 1 */5 *", "runs in months 1, 6 and 11 of each year by '*/5', not every 5 months"),
        ("0 0 * * */2", "runs on Sunday, Tuesday, Thursday and Saturday of each week by '*/2', not every 2 days"),
        ("0 9 1-7 * 1", "runs every Monday, and every 1st to 7th: pg_cron takes either day field where neither begins"),
        (
            "0 9 1-7 * 1",
            "; pg_cron has no first Monday; for both at once, write '0 9 * * 1' with active_between: {from",
        ),
        ("0 9 22-28 * sun", "runs every Sunday, and every 22nd to 28th: pg_cron"),
        ("0 9 22-28 * sun", "pg_cron has no fourth Sunday; for both at once, write '0 9 * * sun' with active_between"),
        ("0 0 13 * 5", "runs every Friday, and every 13th: pg_cron"),
        ("0 0 13 * 5", "write '0 0 * * 5' with active_between: {from: 13, to: 13}, or let a statement"),
        ("0 0 $ * 1-5", "runs every Monday to Friday, and on the last day of each month: pg_cron"),
        ("0 0 $ * 1-5", "write '0 0 * * 1-5' with active_between: {from: -1, to: -1}"),
        (
            "0 0 1,2,11 6 0,3,7",
            "runs every Sunday and Wednesday, and every 1st, 2nd and 11th, of the months that it names",
        ),
        ("0 0 1,15 * 1", "for both at once, the job has to choose the days itself"),
        ("0 0 1-31 * 1", "runs every day by '1-31', whatever '1' says: pg_cron takes either day field where neither"),
        ("0 0 1-31 * 1", "for '1' alone, write '0 0 * * 1'"),
        ("0 0 1 6 0-6", "runs every day, of the months that it names by '0-6', whatever '1' says"),
        ("0 0 1 6 0-6", "for '1' alone, write '0 0 1 6 *'"),
        ("0 22-4 * * *", "runs in hours 0 to 4, 22 and 23 of each day by '22-4', which goes over the end of the day"),
        ("0 22-4 * * *", "from pg_cron 1.6 on and is empty before; '22-23,0-4' says the same for each version"),
        ("57-3 * * * *", "runs at minutes 0 to 3 and 57 to 59 of each hour by '57-3'"),
        ("0 0 1 dec-feb *", "'12,1-2' says the same"),
        ("0 0 31-1 * *", "runs on days 1 and 31 of each month by '31-1'"),
        (" 0 1 * * *\n", "runs by '0 1 * * *', and pg_cron skips what is around it; write it alone"),
        ("# nightly\n@daily", "runs by '@daily', and pg_cron skips what is around it"),
        ("\t@reboot", "runs by '@reboot'"),
    ],
)
def test_a_remark_says_it_in_words(schedule: str, expected: str) -> None:
    (remark,) = remarks(parse_schedule(schedule))
    assert expected in remark.sentence
    assert remark.sentence.isprintable()


@pytest.mark.parametrize(
    ("schedule", "kinds"),
    [
        ("*/7 */5 * * *", ["uneven_steps", "uneven_steps"]),
        ("0 22-4 1-7 * 1", ["wrapping_range", "days_or_weekdays"]),
        ("0 0 1-31 * 1", ["days_or_weekdays"]),
        ("*/7 * * * *\n", ["blanks_around", "uneven_steps"]),
    ],
)
def test_each_remark_has_its_kind(schedule: str, kinds: list[str]) -> None:
    assert [remark.kind for remark in remarks(parse_schedule(schedule))] == kinds
    assert set(kinds) <= set(get_args(RemarkKind))


def test_each_uneven_step_of_each_field_has_a_remark() -> None:
    found = list(remarks(parse_schedule("*/7,*/45 */5 */2 */5 */3")))
    assert [remark.sentence.split(" by ")[1].partition("'*")[2].partition("'")[0] for remark in found] == [
        *("/7", "/45", "/5", "/2", "/5", "/3")
    ]


@pytest.mark.parametrize(
    "schedule",
    [
        "* * * * *",
        "*/5 */6 * */3 *",
        "*/1 */1 */1 */1 */1",
        "0-59/7 * * * *",  # who writes the ends knows them
        "0 0 1-7 * */7",
        "0 0 * * */7",
        "0 0 1 * *",
        "0 0 * * 1",
        "0 0 *,1 * 1",
        "0 0 1-31 * 0-6",
        "0 0 1-31 * *",
        "0 0 $ * *",
        "@weekly",
        "@reboot",
        "30 seconds",
    ],
)
def test_nothing_is_said_of_what_is_plain(schedule: str) -> None:
    assert list(remarks(parse_schedule(schedule))) == []


def test_a_step_is_uneven_where_two_runs_are_not_as_far_apart_as_it_says() -> None:
    """By counting on through the next round, for each field and step; the days of a month are of many lengths."""
    lengths = {"minute": 60, "hour": 24, "month": 12, "day of week": 7}
    for place, unit in enumerate(UNITS):
        for step in range(1, unit.high + 1):
            text = " ".join(f"*/{step}" if place == at else "*" for at in range(len(UNITS)))
            parse_schedule(text)
            if unit.name in lengths:
                length = lengths[unit.name]
                values = sorted({value % length for value in range(unit.low, unit.high + 1, step)})
                gaps = {(later - earlier) % length or length for earlier, later in pairwise([*values, values[0]])}
                uneven = gaps != {step}
            else:
                uneven = step > 1
            assert bool(list(remarks(parse_schedule(text)))) is uneven, text


def job(schedule: str, **options: Any) -> Job:
    return Job.model_validate({"description": "d", "schedule": schedule, "sql": "SELECT 1", **options})


def test_a_preview_says_it_of_the_job_and_how_to_accept_it() -> None:
    (warning,) = job("*/45 * * * *").warnings()
    assert "minutes 0 and 45" in warning
    assert warning.endswith("; if that is meant, say so with accept: [uneven_steps]")
    assert list(job("*/45 * * * *", accept=["uneven_steps"]).warnings()) == []


def test_what_is_accepted_silences_its_own_kind_alone() -> None:
    (warning,) = job("*/7 22-4 * * *", accept=["uneven_steps"]).warnings()
    assert warning.endswith("accept: [wrapping_range]")
    assert list(job("*/7 22-4 * * *", accept=["uneven_steps", "wrapping_range"]).warnings()) == []


def test_what_is_accepted_for_nothing_is_told() -> None:
    (warning,) = job("*/5 * * * *", accept=["uneven_steps"]).warnings()
    assert warning == "accepts uneven_steps, of which '*/5 * * * *' has nothing; remove it from accept"
    (warning,) = job("*/7 * * * *", accept=["uneven_steps", "days_or_weekdays"]).warnings()
    assert warning.startswith("accepts days_or_weekdays")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValidationError, match="accept"):
        job("*/7 * * * *", accept=["uneven"])


@pytest.mark.parametrize("schedule", ["0 0 30 2 *", "@yearly", "0 14-3 * * *", "5;6 * * * *", "0 0 * * fri-mon"])
def test_a_job_that_does_not_run_as_it_says_must_be_paused(schedule: str) -> None:
    with pytest.raises(ValidationError, match=r"; write '.*', or keep the job paused with active: false"):
        job(schedule)
    (warning,) = job(schedule, active=False).warnings()
    assert f"is paused, and that alone is why its schedule {schedule!r} is kept, which " in warning


def test_a_paused_job_has_no_schedule_that_pg_cron_refuses() -> None:
    with pytest.raises(ValidationError, match="step of 0"):
        job("*/0 * * * *", active=False)
