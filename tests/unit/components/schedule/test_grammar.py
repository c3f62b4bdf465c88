"""What the grammar takes and refuses, and that each refusal shows a form that is right."""

import pickle
import random
import re
from datetime import UTC, datetime, timedelta

import pytest

from components.schedule.field import UNITS
from components.schedule.grammar import ScheduleError, parse_schedule
from components.schedule.pg_cron_version import PgCronVersion, parse_version

OLD, INTERVALS, NEW = PgCronVersion(1, 4), PgCronVersion(1, 5), PgCronVersion(1, 6)
QUOTED = re.compile(r"'([^']*)'")

ACCEPTED = [
    "* * * * *",
    "0 1 * * *",
    "*/5 * * * *",
    "*/1 * * * *",
    "05 007 1 1 0",
    "0  1\t* * *",
    "0,30 8-18/2,22 1,15 jan-mar,DEC Mon-FRI",
    "0 0 1 1-mar *",
    "0 0 13 * 5",
    "0 0 * * 5-7",
    "0 0 */2 * *",
    "0 0 1,* * 1,*",
    "0 0 *,1 * 1",
    "0 0 1-31 * *",
    "0 0 1-31 * 0-6",
    "0 0 1-7 * */7",
    "0 0 * * */2",
    "0 0 29 2 *",
    "0 0 30 2 5",
    "0-59/7 * * * *",
    "5-5/2 * * * *",
    "0 0 1 */12 *",
    "*/45 * * * *",
    "*/7,*/59 */5,*/23 */31,*/30 */5 */4",
    "0 0 1-31 * 1",
    "0 0 1 * 0-6",
    "@hourly",
    "@daily",
    "@midnight",
    "@weekly",
    "@monthly",
    "@reboot",
    "@restart",
    " * * * * *",
    "* * * * *\n",
    "# nightly\n0 1 * * *",
    "\n# nightly\n \n0 1 * * *",
    " 0 1\t* * * \n\n# nach Mitternacht, m\N{LATIN SMALL LETTER O WITH DIAERESIS}glichst\n",
    "# start\n@reboot ",
]

# Text, the hours, days or months that it names, and the list that says the same.
WRAPPING = [
    ("0 22-4 * * *", {22, 23, 0, 1, 2, 3, 4}, "0 22-23,0-4 * * *"),
    ("0 23-0 * * *", {23, 0}, "0 23,0 * * *"),
    ("0 6,22-4/1 * * *", {22, 23, 0, 1, 2, 3, 4, 6}, "0 6,22-23,0-4 * * *"),
    ("0 16-7 * * *", set(range(24)) - set(range(8, 16)), "0 16-23,0-7 * * *"),
    ("0 0 25-5 * *", {*range(25, 32), *range(1, 6)}, "0 0 25-31,1-5 * *"),
    ("0 0 1 12-2 *", {12, 1, 2}, "0 0 1 12,1-2 *"),
    ("0 0 1 nov-feb *", {11, 12, 1, 2}, "0 0 1 11-12,1-2 *"),
    ("57-3 * * * *", {57, 58, 59, 0, 1, 2, 3}, "57-59,0-3 * * * *"),
]

# A schedule that a paused job alone may have, and what its flaw is.
FLAWED = [
    ("0 0 30 2 *", "never runs, since no month it names has such a day"),
    ("@yearly", "never runs on pg_cron 1.6, which leaves its month out"),
    ("@annually x", "has 'x' after the macro, which pg_cron would ignore"),
    ("0 0 * * fri-mon", "has the range 'fri-mon' as day of week, which runs backwards and is empty for pg_cron"),
    ("0 22-4/2 * * *", "has the range '22-4/2' as hour, which runs backwards and is empty for pg_cron"),
    (
        "0 14-3 * * *",
        "has the range '14-3' as hour, which runs backwards, and of which pg_cron reads 0,1,2,3,14,15 alone",
    ),
    ("5;6 * * * *", "has '5;6' as minute, of which pg_cron would ignore ';6'"),
    ("0 5 4 * * *", "has '*' after five fields, which pg_cron would ignore: it knows no seconds or years"),
    ("0 0 30 2 * *", "has '*' after five fields, which pg_cron would ignore: it knows no seconds or years"),
    (
        "4294967297 * * * *",
        "has '4294967297' as minute, which goes from 0 to 59 (pg_cron keeps 32 bits of it and would read 1)",
    ),
    ("4294967301 seconds", "does not fit into 32 bits, so that pg_cron would read 5 seconds"),
]
REFUSED_BY_PG_CRON = [
    *("60 * * * *", "*/60 * * * *", "5/10 * * * *", "0 0 ? * *", "5;6 99 * * *", "0 22-4/2 * * monday", "5, 6 * * * *"),
    *("0 0 30 2 8", "@every 5m", "@YEARLY", "61 seconds", "", "0 1 * *", "0 5 99 * * *"),
    *("18446744073709551617 * * * *", "0 20-17 * * 99", "0 0\n* * *"),
]

