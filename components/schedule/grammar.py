"""Schedules in pg_cron's grammar, checked before the database sees them.

pg_cron takes much that nobody means: it ignores what it does not understand at the end of a field, lets
numbers overflow, and keeps jobs that will never run. All of that is refused here, in a sentence that shows the
likely right form.
"""

import difflib
import re
import unicodedata
from datetime import datetime, tzinfo

from components.schedule.field import DAY_OF_MONTH, UNITS, Problem, read_item, shown
from components.schedule.occurrences import ALL_DAYS, ALL_WEEKDAYS, DayRule, Times, shortest_day_gap
from components.schedule.pg_cron_version import INTERVALS_SINCE, LAST_DAY_SINCE, PgCronVersion
from components.schedule.schedule import Schedule

MAX_LENGTH = 999
"""Characters, from MAX_FILE_BUFFER_LENGTH of pg_cron's cron.h."""
MAX_INTERVAL = 59
_MAX_SHOWN = 100
_MAX_REPAIRS = 6
_EXAMPLE = "0 1 * * *"

_MACROS = {
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "midnight": "0 0 * * *",
    "weekly": "0 0 * * 0",
    "monthly": "0 0 1 * *",
}
_YEARLY = "0 0 1 1 *"
_REBOOT = ("reboot", "restart")
_NEVER = ("yearly", "annually")
_WORDS = (*_MACROS, *_REBOOT, *_NEVER)

_INTERVAL = re.compile(r"\+?([0-9]+)[ \t]*seconds?", re.IGNORECASE)
_DURATION = re.compile(
    r"(?:@?every[ \t]+)?([+-]?[0-9]*)[ \t]*"
    r"(?:(s|secs?|seconds?)|(m|mins?|minutes?)|(h|hrs?|hours?)|(d|days?))",
    re.IGNORECASE,
)
_ZONE = re.compile(r"(?:CRON_)?TZ=\S*\s+")
_LOOKALIKES = str.maketrans(
    {"\N{EN DASH}": "-", "\N{EM DASH}": "-", "\N{MINUS SIGN}": "-", "\N{ASTERISK OPERATOR}": "*"}
)


class ScheduleError(ValueError):
    """A schedule is refused; ``str(error)`` says what was found, why, and what to write.

    ``suggestions`` are the likely right forms that the sentence shows; each is a schedule that parses.
    ``mistake``: what was found is nothing that pg_cron, or some version of it, objects to; it does something else.
    """

    suggestions: tuple[str, ...] = ()
    mistake: bool = False


def parse_schedule(text: str, version: PgCronVersion | None = None) -> Schedule:
    """Read a schedule as the pg_cron of that version would; None takes what any version from 1.4 on does.

    Raises ScheduleError where pg_cron refuses the text, or takes it for something that nobody means.
    """
    return _Parser(text, version, _MAX_REPAIRS).schedule()


def upcoming_runs(text: str, *, active: bool, after: datetime, count: int, tz: tzinfo) -> list[datetime]:
    """The next runs of a job that lives in a database, in UTC; none of a paused one, nor where this parser refuses.

    Somebody may have changed its schedule by hand to one that pg_cron takes and this project does not.
    """
    try:
        return parse_schedule(text).next_runs(after, count, tz) if active else []
    except ScheduleError:
        return []


