"""A report's numbers, times and sentences as words. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise

from markupsafe import Markup, escape

from components.report.report_data import BOUNDS, JobReport
from components.runs.states import BAD
from components.schedule.timetable import WEEK, Collision, Span

TIMES = 6
"""How many times of a day are told of jobs that meet, before the rest is counted."""


def word(state: str) -> str:
    """A state as a reader's word: ``timed out``."""
    return state.replace("_", " ")


def counted(counts: Mapping[str, int]) -> str:
    """``2 failed, 58 ok``."""
    return ", ".join(f"{number:,} {word(state)}" for state, number in counts.items()) or "no runs"


def share(counts: Mapping[str, int]) -> float | None:
    """How much of what has a verdict did its work, in percent, rounded so that 100 means all; None of nothing."""
    good, bad = counts.get("ok", 0), sum(counts.get(state, 0) for state in BAD)
    if not good + bad:
        return None
    percent = 100 * good / (good + bad)
    return min(round(percent, 1), 99.9) if bad else 100.0


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


def this_day(job: JobReport) -> str:
    """How often a job's schedule fires on the day that is shown, or why that cannot be told."""
    runs = job.plan.runs
    return job.plan.note or (f"{runs:,} run{'' if runs == 1 else 's'} this day" if runs else "not this day")


def when(collision: Collision) -> str:
    """``02:00 daily``, or with the days; many times are counted."""
    times = ", ".join(collision.times[:TIMES])
    if len(collision.times) > TIMES:
        times += f" and {len(collision.times) - TIMES} more times"
    return f"{times} {'daily' if len(collision.days) == WEEK else listed(list(dict.fromkeys(collision.days)))}"


def marked_code(text: str) -> Markup:
    """A sentence whose `commands` become code; all of it escaped."""
    parts = re.split(r"`([^`]+)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def listed(names: list[str]) -> str:
    """``a, b and c``; there must be one."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