# Text, the whole of what the sentence must suggest first, and whether pg_cron (1.4 on) would have taken it.
REFUSED = [
    # more or less than five fields
    ("0 5 4 * * *", "5 4 * * *", True),
    ("5 4 * * * *", "5 4 * * *", True),
    ("*/10 * * * * *", "10 seconds", True),
    ("*/90 * * * * *", "*/2 * * * *", True),
    ("0 0 12 * * ? *", "0 12 * * *", True),
    ("0 0 1 1 * 2030", "0 0 1 1 *", True),
    ("0 5 * * * root /usr/bin/true", "0 5 * * *", True),
    ("* * * * * # every minute", "* * * * *", True),
    ("daily", "@daily", False),
    # the rest of a field
    ("* * * * *foo", "* * * * *", True),
    ("5;6 * * * *", "5,6 * * * *", True),
    ("*5 * * * *", "*/5 * * * *", True),
    ("*-5 * * * *", "*/5 * * * *", True),
    ("0 0 * * 5#2", "0 0 * * 5", True),
    ("0-10~2 * * * *", "0-10/2 * * * *", True),
    ("0~30 * * * *", "0 * * * *", True),
    ("*/5/2 * * * *", "*/5 * * * *", True),
    ("5_6 * * * *", "5 * * * *", True),
    # ranges over the end
    ("0 14-3 * * *", "0 14-23,0-3 * * *", True),
    ("0 22-12 * * *", "0 22-23,0-12 * * *", True),
    ("0 22-4/2 * * *", "0 22,0,2,4 * * *", True),
    ("50-5 * * * *", "50-59,0-5 * * * *", True),
    ("0 0 24-5 * *", "0 0 24-31,1-5 * *", True),
    ("0 0 1 8-2 *", "0 0 1 8-12,1-2 *", True),
    ("0 0 1 aug-jul *", "0 0 1 8-12,1-7 *", True),
    ("0 0 * * fri-mon", "0 0 * * 5-7,1", True),
    ("0 0 * * sat-sun", "0 0 * * 6-7", True),
    ("0 0 * * fri-sun", "0 0 * * 5-7", True),
    ("0 0 * * 7-2", "0 0 * * 0-2", True),
    ("0 0 * * 7-6/2", "0 0 * * 0-6/2", True),
    ("0 0 * * fri-tue/2", "0 0 * * 5,7,2", True),
    # never
    ("0 0 30 2 *", "0 0 28 2 *", True),
    ("0 0 31 2,4 *", "0 0 30 2,4 *", True),
    ("0 0 31 4,6,9,11 */2", "0 0 30 4,6,9,11 */2", True),
    ("@yearly", "0 0 1 1 *", True),
    ("@annually", "0 0 1 1 *", True),
    # steps that are none
    ("*/60 * * * *", "0 * * * *", True),
    ("*/90 * * * *", "0 * * * *", True),
    ("0 */24 * * *", "0 0 * * *", True),
    ("0 0 * * */8", "0 0 * * 0", True),
    ("*/0 * * * *", "* * * * *", False),
    ("*/5min * * * *", "*/5 * * * *", False),
    ("5/10 * * * *", "5-59/10 * * * *", False),
    ("0 1/6 * * *", "0 1-23/6 * * *", False),
    ("H/15 * * * *", "*/15 * * * *", False),
    # numbers and names
    ("4294967297 * * * *", "1 * * * *", True),
    ("60 * * * *", "0 * * * *", False),
    ("0-60 * * * *", "0-59 * * * *", False),
    ("0 24 * * *", "0 0 * * *", False),
    ("0 18-24 * * *", "0 18-23 * * *", False),
    ("0 0 0 * *", "0 0 1 * *", False),
    ("0 0 1 13 *", "0 0 1 12 *", False),
    ("0 0 * * 8", "0 0 * * 7", False),
    ("0 0 * * monday", "0 0 * * mon", False),
    ("0 0 * * Tuesday-thurs", "0 0 * * tue-thu", False),
    ("0 0 1 sept *", "0 0 1 sep *", False),
    ("0 0 * * wendsday", "0 0 * * wed", False),
    # lists
    ("5,,6 * * * *", "5,6 * * * *", False),
    ("5, * * * *", "5 * * * *", False),
    ("5, 6 * * * *", "5,6 * * * *", True),
    ("0 0 * * 1 - 5", "0 0 * * 1-5", True),
    ("5- * * * *", "5 * * * *", False),
    # other crons
    ("0 0 ? * MON", "0 0 * * MON", False),
    ("0 0 L * ?", "0 0 $ * *", False),
    ("0 0 LW * *", "0 0 $ * *", False),
    ("0 0 15W * *", "0 0 15 * *", False),
    ("0 0 * * 5L", "0 0 * * 5", False),
    ("0 0 $,15 * *", "0 0 $ * *", False),
    ("0 0 $x * *", "0 0 $ * *", False),
    ("0 0 15$ * *", "0 0 15 * *", True),
    ("CRON_TZ=Europe/Berlin 0 5 * * *", "0 5 * * *", False),
    ("TZ=UTC 0 5 * * *", "0 5 * * *", False),
    # macros
    ("@Daily", "@daily", False),
    ("@@daily", "@daily", False),
    ("@ daily", "@daily", False),
    ("@dayly", "@daily", False),
    ("@hourly x", "@hourly", True),
    ("@reboot sleep 60", "@reboot", True),
    ("@YEARLY", "0 0 1 1 *", False),
    ("@yearly x", "0 0 1 1 *", True),
    ("yearly", "0 0 1 1 *", False),
    # intervals
    ("@every 5m", "*/5 * * * *", False),
    ("@every 30s", "30 seconds", False),
    ("every 2 hours", "0 */2 * * *", False),
    ("every minute", "* * * * *", False),
    ("60 seconds", "* * * * *", False),
    ("90 seconds", "*/2 * * * *", False),
    ("0 seconds", "1 second", False),
    ("30 sec", "30 seconds", False),
    ("-30 seconds", "30 seconds", False),
    ("5 minutes", "*/5 * * * *", False),
    ("7 minutes", "*/6 * * * *", False),
    ("60 min", "0 * * * *", False),
    ("90 minutes", "0 */2 * * *", False),
    ("1 hour", "0 * * * *", False),
    ("1 day", "0 0 * * *", False),
    ("2 days", "0 0 */2 * *", False),
    ("4294967301 seconds", "5 seconds", True),
    ("-4294967291 seconds", "5 seconds", True),
    # white space and characters
    ("\v* * * * *", "* * * * *", True),
    ("* * * * *\r\n", "* * * * *", True),
    (" 30 seconds", "30 seconds", True),
    ("# c", None, True),
    ("0 0\n* * *", "0 0 * * *", True),
    ("0\N{NO-BREAK SPACE}1 * * *", "0 1 * * *", True),
    ("1\N{EN DASH}5 * * * *", "1-5 * * * *", True),
    ("\N{ARABIC-INDIC DIGIT FIVE} 1 * * *", None, True),
    ("0 1 * * *\x07", "0 1 * * *", True),
    ("0 1" + " " * 1000 + "* * *", "0 1 * * *", False),
    # nothing to go by
    ("", None, False),
    (" \t", None, False),
    ("0 1 * *", None, False),
    ("hello world", None, False),
    ("@", None, False),
    ("@ ", None, False),
    ("* " * 600, None, False),
    ("0 0 * * foo", None, False),
    ("0 0 * jan jan", None, False),
    ("$ * * * *", None, False),
    # right by its own rule, refused by another one
    ("0 0 31W 2 *", None, False),
    ("0 0 1-L * *", None, False),
    ("0 0 27-31 2 13W", None, False),
    ("60_5 * * * *", None, True),
    ("0 0 1 * *\n0 0 15 * *", None, True),
]


