"""The report as a page: one HTML text from the template, with places in charts and words worked out here.

Everything that is put into the template is escaped. Nothing of it is a script, and nothing is fetched.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from components.next_runs import DAY_MINUTES
from components.owner import is_own_job
from components.report import BOUNDS, Job, Report
from components.run_strip import Strip, Window, in_order
from components.runs import BAD, OPEN, STREAK
from components.timetable import DAY, Collision, Span

WORDS = {
    "ok": "ok",
    "failed": "failed",
    "timed_out": "timed out",
    "lost": "lost",
    "exhausted": "exhausted",
    "skipped": "skipped",
    "queued": "queued",
    "sent": "sent",
    "retrying": "retrying",
}
"""Each state as a reader's word."""

LETTERS = {"failed": "F", "timed_out": "T", "lost": "L", "exhausted": "X"}
"""What stands above a bar, since colour alone tells not everybody."""

LABELS = 7
"""How many days a chart names at most: as many as fit on a phone."""

TIMES = 6
"""How many times of a day are told of jobs that meet, before the rest is counted."""

SHARED = 25
"""How many lines of jobs that meet are told."""

WIDEST = 4
"""How many pieces a bar covers at most."""

LETTERS_APART = 3.0
"""Percent of a chart's width that keeps two letters from running into each other on a phone."""

SCALE = (10, 100, 1000, 10_000, 100_000)
"""Milliseconds that are named above the latency histograms."""

LEVELS = ("problem", "note", "ok")
"""The order in which findings are told."""


class Bar(NamedTuple):
    """A piece of a strip: ``x`` and ``width`` in pieces, what it looks like, and what it says."""

    x: float
    width: float
    state: str
    footed: bool
    title: str


class Letter(NamedTuple):
    """A verdict's letter at ``left`` percent of a strip."""

    left: float
    letter: str
    state: str


class Label(NamedTuple):
    """A day's name at ``left`` percent of a chart."""

    left: float
    weekday: str
    day: int


class Meeting(NamedTuple):
    """How many jobs fire in the same minute, at ``left`` percent of the day; ``title`` says which."""

    left: float
    jobs: int
    title: str


class Headline(NamedTuple):
    """The page's first sentences; ``level`` is ``ok`` or ``problem``."""

    level: str
    sentence: str


