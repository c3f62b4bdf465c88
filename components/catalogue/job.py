"""A job as the catalogue declares it: a schedule, exactly one action, and their options."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, ValidationInfo, field_validator, model_validator

from components.catalogue.base_model import Model
from components.catalogue.fields import Seconds, Statement, parsed_by
from components.catalogue.policy import ActiveBetween, CatchUp
from components.catalogue.request import HttpAction
from components.schedule.grammar import ScheduleError, parse_schedule
from components.schedule.occurrences import days_of
from components.schedule.remarks import RemarkKind, remarks
from components.schedule.schedule import Schedule
from components.values.limits import EARLY_DROP


class InputSpec(Model):
    """A value of the body that a manual trigger may set; the successor of a workflow_dispatch input."""

    type: Literal["string", "integer", "number", "boolean"] = Field(description="The type that a value must have.")
    default: str | int | float | bool | None = Field(
        default=None, description="The value of a manual trigger that sets none."
    )
    description: str = Field(default="", description="What the value means, for people.")

    @model_validator(mode="after")
    def _default_is_of_the_type(self) -> Self:
        if self.default is not None and not self.takes(self.default):
            raise ValueError(f"'default' is no {self.type}; write one, or change the type")
        return self

    def takes(self, value: JsonValue) -> bool:
        """Whether a value is of the declared type."""
        if isinstance(value, bool):
            return self.type == "boolean"
        return isinstance(value, _TYPES[self.type])


_TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "integer": int, "number": (int, float), "boolean": bool}


class Job(Model):
    """One job of pg_cron: a schedule and exactly one action."""

    description: str = Field(description="What the job does, for people.")
    active: bool = Field(default=True, description="false keeps the job in the database, paused.")
    schedule: Annotated[Schedule, parsed_by(partial(parse_schedule, paused=True))] = Field(
        description="pg_cron's grammar, in UTC unless the server's cron.timezone says otherwise: 0 1 * * *"
    )
    accept: list[RemarkKind] = Field(
        default_factory=list, description="The warnings on the schedule that are known, and not told any more."
    )
    http: HttpAction | None = Field(default=None, description="The request to send.")
    sql: Statement | None = Field(default=None, description="The statement to run, kept as written.")
    active_between: ActiveBetween | None = Field(
        default=None, description="The days on which the job runs, others being skipped; both bounds count."
    )
    catch_up: CatchUp = Field(
        default="none", description="latest: run once, afterwards, where the database was down when the job was due."
    )
    inputs: dict[str, InputSpec] = Field(
        default_factory=dict, description="Values of the body that a manual trigger may set."
    )
    replaces: str | None = Field(default=None, description="The workflow file that this job takes over from.")
    expected_duration: Seconds | None = Field(default=None, description="Seconds that the work usually takes.")
    verify_first_run: bool | None = Field(
        default=None, description="Whether up runs the job once when it is new or changed; or as the stack says."
    )
    adopt: bool = Field(default=False, description="Take over a job of this name that exists already.")

    @field_validator("schedule")
    @classmethod
    def _runs_as_it_says(cls, schedule: Schedule, others: ValidationInfo) -> Schedule:
        """Only a paused job, whose ``active`` is read before, may have a schedule with a flaw."""
        if schedule.flaw is None or not others.data.get("active", True):
            return schedule
        try:
            return parse_schedule(schedule.text)
        except ScheduleError as exc:
            raise ValueError(f"{exc}, or keep the job paused with active: false") from None

    @model_validator(mode="after")
    def _one_action_that_ends_in_time(self) -> Self:
        if (self.http is None) == (self.sql is None):
            raise ValueError("needs exactly one action: 'http' or 'sql'")
        if self.http is None:
            if self.inputs:
                raise ValueError("'inputs' set values of a request's body; a job with 'sql' has none, remove them")
            if self.active_between is not None or self.catch_up != "none":
                raise ValueError("'active_between' and 'catch_up' are for requests; a job with 'sql' has none of them")
            return self
        if problem := self._inputs_problem(self.http) or self._duration_problem(self.http.timeout):
            raise ValueError(problem)
        if self.catch_up != "none" and self.schedule.interval is not None:
            raise ValueError(
                f"'catch_up' is for times of the day, and {self.schedule.text!r} is due again in seconds; remove it"
            )
        period = self.schedule.period_seconds
        if self.http.overlap == "allow" and period is not None and self.http.timeout > period:
            raise ValueError(
                f"timeout of {self.http.timeout:g} s is longer than the {period} s between two runs of "
                f"{self.schedule.text!r}, so calls would pile up; shorten the timeout to {period} or run it less often"
            )
        return self

    def _inputs_problem(self, http: HttpAction) -> str | None:
        """The sentence on inputs that do not fit the body of this request, or None."""
        if made := next((name for name in self.inputs if name in (http.body_sql or {})), None):
            return f"input {made!r} names what 'body_sql' makes at run time; remove one of them"
        body = http.body
        if not isinstance(body, dict):
            return "'inputs' set values of the body, which must then be an object" if self.inputs else None
        for name, spec in self.inputs.items():
            if name not in body:
                return (
                    f"input {name!r} names nothing in the body; add it there, with the value of scheduled runs or null"
                )
            if body[name] is not None and not spec.takes(body[name]):
                return f"input {name!r} is of type {spec.type}, but its value in the body is not; change one of them"
        return None

    def _duration_problem(self, timeout: float) -> str | None:
        """The sentence on work that takes longer than its request waits (``timeout``, seconds), or None."""
        if self.expected_duration is None or self.expected_duration <= timeout:
            return None
        return (
            f"expected_duration of {self.expected_duration:g} s is longer than the timeout of {timeout:g} s, so every "
            "usual run would be given up; raise the timeout, or let the function answer at once and work on"
        )

    def warnings(self) -> Iterator[str]:
        """Sentences, without their subject, on parts of the job that are allowed and may still go wrong."""
        yield from self._of_the_schedule()
        yield from self._days_that_never_come()
        if self.http is None or self.http.timeout <= EARLY_DROP:
            return
        if self.expected_duration is None or self.expected_duration > EARLY_DROP:
            yield (
                f"may wait {self.http.timeout:g} s for an answer, but an Edge Function that runs longer than about "
                f"{EARLY_DROP} s risks being shut down (EarlyDrop); keep the work short and say so with "
                f"expected_duration: {EARLY_DROP}, or lower the timeout"
            )

    def _of_the_schedule(self) -> Iterator[str]:
        found = list(remarks(self.schedule))
        for kind, sentence in found:
            if kind not in self.accept:
                yield f"{sentence}; if that is meant, say so with accept: [{kind}]"
        for kind in dict.fromkeys(self.accept):
            if kind not in {remark.kind for remark in found}:
                yield f"accepts {kind}, of which {self.schedule.text!r} has nothing; remove it from accept"
        if self.schedule.flaw is not None:
            yield (
                f"is paused, and that alone is why its schedule {self.schedule.text!r} is kept, which "
                f"{self.schedule.flaw}; write another one before it becomes active"
            )

    def _days_that_never_come(self) -> Iterator[str]:
        times, between = self.schedule.times, self.active_between
        if times is None or between is None or between.is_of_dates:
            return
        if not any(map(between.includes, days_of(times.rule))):
            yield (
                f"is never due by {self.schedule.text!r} on a day from {between.from_} to {between.to}, so each run "
                "will be skipped; change the schedule or active_between"
            )