@pytest.mark.parametrize("text", ACCEPTED)
@pytest.mark.parametrize("version", [None, OLD, INTERVALS, NEW])
def test_accepts_what_every_pg_cron_takes(text: str, version: PgCronVersion | None) -> None:
    assert parse_schedule(text, version).text == text


@pytest.mark.parametrize(("text", "values", "even"), WRAPPING)
def test_a_range_over_the_end_of_its_unit_needs_version_1_6(text: str, values: set[int], even: str) -> None:
    for version in (None, NEW):
        times = parse_schedule(text, version).times
        assert times
        assert times == parse_schedule(even, version).times
        assert values in ({*times.minutes}, {*times.hours}, {*times.rule.days}, {*times.rule.months})
    for version in (OLD, INTERVALS):
        with pytest.raises(ScheduleError, match=r"runs backwards and is empty before pg_cron 1\.6; write") as caught:
            parse_schedule(text, version)
        assert (caught.value.suggestions, caught.value.mistake) == ((even,), True)
        assert "is empty before pg_cron 1.6" in (parse_schedule(text, version, paused=True).flaw or "")


def test_of_a_range_that_runs_backwards_only_that_is_taken_which_pg_cron_reads_as_it_says() -> None:
    """pg_cron's bit_nset, written after its bitstring.h, says what is read."""
    for unit in UNITS:
        for first in range(unit.low, unit.high + 1):
            for last in range(unit.low, first):
                read = bit_nset(first - unit.low, last - unit.low)
                said = {value - unit.low for value in (*range(first, unit.high + 1), *range(unit.low, last + 1))}
                text = " ".join(f"{first}-{last}" if other is unit else "*" for other in UNITS)
                try:
                    parse_schedule(text)
                    taken = True
                except ScheduleError as error:
                    taken = False
                    kept = sorted(unit.low + bit for bit in read if bit <= unit.high - unit.low)
                    assert (f"reads {','.join(map(str, kept))} alone" if kept else "is empty") in str(error)
                assert taken is (read & {*range(unit.high - unit.low + 1)} == said), text