def page(report: Report) -> str:
    """The whole document."""
    environment = Environment(
        loader=PackageLoader("cronctl"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": moment,
        "dated": dated,
        "number": lambda value: f"{value:,}",
        "milliseconds": milliseconds,
        "size": size,
        "word": lambda state: WORDS.get(state, state),
        "counted": counted,
        "counted_kinds": lambda kinds: "1 kind" if kinds == 1 else f"{kinds:,} kinds" if kinds else "no failures",
        "marked_code": marked_code,
        "span_title": span_title,
        "this_day": this_day,
        "when": when,
        "ago": ago,
    }
    return environment.get_template("report.html.j2").render(
        report=report,
        BAD=BAD,
        LETTERS=LETTERS,
        STREAK=STREAK,
        SHARED=SHARED,
        stretches=stretches(),
        scale=[(100 * (BOUNDS.index(each) + 1) / (len(BOUNDS) + 1), milliseconds(each)) for each in SCALE],
        headlines=headlines(report),
        in_time=in_time(report.jobs),
        meetings=meetings(report),
        findings=sorted(report.lock_down.findings, key=lambda finding: LEVELS.index(finding.level)),
        totals=in_order(sum((Counter(strip.counts) for strip in report.strips), Counter())),
        scheduled={job.job: job for job in report.jobs},
        is_own_job=is_own_job,
        bars=lambda strip: bars(strip, report.window),
        letters=lambda strip: letters(strip, report.window),
        midnights=midnights(report.window),
        labels=labels(report.window),
        by_day=by_day,
        days=days(report.window),
        minute=lambda time: (time - report.day) / timedelta(minutes=1),
        share=share,
    )


def headlines(report: Report) -> list[Headline]:
    """What a reader should know first."""
    found = []
    broken = [job.job for job in report.jobs if job.state in BAD]
    if broken:
        runs = "run" if len(broken) == 1 else "runs"
        found.append(Headline("problem", f"The last {runs} of {_listed(broken)} came to nothing."))
    found += [Headline("problem", f"{problem}.") for problem in report.problems]
    wrong = sum(finding.level == "problem" for finding in report.lock_down.findings)
    if wrong:
        found.append(Headline("problem", f"The doctor found {wrong} problem{'s' if wrong > 1 else ''}, told below."))
    if found:
        return found
    if not report.jobs:
        return [Headline("ok", "No job is scheduled here that carries this project's mark.")]
    return [Headline("ok", "No job's last run came to nothing, and what runs them is alive.")]


def in_time(jobs: Iterable[Job]) -> list[Job]:
    """In the order of the day, those that run all the time first and those that do not run last."""
    return sorted(jobs, key=lambda job: (-job.plan.frequent, not job.plan.spans, job.plan.spans[:1], job.job))


def meetings(report: Report) -> list[Meeting]:
    """The minutes of the day that several jobs share, as far apart as they can be read; most jobs first."""
    found: list[Meeting] = []
    today = f"{report.day:%a}"
    for each in report.collisions:
        for time in each.times if today in each.days else ():
            hour, minute = map(int, time.split(":"))
            left = 100 * (hour * 60 + minute) / DAY_MINUTES
            if all(abs(left - other.left) >= LETTERS_APART for other in found):
                found.append(Meeting(left, len(each.jobs), f"{time}: {', '.join(each.jobs)}"))
    return sorted(found)


def bars(strip: Strip, window: Window) -> list[Bar]:
    """A strip's pieces; those of a job that runs now and then are wider than their time, so that they are seen."""
    places = [(piece.begin - window.since) / window.step for piece in strip.pieces]
    gaps = [later - earlier for earlier, later in pairwise(places)]
    width = min([WIDEST, *gaps]) if window.pieces > 2 * WIDEST else 1
    return [
        Bar(
            x=min(place, window.pieces - width),
            width=width,
            state=_look(piece.verdict),
            footed=piece.verdict in BAD and "ok" in piece.counts,
            title=f"{_piece_time(piece.begin, window.step)}: {counted(piece.counts)}",
        )
        for place, piece in zip(places, strip.pieces, strict=True)
    ]


def letters(strip: Strip, window: Window) -> list[Letter]:
    """The verdicts of runs that came to nothing, as far apart as they can be read."""
    found: list[Letter] = []
    for bar, piece in zip(bars(strip, window), strip.pieces, strict=True):
        left = 100 * (bar.x + bar.width / 2) / window.pieces
        if piece.verdict in LETTERS and (not found or left - found[-1].left >= LETTERS_APART):
            found.append(Letter(min(max(left, 1), 99), LETTERS[piece.verdict], piece.verdict))
    return found


def _look(state: str) -> str:
    """The states on their way look alike: there is no verdict to tell apart."""
    return "open" if state in OPEN else state


def midnights(window: Window) -> list[float]:
    """Where days begin, in pieces."""
    return [(each - window.since) / window.step for each in _midnights(window)]


def _midnights(window: Window) -> Iterator[datetime]:
    first = window.since.replace(hour=0)
    number = 0 if first == window.since else 1
    while (each := first + number * DAY) < window.until:
        yield each
        number += 1


def labels(window: Window) -> list[Label]:
    """Names of days, none so near the end that it would stand out of the chart."""
    found = list(_midnights(window))
    stride = -(-len(found) // LABELS)
    lefts = [(100 * (each - window.since) / (window.until - window.since), each) for each in found[::stride]]
    return [Label(left, f"{each:%a}", each.day) for left, each in lefts if left <= 93]


def days(window: Window) -> list[datetime]:
    """The midnights of all days that the window touches."""
    first = window.since.replace(hour=0)
    return [first + number * DAY for number in range((window.until - first - timedelta.resolution) // DAY + 1)]


def by_day(strip: Strip) -> Mapping[datetime, dict[str, int]]:
    """How many runs came to what, by the day's midnight."""
    found: dict[datetime, Counter[str]] = {}
    for piece in strip.pieces:
        found.setdefault(piece.begin.astimezone(UTC).replace(hour=0), Counter()).update(piece.counts)
    return {day: in_order(counts) for day, counts in found.items()}


def share(counts: Mapping[str, int]) -> float | None:
    """How much of what has a verdict did its work, in percent, rounded so that 100 means all; None of nothing."""
    good, bad = counts.get("ok", 0), sum(counts.get(state, 0) for state in BAD)
    if not good + bad:
        return None
    percent = 100 * good / (good + bad)
    return min(round(percent, 1), 99.9) if bad else 100.0


def counted(counts: Mapping[str, int]) -> str:
    """``2 failed, 58 ok``."""
    return ", ".join(f"{number:,} {WORDS.get(state, state)}" for state, number in counts.items()) or "no runs"


def stretches() -> list[str]:
    """What each bar of a latency histogram stands for."""
    between = [f"{milliseconds(low)} to {milliseconds(high)}" for low, high in pairwise(BOUNDS)]
    return [f"below {milliseconds(BOUNDS[0])}", *between, f"{milliseconds(BOUNDS[-1])} or more"]


def milliseconds(value: float | None) -> str:
    """``940 ms``, ``1.2 s``, ``100 s``."""
    if value is None:
        return ""
    if value < 1000:
        return f"{value:.0f} ms"
    return f"{value / 1000:.1f}".removesuffix(".0") + " s"


def size(value: int) -> str:
    """Bytes in the unit that a reader can compare: ``40 KiB``, ``1.5 GiB``."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20)):
        if value >= factor:
            return f"{value / factor:.1f} {unit}"
    return f"{value / 2**10:.0f} KiB"


def moment(time: datetime) -> str:
    """``Wed 25 Nov 13:24``, in UTC."""
    time = time.astimezone(UTC)
    return f"{time:%a} {time.day} {time:%b %H:%M}"


def dated(time: datetime) -> str:
    """``Wed 25 Nov 2026, 13:24``, in UTC."""
    time = time.astimezone(UTC)
    return f"{time:%a} {time.day} {time:%b %Y, %H:%M}"


def ago(seconds: float) -> str:
    """How long something is past: ``12 s``, ``3 min``, ``5 h``, ``2 d``."""
    for unit, factor in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * factor:
            return f"{seconds / factor:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def span_title(span: Span) -> str:
    """What a mark or band of the timetable says."""
    start, end = (f"{each.astimezone(UTC):%H:%M}" for each in (span.start, span.end))
    if span.runs == 1:
        return start
    return f"{start} to {end}: {span.runs} runs" if span.runs else "all day"


def this_day(job: Job) -> str:
    """How often a job's schedule fires on the day that is shown, or why that cannot be told."""
    runs = job.plan.runs
    return job.plan.note or (f"{runs:,} run{'' if runs == 1 else 's'} this day" if runs else "not this day")


def when(collision: Collision) -> str:
    """``02:00 daily``, or with the days; many times are counted."""
    times = ", ".join(collision.times[:TIMES])
    if len(collision.times) > TIMES:
        times += f" and {len(collision.times) - TIMES} more times"
    return f"{times} {'daily' if len(collision.days) == 7 else _listed(list(dict.fromkeys(collision.days)))}"


def marked_code(text: str) -> Markup:
    """A sentence whose `commands` become code; all of it escaped."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def _piece_time(begin: datetime, step: timedelta) -> str:
    if step == DAY:
        return moment(begin)[: -len(" 00:00")]
    return f"{moment(begin)} to {(begin + step).astimezone(UTC):%H:%M}"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
