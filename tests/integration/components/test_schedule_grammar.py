"""Our grammar against the real parser of the connected pg_cron: it is the judge of what may be scheduled."""

import random
import re

import psycopg

from components.schedule.grammar import ScheduleError, parse_schedule
from components.schedule.pg_cron_version import PgCronVersion, parse_version

# Each is undone by the exception that tells it was taken; any other error than "invalid schedule" is a failure.
JUDGE = """
CREATE FUNCTION pg_temp.takes(schedule text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cron.schedule(schedule, 'SELECT 1');
    RAISE SQLSTATE 'TAKEN';
EXCEPTION
    WHEN SQLSTATE 'TAKEN' THEN RETURN true;
    WHEN invalid_parameter_value THEN RETURN false;
END $$
"""

TABLE = """
* * * * *|0 1 * * *|*/5 * * * *|05 007 1 1 0|0  1\t* * *|0,30 8-18/2,22 1,15 jan-mar,DEC Mon-FRI|0 0 1 1-mar *
0 0 13 * 5|0 0 * * 5-7|0 0 */2 * *|0 0 1,* * 1,*|0 0 *,1 * 1|0 0 1-31 * 1|0 0 1-7 * */7|0-59/7 * * * *|5-5/2 * * * *
*/7 * * * *|*/59 * * * *|*/60 * * * *|*/90 * * * *|*/0 * * * *|0 */24 * * *|0 */23 * * *|0 0 */31 * *|0 0 */32 * *
0 0 1 */12 *|0 0 1 */13 *|0 0 * * */7|0 0 * * */8|0-10/60 * * * *|0 0-5/24 * * *|5/10 * * * *|*/* * * * *|*/-5 * * * *
0 5 4 * * *|5 4 * * * *|* * * * *foo|* * * *|* * *|*|5;6 * * * *|*5 * * * *|*-5 * * * *|0 0 * * 5#2|0-10~2 * * * *
0 22-4 * * *|0 0 * * fri-mon|0 0 * * sat-sun|0 0 1 12-2 *|0 0 30 2 *|0 0 31 2,4 *|4294967297 * * * *|2147483648 * * * *
60 * * * *|59-60 * * * *|0 24 * * *|0 0 0 * *|0 0 32 * *|0 0 1 0 *|0 0 1 13 *|0 0 * * 7|0 0 * * 8|-1 * * * *|+1 * * * *
0 0 * * monday|0 0 jan * *|0 0 1 mon *|0 0 1 JaN *|jan * * * *|5,,6 * * * *|5, 6 * * * *|5, * * * *|,5 * * * *
0 0 $ * *|0 0 $,15 * *|0 0 15,$ * *|0 0 $ * 5|0 0 $x * *|$ 0 * * *|0 0 L * *|0 0 15W * *|0 0 ? * MON|0 0 * * 5L
@hourly|@daily|@midnight|@weekly|@monthly|@yearly|@annually|@reboot|@restart|@Daily|@@daily|@ daily|@|@hourly x|@noon
@every 5m|30 seconds|1 second|59 seconds|60 seconds|0 seconds|30seconds|+5 seconds|05 Seconds|-5 seconds|5 minutes
4294967301 seconds|-4294967291 seconds|30 seconds x|30  \t second|30 second s|seconds|1.5 seconds|CRON_TZ=UTC 0 5 * * *
"""
BROKEN_LINES = [
    "",
    " ",
    "\n",
    "#",
    " * * * * *",
    "* * * * * ",
    "* * * * *\n",
    "0 0\n* * *",
    "0 0 * *\n*",
    "# c\n* * * * *",
    "\n \n# c\n0 1 * * *",
    "#* * * * *",
    "0\r1 * * *",
    "0\v1 * * *",
    "0 1 * * *\r\n",
    "* * * * *" + " " * 1000,
    "* * * * *" + " " * 990,
    ",".join(["1"] * 496) + " * * * *",
    ",".join(["1"] * 495) + " * * * *",
    "0" * 101 + " * * * *",
    "0" * 99 + "1 * * * *",
]

NUMBER = "(?:[0-9]+|[a-z]{3})"
ITEM = rf"(?:\*(?:/[0-9]+)?|{NUMBER}(?:-{NUMBER}(?:/[0-9]+)?)?)"
FIELD = rf"{ITEM}(?:,{ITEM})*"
DOCUMENTED = re.compile(rf"{FIELD}(?:[ \t]+{FIELD}){{4}}", re.IGNORECASE)
"""The grammar as pg_cron's documentation has it."""
REASONS = re.compile("runs backwards|never runs|leaves .* alone|pg_cron keeps 32 bits")
"""Why a schedule in the documented grammar may be refused although pg_cron takes it."""