def bit_nset(start: int, stop: int) -> set[int]:
    octets = [0] * 8
    start_byte, stop_byte = start >> 3, stop >> 3
    if start_byte == stop_byte:
        octets[start_byte] |= (0xFF << (start & 7)) & (0xFF >> (7 - (stop & 7)))
    else:
        octets[start_byte] |= (0xFF << (start & 7)) & 0xFF
        for between in range(start_byte + 1, stop_byte):
            octets[between] = 0xFF
        octets[stop_byte] |= 0xFF >> (7 - (stop & 7))
    return {bit for bit in range(64) if octets[bit >> 3] >> (bit & 7) & 1}


@pytest.mark.parametrize(("text", "flaw"), FLAWED)
def test_a_paused_job_may_have_what_pg_cron_takes_and_does_not_run_as_it_says(text: str, flaw: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    assert f"{flaw}; write" in str(caught.value)
    schedule = parse_schedule(text, paused=True)
    assert (schedule.text, schedule.flaw) == (text, flaw)
    assert (schedule.times, schedule.period_seconds) == (None, None)
    assert schedule.next_runs(datetime(2026, 1, 1, tzinfo=UTC), 1) == []


@pytest.mark.parametrize("text", REFUSED_BY_PG_CRON)
def test_not_even_a_paused_job_may_have_what_pg_cron_refuses(text: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule(text, paused=True)


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_runs_has_no_flaw_in_a_paused_job(text: str) -> None:
    assert parse_schedule(text, paused=True) == parse_schedule(text)


@pytest.mark.parametrize(("text", "form", "mistake"), REFUSED, ids=[ascii(text)[:40] for text, *_ in REFUSED])
def test_refuses_and_shows_the_right_form(text: str, form: str | None, mistake: bool) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    sentence = str(caught.value)
    assert caught.value.suggestions[:1] == ((form,) if form else ())
    assert caught.value.mistake is mistake
    assert sentence.startswith("schedule ")
    assert not sentence.endswith(".")
    assert sentence.isprintable()
    assert len(sentence) < 500
    assert f"'{form or '0 1 * * *'}'" in sentence


@pytest.mark.parametrize(("text", "form", "mistake"), REFUSED, ids=[ascii(text)[:40] for text, *_ in REFUSED])
@pytest.mark.parametrize("version", [None, OLD, INTERVALS, NEW])
def test_every_form_shown_as_right_parses(
    text: str, form: str | None, mistake: bool, version: PgCronVersion | None
) -> None:
    del form, mistake
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text, version)
    shown = QUOTED.findall(str(caught.value).rpartition("write ")[2])
    assert shown
    for right in shown:
        parse_schedule(right, version)
    assert caught.value.suggestions in {tuple(shown), ()}


def test_says_what_why_and_what_to_write() -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule("0 14-3 * * *")
    assert str(caught.value) == (
        "schedule '0 14-3 * * *' has the range '14-3' as hour, which runs backwards, and of which pg_cron reads "
        "0,1,2,3,14,15 alone; write '0 14-23,0-3 * * *'"
    )


def test_mends_every_field_at_once() -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule("*5 14-3 ? sept Monday")
    assert caught.value.suggestions == ("*/5 14-23,0-3 * sep mon",)
    with pytest.raises(ScheduleError) as caught:
        parse_schedule("*5 22-4 * * *", OLD)
    assert caught.value.suggestions == ("*/5 22-23,0-4 * * *",)


@pytest.mark.parametrize("text", ["30 seconds", "1 second", "30seconds", "+5 seconds", "05 Seconds", "59\tSECOND"])
def test_intervals_need_version_1_5(text: str) -> None:
    for version in (None, INTERVALS, NEW):
        assert parse_schedule(text, version).kind == "interval"
    with pytest.raises(ScheduleError, match=r"needs pg_cron 1\.5.*server has 1\.4; update pg_cron or write '\* \*"):
        parse_schedule(text, OLD)


@pytest.mark.parametrize("text", ["0 0 $ * *", "0 0 $ 2 1", "0 0 $ * *,5"])
def test_the_last_day_needs_version_1_6(text: str) -> None:
    for version in (None, NEW):
        assert parse_schedule(text, version).kind == "cron"
    for version in (OLD, INTERVALS):
        with pytest.raises(ScheduleError, match=rf"'\$', which needs pg_cron 1\.6.*server has {version}; update"):
            parse_schedule(text, version)


def test_a_suggestion_fits_the_version() -> None:
    for version, forms in ((NEW, ("30 seconds",)), (OLD, ("* * * * *",))):
        with pytest.raises(ScheduleError) as caught:
            parse_schedule("30 sec", version)
        assert caught.value.suggestions == forms


@pytest.mark.parametrize(
    ("extversion", "version"),
    [("1.4-1", (1, 4)), ("1.4", (1, 4)), ("1.5", (1, 5)), ("1.6", (1, 6)), ("1.10.2", (1, 10))],
)
def test_reads_the_extversion(extversion: str, version: tuple[int, int]) -> None:
    assert parse_version(extversion) == version


@pytest.mark.parametrize("extversion", ["", "1", "main", "v1.6"])
def test_refuses_an_unknown_extversion(extversion: str) -> None:
    with pytest.raises(ValueError, match=r"expected one such as '1\.6'"):
        parse_version(extversion)


def test_errors_survive_pickling() -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule("0 14-3 * * *")
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own bytes
    assert (str(copy), copy.suggestions, copy.mistake) == (str(caught.value), caught.value.suggestions, True)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("* * * * *", 60),
        ("*/15 * * * *", 900),
        ("0-59/7 * * * *", 240),
        ("0,58 * * * *", 120),
        ("@hourly", 3600),
        ("0 1,23 * * *", 7200),
        ("@daily", 86400),
        ("0 0 * * 1", 7 * 86400),
        ("0 0 13 * 5", 86400),
        ("0 0 */2 * *", 86400),
        ("0 0 1 * *", 28 * 86400),
        ("0 0 $ * *", 28 * 86400),
        ("0 0 31 * *", 31 * 86400),
        ("0 0 1 1 *", 365 * 86400),
        ("0 0 29 2 *", 1461 * 86400),
        ("0 0,23 29 2 *", 23 * 3600),
        ("0 0 31 12 * ".strip(), 365 * 86400),
        ("0 12 31,1 12,1 *", 86400),
        ("30 seconds", 30),
        ("@reboot", None),
    ],
)
def test_period_is_the_shortest_gap(text: str, seconds: int | None) -> None:
    assert parse_schedule(text).period_seconds == seconds


