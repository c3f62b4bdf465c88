"""Policies, which pg_cron does not know: retries, no overlaps, certain days only, catching up after a downtime.

Here are the models of the catalogue and the document that ``begin_cron_run`` reads. A policy is part of the job's own
statement; the sweep does the steps that look back over time.
"""

import re
from calendar import monthrange
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from components.catalogue.base_model import Model
from components.catalogue.fields import Count, Seconds
from components.schedule.field import shown
from components.values.duration import DAY_SECONDS

Overlap = Literal["allow", "skip"]
CatchUp = Literal["none", "latest"]
Retried = Literal["failed", "timed_out", "lost"]

MAX_ATTEMPTS = 20
MAX_BACKOFF = DAY_SECONDS
"""Seconds between two attempts at most, since the next day has a run of its own."""

_DAY_OF_MONTH = re.compile(r"-?[0-9]{1,2}")
_DAY_OF_YEAR = re.compile(r"[0-9]{2}-[0-9]{2}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # date.fromisoformat takes more: weeks, dates without dashes
_LEAP_YEAR = 2000


class Retry(Model):
    """How a run that came to nothing is tried again: after half to all of ``backoff``, doubled with each attempt."""

    attempts: Count = Field(default=3, ge=2, le=MAX_ATTEMPTS, description="Attempts in all, the first one included.")
    backoff: Seconds = Field(
        default=60, le=MAX_BACKOFF, description="Seconds to the second attempt; doubled for each one after it."
    )
    max_backoff: Seconds = Field(default=3600, le=MAX_BACKOFF, description="Seconds between two attempts at most.")
    on: list[Retried] = Field(
        default=["failed", "timed_out", "lost"], min_length=1, description="The verdicts that are tried again."
    )


def _bound(value: object) -> object:
    """A day of the month, a day of the year (MM-DD) or a date, as text."""
    text = str(value)
    if _DAY_OF_MONTH.fullmatch(text):
        if not (1 <= int(text) <= 31 or -28 <= int(text) <= -1):
            raise ValueError(f"{text} is no day of the month; write 1 to 31, or -1 for the last to -28")
        return text
    day = f"{_LEAP_YEAR}-{text}" if _DAY_OF_YEAR.fullmatch(text) else text
    try:
        if _DATE.fullmatch(day) and date.fromisoformat(day):
            return text
    except ValueError:  # such as 30 February
        pass
    raise ValueError(
        f"{shown(text)} is no day; write a date (2026-09-01), a day of each year (09-01), or one of each month "
        "(25, and -1 for the last)"
    )


Day = Annotated[str, BeforeValidator(_bound, json_schema_input_type=str | int)]


class ActiveBetween(Model):
    """Days, both bounds included, by the clock of ``cron.timezone``.

    They go over the end of the month where the bounds do so in every month (25 to 5, -3 to 2), and not because a month
    is short: 29 to -1 has no day in a February of 28 days.
    """

    from_: Day = Field(alias="from", description="A date, a day of each year (09-01) or of each month (25; -1: last).")
    to: Day = Field(description="The same kind of day; one before 'from' is in the next year or month.")

    @model_validator(mode="after")
    def _bounds_of_one_kind_in_order(self) -> Self:
        if _kind(self.from_) != _kind(self.to):
            raise ValueError(f"{self.from_!r} and {self.to!r} are days of different kinds; write both in the same way")
        if _kind(self.from_) == "date" and self.from_ > self.to:
            raise ValueError(f"ends on {self.to}, before it begins on {self.from_}; exchange them")
        return self

    @property
    def is_of_dates(self) -> bool:
        """Whether the bounds are dates, so that the days come once and not in each month or year."""
        return _kind(self.from_) == "date"

    def includes(self, day: date) -> bool:
        """Whether a day is within the bounds, by the same rule as sql/ledger/cron_day_is_within.sql."""
        (low, high), *others = (
            (_resolved(self.from_, length), _resolved(self.to, length))
            for length in (monthrange(day.year, day.month)[1], 28, 31)
        )
        present = day.isoformat()[-len(low) :]
        if low <= high:
            return low <= present <= high
        return all(first > last for first, last in others) and (present >= low or present <= high)


def _resolved(bound: str, length: int) -> str:
    """A bound as the end of a date, in a month of ``length`` days: ``-1`` is ``30`` in a month of 30 days."""
    if not _DAY_OF_MONTH.fullmatch(bound):
        return bound
    number = int(bound)
    return f"{number if number > 0 else length + 1 + number:02}"


def _kind(day: str) -> str:
    if _DAY_OF_MONTH.fullmatch(day):
        return "day of the month"
    return "day of the year" if _DAY_OF_YEAR.fullmatch(day) else "date"


def policy_document(
    *, retry: Retry | None, overlap: Overlap, idempotency: str | None, active_between: ActiveBetween | None
) -> dict[str, Any]:
    """The argument of ``begin_cron_run`` as JSON; empty for a job without policies, which begins without asking."""
    document: dict[str, Any] = {}
    if retry is not None:
        document["retry"] = retry.model_dump()
    if overlap == "skip":
        document["overlap"] = overlap
    if idempotency is not None:
        document["idempotency"] = True
    if active_between is not None:
        document["active_between"] = active_between.model_dump(by_alias=True)
    return document
