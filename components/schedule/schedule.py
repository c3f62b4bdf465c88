"""A parsed schedule, and when it runs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from itertools import islice
from typing import Literal

from components.schedule.occurrences import Times


@dataclass(frozen=True)
class Schedule:
    """A schedule that pg_cron takes. Compare schedules by ``text``: pg_cron stores the text that it gets.

    ``times`` is set for five fields and for a macro that stands for them, ``interval`` (seconds) for an interval, and
    neither for @reboot.
    """

    text: str
    times: Times | None = None
    interval: int | None = None

    @property
    def kind(self) -> Literal["cron", "interval", "reboot"]:
        """Which of pg_cron's three sorts of schedules it is."""
        if self.times is not None:
            return "cron"
        return "reboot" if self.interval is None else "interval"

    @cached_property
    def period_seconds(self) -> int | None:
        """The shortest time between two consecutive runs in seconds; None for @reboot.

        A change of the clock in ``cron.timezone``, which can bring two runs closer together, does not count.
        """
        return self.interval if self.times is None else self.times.shortest_gap()

    def next_runs(self, after: datetime, count: int, tz: tzinfo = UTC) -> list[datetime]:
        """The next ``count`` runs after an aware ``after``, in UTC; ``tz`` is ``cron.timezone``.

        An interval counts from the start of the last run, which pg_cron alone knows: pass that start as
        ``after``, or take the answer as the latest possible. The list is empty for @reboot.
        Raises ValueError for an ``after`` without a time zone.
        """
        if after.tzinfo is None:
            raise ValueError("next runs need a time with its time zone")
        if self.times is not None:
            return list(islice(self.times.runs(after, tz), count))
        if self.interval is None:
            return []
        return [after.astimezone(UTC) + timedelta(seconds=self.interval * n) for n in range(1, count + 1)]