def test_intervals_run_from_the_last_start() -> None:
    start = datetime(2026, 3, 1, 12, 0, 7, tzinfo=UTC)
    assert parse_schedule("30 seconds").next_runs(start, 2) == [start + timedelta(seconds=n) for n in (30, 60)]
    assert parse_schedule("@reboot").next_runs(start, 2) == []


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        parse_schedule("* * * * *").next_runs(datetime(2026, 1, 1), 1)


def test_garbage_is_refused_quickly_and_shows_right_forms() -> None:
    rng = random.Random(20261125)  # noqa: S311 - repeatable
    alphabet = [
        "*",
        "*/",
        "/",
        "-",
        ",",
        ",,",
        " ",
        "  ",
        "7",
        "31",
        "60",
        "2",
        "$",
        "#",
        "L",
        "fri",
        "sun",
        "foo",
        "@",
        "\n",
    ]
    texts = ["".join(rng.choices(alphabet, k=rng.randint(1, 14))) for _ in range(3000)]
    texts += [" ".join("".join(rng.choices(alphabet[:6] + alphabet[8:12], k=3)) for _ in range(5)) for _ in range(3000)]
    texts += [
        ",".join(["*/7"] * 200) + " * * * x",
        "*/7," * 24 + "x * * * *",
        "1" * 998,
        "9" * 900 + " seconds",
    ]
    for text in texts:
        try:
            parse_schedule(text)
        except ScheduleError as error:
            assert len(str(error)) < 600
            for form in error.suggestions:
                parse_schedule(form)
