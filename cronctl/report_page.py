"""The report as a page: one HTML text from the template.

Everything that is put into the template is escaped, and what would act on a terminal or turn the text around it is
shown (components/values/visible_text.py). Nothing of it is a script, and nothing is fetched.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from components.objects.stack_mark import is_own_job
from components.report.report_data import BOUNDS, Report
from components.report.run_pieces import in_order
from components.runs.history import STREAK
from components.runs.states import BAD
from components.values.visible_text import visible_text
from cronctl.report_chart import LETTERS, bars, by_day, days, in_time, labels, letters, meetings, midnights
from cronctl.report_words import (
    ago,
    counted,
    dated,
    listed,
    marked_code,
    milliseconds,
    moment,
    share,
    size,
    span_title,
    stretches,
    this_day,
    when,
    word,
)

SHARED = 25
"""How many lines of jobs that meet are told."""

SCALE = (10, 100, 1000, 10_000, 100_000)
"""Milliseconds that are named above the latency histograms."""

LEVELS = ("problem", "note", "ok")
"""The order in which findings are told."""


class Headline(NamedTuple):
    """The page's first sentences; ``level`` is ``ok`` or ``problem``."""

    level: str
    sentence: str


def page(report: Report, about: Mapping[str, str]) -> str:
    """The whole document; ``about`` is what the declared jobs do and call."""
    environment = Environment(
        loader=PackageLoader("cronctl"),
        autoescape=True,
        finalize=_visible,
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
        "word": word,
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
        about=about,
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


def _visible(value: object) -> object:
    """What the template puts in, with the escapes that its kind of text is shown with."""
    if isinstance(value, Markup):
        return Markup(visible_text(value))  # noqa: S704 - no markup comes to it
    return visible_text(value) if isinstance(value, str) else value


def headlines(report: Report) -> list[Headline]:
    """What a reader should know first."""
    sentences = []
    broken = [job.job for job in report.jobs if job.state in BAD]
    if broken:
        runs = "run" if len(broken) == 1 else "runs"
        sentences.append(Headline("problem", f"The last {runs} of {listed(broken)} came to nothing."))
    sentences += [Headline("problem", f"{problem}.") for problem in report.problems]
    wrong = sum(finding.level == "problem" for finding in report.lock_down.findings)
    if wrong:
        problems = f"{wrong} problem{'s' if wrong > 1 else ''}"
        sentences.append(Headline("problem", f"The doctor found {problems}, told below."))
    if sentences:
        return sentences
    if not report.jobs:
        return [Headline("ok", "No job is scheduled here that carries this project's mark.")]
    return [Headline("ok", "No job's last run came to nothing, and what runs them is alive.")]
