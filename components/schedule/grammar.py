"""Schedules in pg_cron's grammar, checked before the database sees them.

pg_cron takes much that nobody means: it ignores an end of a field that it does not understand, lets numbers overflow,
and keeps jobs that never run. This grammar refuses all of that, but for paused jobs, which lose nothing by it. The rule
that refuses a schedule suggests another one, and the error shows the suggestion if this grammar takes it. What runs as
it says is taken, and remarks.py says in words when it really runs where people may take it for something else.
"""

import difflib
import functools
import re
import unicodedata
from dataclasses import replace
from datetime import datetime, tzinfo

from components.schedule.field import LAST_DAY, UNITS, Problem, read_item, right_form, shown
from components.schedule.instead import MAX_INTERVAL, every_minutes, every_seconds, without_seconds_or_year
from components.schedule.occurrences import DayRule, Times, shortest_day_gap
from components.schedule.pg_cron_version import (
    INTERVALS_SINCE,
    LAST_DAY_SINCE,
    PgCronVersion,
    has_intervals,
    wraps_ranges,
)
from components.schedule.schedule import Schedule, without_comments

MAX_LENGTH = 999
"""Characters of a schedule at most, from MAX_FILE_BUFFER_LENGTH of pg_cron's cron.h."""
_MAX_SHOWN = 100
"""Characters of a suggestion at most."""
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

_DAY_FIELD, _WEEKDAY_FIELD = 2, 4
"""Places of the two day fields among the five."""

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
    """A schedule is refused; ``str(error)`` quotes it, gives the reason and says what to write.

    ``suggestions`` are the schedules that the sentence shows; each of them parses.
    ``mistake`` is true where some version of pg_cron takes the schedule and runs it at other times.
    """

    suggestions: tuple[str, ...] = ()
    mistake: bool = False


def parse_schedule(text: str, version: PgCronVersion | None = None, *, paused: bool = False) -> Schedule:
    """Read a schedule as pg_cron of this version does; None stands for any version from 1.4 on.

    Raises ScheduleError where pg_cron refuses the text, or takes it for something that nobody means; but for a
    ``paused`` job, what pg_cron takes is a schedule with a flaw.
    """
    try:
        return _read(text, version)
    except _Refusal as refusal:
        if paused and _is_taken(refusal, version):
            return Schedule(text, flaw=refusal.why)
        suggestions = tuple(dict.fromkeys(filter(None, (_suggestion(form, version) for form in refusal.forms))))
        instead = " or ".join(map(repr, suggestions))
        error = ScheduleError(
            f"schedule {shown(text)} {refusal.why}; "
            + (f"{refusal.advice} {instead}" if suggestions else f"write five fields, such as {_EXAMPLE!r}")
        )
        error.suggestions, error.mistake = suggestions, refusal.mistake
        raise error from None


def upcoming_runs(text: str, *, active: bool, after: datetime, count: int, tz: tzinfo) -> list[datetime]:
    """The next ``count`` runs of a living job, in UTC; an empty list for a paused job.

    The list is empty, too, for a schedule that this grammar refuses: somebody may have written it by hand, and pg_cron
    may take it. ``tz`` is the server's ``cron.timezone``.
    """
    try:
        return parse_schedule(text).next_runs(after, count, tz) if active else []
    except ScheduleError:
        return []


class _Refusal(Exception):
    """The reason why a rule refuses a text, and the schedules that the rule suggests, which nobody has parsed yet.

    ``alike`` is a schedule of which pg_cron takes as much as of the text; None where pg_cron refuses the text, too.
    """

    def __init__(
        self, why: str, *forms: str, advice: str = "write", mistake: bool = False, alike: str | None = None
    ) -> None:
        self.why = why
        self.forms = forms
        self.advice = advice
        self.mistake = mistake
        self.alike = alike
        super().__init__(why)


def _is_taken(refusal: _Refusal, version: PgCronVersion | None) -> bool:
    """Whether pg_cron takes the refused text: it takes one that is alike, which may be refused for another reason."""
    if refusal.alike is None:
        return False
    try:
        _read(refusal.alike, version)
    except _Refusal as other:
        return _is_taken(other, version)
    return True


