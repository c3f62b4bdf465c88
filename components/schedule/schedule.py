"""A parsed schedule, and when it runs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from itertools import islice
from typing import Literal

from components.schedule.occurrences import Times


def without_comments(text: str) -> str:
    """The one line of a schedule that is no comment, without blanks at its ends; empty where there are several.

    pg_cron skips blanks, empty lines and comments before a schedule, and does not read on after it.
    """
    lines = [line.strip(" \t") for line in text.split("\n")]
    written = [line for line in lines if line and line[0] != "#"]
    return written[0] if len(written) == 1 else ""


@dataclass(frozen=True)
class Schedule:
    """A schedule that pg_cron takes. Compare schedules by ``text``: pg_cron stores the text that it gets.

    ``times`` is set for five fields and for a macro that stands for them, ``interval`` (seconds) for an interval, and
    neither for @reboot. Nor is one of them set with ``flaw``: why a paused job alone may have this schedule, which
    pg_cron takes and means nothing by, or something else than it says.
    """

    text: str
    times: Times | None = None
    interval: int | None = None
    flaw: str | None = None

    @property
    def plain(self) -> str:
        """The text without the white space and the comments around it; empty where it has several lines."""
        return without_comments(self.text)

    @property
    def kind(self) -> Literal["cron", "interval", "reboot"]:
        """Which of pg_cron's three sorts of schedules it is."""
        if self.times is not None:
            return "cron"
        return "reboot" if self.interval is None else "interval"

    @cached_property
    def period_seconds(self) -> int | None:
        """The shortest time between two consecutive runs in seconds; None for @reboot and with a flaw.

        A change of the clock in ``cron.timezone``, which can bring two runs closer together, does not count.
        """
        return self.interval if self.times is None else self.times.shortest_gap()

    def next_runs(self, after: datetime, count: int, tz: tzinfo = UTC) -> list[datetime]:
        """The next ``count`` runs after an aware ``after``, in UTC; ``tz`` is ``cron.timezone``.

        An interval counts from the start of the last run, which pg_cron alone knows: pass that start as
        ``after``, or take the answer as the latest possible. The list is empty for @reboot and with a flaw.
        Raises ValueError for an ``after`` without a time zone.
        """
        if after.tzinfo is None:
            raise ValueError("next runs need a time with its time zone")
        if self.times is not None:
            return list(islice(self.times.runs(after, tz), count))
        if self.interval is None:
            return []
        return [after.astimezone(UTC) + timedelta(seconds=self.interval * n) for n in range(1, count + 1)]