def near_the_grammar(seed: int, count: int) -> list[str]:
    """Schedules of odd but plausible items, some with a slip of the finger."""
    rng = random.Random(seed)  # noqa: S311 - repeatable
    bounds = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    names = ("sun", "MON", "fri", "jan", "Dec", "sunday", "L", "$", "?", "4294967297", "007", "")
    slips = ["", "*", "/", "-", ",", " ", "\t", "\n", "#", "~", ";", "$", "@", "5", "s", "é", "\N{NO-BREAK SPACE}", "?"]

    def number(low: int, high: int) -> str:
        return str(rng.randint(low - (rng.random() < 0.02), high + (rng.random() < 0.04)))

    def item(low: int, high: int) -> str:
        first, last, step = number(low, high), number(low, high), str(rng.choice((0, 1, 2, 5, 6, 7, 12, 30, 60)))
        if rng.random() < 0.03:
            first = rng.choice(names)
        return rng.choice(
            ("*", "*", "*", "*", first, first, first, f"{first}-{last}", f"*/{step}", f"{first}-{last}/{step}")
            + ((f"{first}/{step}",) if rng.random() < 0.1 else ())
        )

    texts = []
    for _ in range(count):
        text = " ".join(",".join(item(*bound) for _ in range(rng.choice((1, 1, 1, 2)))) for bound in bounds)
        if rng.random() < 0.1:
            text = f"{rng.randint(-1, 61)} {rng.choice(('second', 'seconds', 'Seconds', 'sec', 'minutes'))}"
        elif rng.random() < 0.05:
            text = rng.choice(("@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@reboot", "@restart"))
        for _ in range(rng.choice((0, 0, 1, 1, 2))):
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(slips) + text[at + rng.randrange(2) :]
        texts.append(text)
    return texts


def judge(conninfo: str, texts: list[str]) -> tuple[PgCronVersion, list[bool]]:
    """The version of the connected pg_cron, and which texts it takes; nothing stays behind."""
    with psycopg.connect(conninfo, client_encoding="utf8") as conn:
        found = conn.execute("SELECT extversion FROM pg_extension WHERE extname = 'pg_cron'").fetchone()
        assert found, "the server has no pg_cron"
        conn.execute(JUDGE)
        rows = conn.execute(
            "SELECT pg_temp.takes(text) FROM unnest(%s::text[]) WITH ORDINALITY AS t (text, n) ORDER BY n", [texts]
        ).fetchall()
        conn.rollback()
    return parse_version(found[0] if isinstance(found[0], str) else found[0].decode()), [takes for (takes,) in rows]


def refusal(text: str, version: PgCronVersion | None, *, paused: bool = False) -> ScheduleError | None:
    try:
        parse_schedule(text, version, paused=paused)
    except ScheduleError as error:
        return error
    return None


def table() -> list[str]:
    return [text for line in TABLE.strip().splitlines() for text in line.split("|")] + BROKEN_LINES


def test_takes_nothing_that_pg_cron_refuses_and_refuses_more_for_a_reason_alone(conninfo: str) -> None:
    texts = table() + near_the_grammar(20261125, 6000)
    version, verdicts = judge(conninfo, texts)
    taken_by_both = 0
    for text, taken in zip(texts, verdicts, strict=True):
        error = refusal(text, version)
        if error is None:
            assert taken, f"pg_cron {version} refuses {text!r}"
            taken_by_both += 1
        elif taken:
            assert error.mistake, f"pg_cron {version} takes {text!r}, but: {error}"
            if DOCUMENTED.fullmatch(text):
                assert REASONS.search(str(error)), f"pg_cron {version} takes {text!r}, but: {error}"
    assert taken_by_both > 500
    assert verdicts.count(False) > 500


def test_a_paused_job_has_nothing_that_pg_cron_refuses(conninfo: str) -> None:
    texts = table() + near_the_grammar(21, 6000)
    version, verdicts = judge(conninfo, texts)
    kept = [
        (text, taken)
        for text, taken in zip(texts, verdicts, strict=True)
        if refusal(text, version) is not None and refusal(text, version, paused=True) is None
    ]
    assert [text for text, taken in kept if not taken] == []
    assert len(kept) > 300


def test_everything_we_suggest_is_taken_by_pg_cron(conninfo: str) -> None:
    texts = table() + near_the_grammar(7, 3000)
    version, _ = judge(conninfo, [])
    suggested = {form for text in texts if (error := refusal(text, version)) for form in error.suggestions}
    assert len(suggested) > 100
    forms = sorted(suggested)
    _, verdicts = judge(conninfo, forms)
    assert [form for form, taken in zip(forms, verdicts, strict=True) if not taken] == []


def test_nothing_stays_behind(conninfo: str) -> None:
    count = "SELECT count(*) FROM cron.job"
    with psycopg.connect(conninfo) as conn:
        before = conn.execute(count).fetchone()
    _, verdicts = judge(conninfo, ["* * * * *"])
    with psycopg.connect(conninfo) as conn:
        assert (verdicts, conn.execute(count).fetchone()) == ([True], before)