def _suggestion(form: str, version: PgCronVersion | None) -> str | None:
    """A form that a rule suggests, with the right form of each of its items; None where the grammar refuses that."""
    fields = form.split()
    if len(fields) == len(UNITS):
        wraps = wraps_ranges(version)
        mended = [right_form(unit, field, wraps=wraps) for unit, field in zip(UNITS, fields, strict=True)]
        form = " ".join(field or "" for field in mended)
    if len(form) > _MAX_SHOWN:
        return None
    try:
        return _read(form, version).text
    except _Refusal:
        return None


@functools.lru_cache(maxsize=1024)
def _read(text: str, version: PgCronVersion | None) -> Schedule:
    """Read a schedule. Raises _Refusal."""
    _check_characters(text)
    if duration := _DURATION.fullmatch(text):
        return _interval(text, duration, version)
    plain = without_comments(text)
    if plain[0] == "@":
        return replace(_macro(plain), text=text)
    return Schedule(text, times=_times(_fields(plain, version), version))


def _check_characters(text: str) -> None:
    if not text.strip():
        raise _Refusal("is empty")
    if len(text) > MAX_LENGTH:
        raise _Refusal(f"has {len(text)} characters, but pg_cron takes {MAX_LENGTH}", " ".join(text.split()))
    plain = without_comments(text)
    if not plain or (plain != text and _DURATION.fullmatch(plain)) or plain != plain.strip():
        lines = [line.strip() for line in text.strip().splitlines()]
        if text.lstrip()[0] == "#":
            why = "starts with a comment"
        else:
            why = "starts or ends with white space" if len(lines) == 1 else "goes over several lines"
        raise _Refusal(why, " ".join(line for line in lines if line and line[0] != "#"), mistake=True)
    if odd := re.search(r"[^\t -~]", plain):
        plain = unicodedata.normalize("NFKC", text.translate(_LOOKALIKES))
        plain = " ".join("".join(c for c in plain if c.isprintable() or c.isspace()).split())
        raise _Refusal(f"holds the character U+{ord(odd[0]):04X}, which no schedule can", plain, mistake=True)
    if zone := _ZONE.match(text):
        why = "sets a time zone, but pg_cron knows one for all jobs: its setting cron.timezone"
        raise _Refusal(why, text[zone.end() :])


def _macro(text: str) -> Schedule:
    word, *rest = text[1:].split(maxsplit=1) or [""]
    if word not in _WORDS or text[1:2].isspace():
        known = ", ".join(f"@{name}" for name in (*_MACROS, *_REBOOT))
        close = difflib.get_close_matches(word.strip("@").lower(), _WORDS, n=1)
        raise _Refusal(f"is none of pg_cron's macros, {known}", *map(_written_macro, close))
    if rest:
        why = f"has {shown(rest[0])} after the macro, which pg_cron would ignore"
        raise _Refusal(why, _written_macro(word), mistake=True, alike=f"@{word}")
    if word in _NEVER:
        why = "never runs on pg_cron 1.6, which leaves its month out"
        raise _Refusal(why, _YEARLY, mistake=True, alike=_YEARLY)
    if word in _REBOOT:
        return Schedule(text)
    return Schedule(text, times=_times(_MACROS[word].split(), None))


def _written_macro(word: str) -> str:
    """The macro of a word, or five fields in place of a macro that never runs."""
    return _YEARLY if word in _NEVER else f"@{word}"


def _interval(text: str, duration: re.Match[str], version: PgCronVersion | None) -> Schedule:
    match = _INTERVAL.fullmatch(text)
    if match is None or not 1 <= (seconds := int(match[1])) <= MAX_INTERVAL:
        raise _no_interval(duration, version)
    if not has_intervals(version):
        why = f"is an interval, which needs pg_cron {INTERVALS_SINCE}, but the server has {version}"
        raise _Refusal(why, every_seconds(seconds, version), advice="update pg_cron or write")
    return Schedule(text, interval=seconds)