class _Parser:
    """One text being read. ``repairs``: how often the likely right form may itself be put right."""

    def __init__(self, text: str, version: PgCronVersion | None, repairs: int) -> None:
        self.text = text
        self.version = version
        self.repairs = repairs

    def schedule(self) -> Schedule:
        self.check_characters()
        if duration := _DURATION.fullmatch(self.text):
            return self.interval(duration)
        if self.text[0] == "@":
            return self.macro()
        return Schedule(self.text, times=self.times(self.fields()))

    def check_characters(self) -> None:
        text = self.text
        if not text.strip():
            raise self.refused(Problem("is empty"))
        if len(text) > MAX_LENGTH:
            why = f"has {len(text)} characters, but pg_cron takes {MAX_LENGTH}"
            raise self.refused(Problem(why, (" ".join(text.split()),)))
        if text != text.strip() or len(text.splitlines()) > 1 or text[0] == "#":
            lines = [line.strip() for line in text.strip().splitlines()]
            one = " ".join(line for line in lines if line and line[0] != "#")
            if text.lstrip()[0] == "#":
                why = "starts with a comment"
            else:
                why = "starts or ends with white space" if len(lines) == 1 else "goes over several lines"
            raise self.refused(Problem(why, (one,), mistake=True))
        if odd := re.search(r"[^\t -~]", text):
            plain = unicodedata.normalize("NFKC", text.translate(_LOOKALIKES))
            plain = " ".join("".join(c for c in plain if c.isprintable() or c.isspace()).split())
            why = f"holds the character U+{ord(odd[0]):04X}, which no schedule can"
            raise self.refused(Problem(why, (plain,), mistake=True))
        if zone := _ZONE.match(text):
            why = "sets a time zone, but pg_cron knows one for all jobs: its setting cron.timezone"
            raise self.refused(Problem(why, (text[zone.end() :],)))

    def macro(self) -> Schedule:
        word, *rest = self.text[1:].split(maxsplit=1) or [""]
        if word not in _WORDS or self.text[1:2].isspace():
            close = difflib.get_close_matches(word.strip("@").lower(), _WORDS, n=1)
            known = ", ".join(f"@{name}" for name in (*_MACROS, *_REBOOT))
            why = f"is none of pg_cron's macros, {known}"
            raise self.refused(Problem(why, tuple(f"@{name}" for name in close)))
        if rest:
            why = f"has {shown(rest[0])} after the macro, which pg_cron would ignore"
            raise self.refused(Problem(why, (f"@{word}",), mistake=True))
        if word in _NEVER:
            raise self.refused(
                Problem("never runs on pg_cron 1.6, which leaves its month out", (_YEARLY,), mistake=True)
            )
        if word in _REBOOT:
            return Schedule(self.text)
        return Schedule(self.text, times=self.times(_MACROS[word].split()))

    def interval(self, duration: re.Match[str]) -> Schedule:
        match = _INTERVAL.fullmatch(self.text)
        if match is None or not 1 <= (seconds := int(match[1])) <= MAX_INTERVAL:
            raise self.no_interval(duration)
        if self.version is not None and self.version < INTERVALS_SINCE:
            why = f"is an interval, which needs pg_cron {INTERVALS_SINCE}, but the server has {self.version}"
            raise self.refused(Problem(why, ("* * * * *",), advice="update pg_cron or write"))
        return Schedule(self.text, interval=seconds)

    def no_interval(self, duration: re.Match[str]) -> ScheduleError:
        number, seconds, minutes, hours, _ = duration.groups()
        amount = int(number) if number.strip("+-") else 1
        low_bits = amount % 2**32
        if seconds and low_bits != amount and 1 <= low_bits <= MAX_INTERVAL:
            why = f"does not fit into 32 bits, so that pg_cron would read {low_bits} seconds"
            return self.refused(Problem(why, (f"{low_bits} seconds",), mistake=True))
        amount = max(abs(amount), 1)
        if seconds and amount <= MAX_INTERVAL:
            form = f"{amount} second{'s' if amount > 1 else ''}"
        else:
            form = _every(-(-amount // 60) if seconds else amount * (1 if minutes else 60 if hours else 24 * 60))
        why = f"is no interval of pg_cron, which takes 1 to {MAX_INTERVAL} and the word 'seconds'"
        return self.refused(Problem(why, (form,)))

    def fields(self) -> list[str]:
        fields = self.text.split()
        if len(fields) > len(UNITS):
            joined = re.sub(r"[ \t]*([,/-])[ \t]*", r"\1", self.text).split()
            if len(joined) == len(UNITS):
                raise self.refused(Problem("has a blank inside a field", (" ".join(joined),), mistake=True))
            ignored = shown(" ".join(fields[len(UNITS) :]), 30)
            why = f"has {ignored} after five fields, which pg_cron would ignore: it knows no seconds or years"
            form = next(filter(None, map(self.right_form, _five_of(fields))), None)
            raise self.refused(Problem(why, (form,) if form else (), mistake=True))
        if len(fields) < len(UNITS):
            why = f"has {len(fields)} of 5 fields: {', '.join(unit.name for unit in UNITS)}"
            word = self.text.lower()
            raise self.refused(Problem(why, (f"@{word}",) if word in _WORDS else ()))
        return fields

    def times(self, fields: list[str]) -> Times:
        last_day = fields[2] == "$"
        if last_day and self.version is not None and self.version < LAST_DAY_SINCE:
            why = f"has '$', which needs pg_cron {LAST_DAY_SINCE}, but the server has {self.version}"
            raise self.with_field(fields, 2, Problem(why, ("28",), advice="update pg_cron or write"))
        if "$" in fields[2].split(",") and not last_day:
            raise self.with_field(fields, 2, Problem("has '$' beside other days, but it must stand alone", ("$",)))
        minutes, hours, days, months, weekdays = (
            frozenset() if index == 2 and last_day else self.field(fields, index) for index in range(len(UNITS))
        )
        rule = DayRule(
            days,
            months,
            frozenset(day % 7 for day in weekdays),
            last_day=last_day,
            days_star=fields[2][0] == "*",
            weekdays_star=fields[4][0] == "*",
        )
        self.check_days(fields, rule)
        return Times(minutes, hours, rule)

    def field(self, fields: list[str], index: int) -> frozenset[int]:
        values: frozenset[int] = frozenset()
        items = fields[index].split(",")
        for number, item in enumerate(items):
            found = read_item(UNITS[index], item)
            if isinstance(found, Problem):
                lists = ([*items[:number], form, *items[number + 1 :]] for form in found.forms)
                forms = tuple(",".join(filter(None, parts)) or "*" for parts in lists)
                raise self.with_field(fields, index, found._replace(forms=forms))
            values |= found
        return values

    def check_days(self, fields: list[str], rule: DayRule) -> None:
        if shortest_day_gap(rule) is None:
            longest = 28 if rule.months == {2} else 30
            why = "never runs, since no month it names has such a day"
            raise self.with_field(fields, 2, Problem(why, (str(longest), "$"), mistake=True))
        all_days, all_weekdays = rule.days == ALL_DAYS, rule.weekdays == ALL_WEEKDAYS
        if not rule.needs_both and all_days != all_weekdays:
            why = "runs every day: either day field is enough where neither starts with '*', and one has all days"
            raise self.with_field(fields, 2 if all_days else 4, Problem(why, ("*",), mistake=True))

    def with_field(self, fields: list[str], index: int, problem: Problem) -> ScheduleError:
        forms = tuple(" ".join([*fields[:index], form, *fields[index + 1 :]]) for form in problem.forms)
        return self.refused(problem._replace(forms=forms))

    def refused(self, problem: Problem) -> ScheduleError:
        forms = [right for form in problem.forms if (right := self.right_form(form))]
        suggestions = tuple(dict.fromkeys(forms))
        write = f"{problem.advice} {' or '.join(map(repr, suggestions))}"
        error = ScheduleError(
            f"schedule {shown(self.text)} {problem.why}; "
            + (write if suggestions else f"write five fields, such as {_EXAMPLE!r}")
        )
        error.suggestions, error.mistake = suggestions, problem.mistake
        return error

    def right_form(self, text: str) -> str | None:
        """The text if it is a schedule, or what it should be."""
        if len(text) > _MAX_SHOWN or not self.repairs:
            return None
        try:
            return _Parser(text, self.version, self.repairs - 1).schedule().text
        except ScheduleError as error:
            return next(iter(error.suggestions), None)


def _every(minutes: int) -> str:
    """The schedule for a number of minutes, hours or days, at most so many that the rhythm is even."""
    if minutes < 60:
        return f"*/{_divisor(60, minutes)} * * * *" if minutes > 1 else "* * * * *"
    hours = -(-minutes // 60)
    if hours < 24:
        return f"0 */{_divisor(24, hours)} * * *" if hours > 1 else "0 * * * *"
    days = -(-hours // 24)
    return f"0 0 */{days} * *" if 1 < days <= DAY_OF_MONTH.high else "0 0 * * *"


def _divisor(cycle: int, most: int) -> int:
    return max(step for step in range(1, most + 1) if cycle % step == 0)


def _five_of(fields: list[str]) -> list[str]:
    """The likely five of too many fields, likeliest first: other crons begin with seconds or end with a year."""
    first, five = fields[0], len(UNITS)
    if set(fields[1:]) == {"*"} and first.startswith("*/"):
        return [f"{first[2:]} seconds"]
    kept = " ".join(fields[:five])
    if re.fullmatch("[12][0-9]{3}", fields[five]):
        return [kept]
    seconds_first = first.strip("0") == "" or first.startswith("*/") or "?" in fields[4:6]
    return [" ".join(fields[1 : five + 1]), kept] if seconds_first else [kept]