def _no_interval(duration: re.Match[str], version: PgCronVersion | None) -> _Refusal:
    number, seconds, minutes, hours, _ = duration.groups()
    amount = int(number) if number.strip("+-") else 1
    low_bits = amount % 2**32
    if seconds and low_bits != amount and 1 <= low_bits <= MAX_INTERVAL:
        why = f"does not fit into 32 bits, so that pg_cron would read {low_bits} seconds"
        return _Refusal(why, every_seconds(low_bits, version), mistake=True, alike=f"{low_bits} seconds")
    amount = max(abs(amount), 1)
    if seconds:
        form = every_seconds(amount, version)
    else:
        form = every_minutes(amount * (1 if minutes else 60 if hours else 24 * 60))
    return _Refusal(f"is no interval of pg_cron, which takes 1 to {MAX_INTERVAL} and the word 'seconds'", form)


def _fields(text: str, version: PgCronVersion | None) -> list[str]:
    """The five fields of a text. Raises _Refusal for another number of fields."""
    fields = text.split()
    if len(fields) > len(UNITS):
        joined = re.sub(r"[ \t]*([,/-])[ \t]*", r"\1", text).split()
        if len(joined) == len(UNITS):
            why, alike = "has a blank inside a field", " ".join(fields[: len(UNITS)])
            raise _Refusal(why, " ".join(joined), mistake=True, alike=alike)
        ignored = shown(" ".join(fields[len(UNITS) :]), 30)
        why = f"has {ignored} after five fields, which pg_cron would ignore: it knows no seconds or years"
        alike = " ".join(fields[: len(UNITS)])
        raise _Refusal(why, without_seconds_or_year(fields, version), mistake=True, alike=alike)
    if len(fields) < len(UNITS):
        word = text.lower()
        forms = [_written_macro(word)] if word in _WORDS else []
        raise _Refusal(f"has {len(fields)} of 5 fields: {', '.join(unit.name for unit in UNITS)}", *forms)
    return fields


def _times(fields: list[str], version: PgCronVersion | None) -> Times:
    day = fields[_DAY_FIELD]
    is_last_day = day == LAST_DAY
    if is_last_day and version is not None and version < LAST_DAY_SINCE:
        why = f"has '$', which needs pg_cron {LAST_DAY_SINCE}, but the server has {version}"
        raise _Refusal(why, _with_field(fields, _DAY_FIELD, "28"), advice="update pg_cron or write")
    if LAST_DAY in day.split(",") and not is_last_day:
        why = "has '$' beside other days, but it must stand alone"
        raise _Refusal(why, _with_field(fields, _DAY_FIELD, LAST_DAY))
    minutes, hours, days, months, weekdays = (
        frozenset() if index == _DAY_FIELD and is_last_day else _values(fields, index, version)
        for index in range(len(UNITS))
    )
    rule = DayRule(
        days,
        months,
        frozenset(weekday % 7 for weekday in weekdays),
        last_day=is_last_day,
        days_star=day[0] == "*",
        weekdays_star=fields[_WEEKDAY_FIELD][0] == "*",
    )
    if shortest_day_gap(rule) is None:
        longest = "28" if rule.months == {2} else "30"
        forms = (_with_field(fields, _DAY_FIELD, day) for day in (longest, LAST_DAY))
        why = "never runs, since no month it names has such a day"
        raise _Refusal(why, *forms, mistake=True, alike=_with_field(fields, _DAY_FIELD, "1"))
    return Times(minutes, hours, rule)


def _values(fields: list[str], index: int, version: PgCronVersion | None) -> frozenset[int]:
    """The values of a field. Raises _Refusal for the first wrong item; _suggestion puts all items right."""
    values: frozenset[int] = frozenset()
    items = fields[index].split(",")
    for at, item in enumerate(items):
        answer = read_item(UNITS[index], item, wraps=wraps_ranges(version))
        if isinstance(answer, Problem):
            alike = answer.alike and _with_field(fields, index, ",".join([*items[:at], answer.alike, *items[at + 1 :]]))
            raise _Refusal(answer.why, " ".join(fields), mistake=answer.mistake, alike=alike)
        values |= answer
    return values


def _with_field(fields: list[str], index: int, form: str) -> str:
    return " ".join([*fields[:index], form, *fields[index + 1 :]])
