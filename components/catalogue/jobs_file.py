"""The catalogue, ``jobs.yaml``: pydantic models of the secrets and jobs that a project declares.

``python -m components.catalogue`` prints the JSON Schema that editors complete from (``make schema`` writes it).
"""

import json
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, create_model, model_validator

from components.catalogue.alert import Alert
from components.catalogue.base_model import Model, partial
from components.catalogue.fields import AlertName, HostName, JobName, Seconds, SecretKey, Statement
from components.catalogue.pasted_key import (
    pasted_as_name,
    pasted_in_description,
    pasted_in_inputs,
    pasted_in_request,
    pasted_in_statement,
)
from components.catalogue.policy import ActiveBetween, CatchUp
from components.catalogue.request import HttpAction, Probe, Request
from components.catalogue.texts import Place
from components.objects.stack_mark import is_own_job
from components.schedule.grammar import ScheduleError, parse_schedule
from components.schedule.occurrences import days_of
from components.schedule.remarks import remarks
from components.values.address import origin_of
from components.values.choices import SecretFormat
from components.values.limits import EARLY_DROP
from components.values.suggestion import nearest

MAX_GRACE = 30 * 86400
"""Seconds that a previous value may be kept at most; what lives longer is a second secret."""


class SecretSpec(Model):
    """A secret that jobs read at run time; its value is in the stack's configuration, never here."""

    description: str = Field(description="What the secret is and where its value comes from.")
    format: SecretFormat = Field(
        description="url: a web address; jwt: a legacy key (eyJ…); api_key: a new one (sb_…); token: any other."
    )
    role: str | None = Field(default=None, description="jwt only: the role that the key must carry.")
    probe: Probe | None = Field(default=None, description="A request that tells whether a new value works.")
    grace: Seconds = Field(
        default=86400, le=MAX_GRACE, description="Seconds that the previous value is kept after a rotation."
    )

    hosts: list[HostName] = Field(
        default_factory=list,
        description="url only: where those who rotate may move it; without any, who deploys alone sets it.",
    )

    @model_validator(mode="after")
    def _role_is_of_a_jwt(self) -> Self:
        if self.role is not None and self.format != "jwt":
            raise ValueError(f"'role' is a claim of a jwt, but the format is {self.format}; remove it")
        return self

    @model_validator(mode="after")
    def _hosts_are_of_an_address(self) -> Self:
        if self.hosts and self.format != "url":
            raise ValueError(f"'hosts' are for an address, but the format is {self.format}; remove them")
        return self


class InputSpec(Model):
    """A value of the body that a manual trigger may set; the successor of a workflow_dispatch input."""

    type: Literal["string", "integer", "number", "boolean"]
    default: str | int | float | bool | None = None
    description: str = ""

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


def _schedule(value: object) -> object:
    if isinstance(value, str):
        try:
            parse_schedule(value)
        except ScheduleError as exc:
            raise ValueError(str(exc)) from exc
    return value


class Job(Model):
    """One job of pg_cron: a schedule and exactly one action."""

    description: str
    schedule: Annotated[str, BeforeValidator(_schedule)] = Field(
        description="pg_cron's grammar, in UTC unless the server's cron.timezone says otherwise: 0 1 * * *"
    )
    http: HttpAction | None = Field(default=None, description="The request to send.")
    sql: Statement | None = Field(default=None, description="The statement to run, kept as written.")
    active: bool = Field(default=True, description="false keeps the job in the database, paused.")
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
        if problem := self._inputs_problem(self.http.body) or self._duration_problem(self.http.timeout):
            raise ValueError(problem)
        schedule = parse_schedule(self.schedule)
        if self.catch_up != "none" and schedule.interval is not None:
            raise ValueError(
                f"'catch_up' is for times of the day, and {self.schedule!r} is due again in seconds; remove it"
            )
        period = schedule.period_seconds
        if self.http.overlap == "allow" and period is not None and self.http.timeout > period:
            raise ValueError(
                f"timeout of {self.http.timeout:g} s is longer than the {period} s between two runs of "
                f"{self.schedule!r}, so calls would pile up; shorten the timeout to {period} or run it less often"
            )
        return self

    def _inputs_problem(self, body: JsonValue) -> str | None:
        """Why the inputs are none of this body, or None."""
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
        """Why the work cannot end before the request is given up, or None."""
        if self.expected_duration is None or self.expected_duration <= timeout:
            return None
        return (
            f"expected_duration of {self.expected_duration:g} s is longer than the timeout of {timeout:g} s, so every "
            "usual run would be given up; raise the timeout, or let the function answer at once and work on"
        )

    def warnings(self) -> Iterator[str]:
        """Sentences on what is allowed and may still go wrong."""
        yield from remarks(self.schedule)
        yield from self._days_that_never_come()
        if self.http is None or self.http.timeout <= EARLY_DROP:
            return
        if self.expected_duration is None or self.expected_duration > EARLY_DROP:
            yield (
                f"may wait {self.http.timeout:g} s for an answer, but an Edge Function that runs longer than about "
                f"{EARLY_DROP} s risks being shut down (EarlyDrop); keep the work short and say so with "
                f"expected_duration: {EARLY_DROP}, or lower the timeout"
            )

    def _days_that_never_come(self) -> Iterator[str]:
        times, between = parse_schedule(self.schedule).times, self.active_between
        if times is None or between is None or between.is_of_dates:
            return
        if not any(map(between.includes, days_of(times.rule))):
            yield (
                f"is never due by {self.schedule!r} on a day from {between.from_} to {between.to}, so each run will be "
                "skipped; change the schedule or active_between"
            )


class Catalogue(Model):
    """The whole of ``jobs.yaml``, defaults and overrides merged in."""

    secrets: dict[SecretKey, SecretSpec] = Field(default_factory=dict)
    jobs: dict[JobName, Job] = Field(default_factory=dict)
    alerts: dict[AlertName, Alert] = Field(default_factory=dict)

    def requests(self) -> Iterator[tuple[Place, Request]]:
        """Every request that is declared, of jobs, alerts and probes, each with its place."""
        for name, job in self.jobs.items():
            if job.http is not None:
                yield ("jobs", name, "http"), job.http
        for name, alert in self.alerts.items():
            yield ("alerts", name, "http"), alert.http
        for key, spec in self.secrets.items():
            if spec.probe is not None:
                yield ("secrets", key, "probe"), spec.probe

    def problems(self) -> list[tuple[Place, str]]:
        """What no part can know alone, as (location, sentence): how requests and the declared secrets fit."""
        return [
            *(problem for place, request in self.requests() for problem in self._misread(place, request)),
            *self._pasted_keys(),
            *self._case_twins(),
            *self._useless_probes(),
            *self._circular_probes(),
            *self._reserved_names(),
            *self._unknown_jobs(),
        ]

    def _misread(self, place: Place, request: Request) -> Iterator[tuple[Place, str]]:
        for key in request.secret_keys():
            if key not in self.secrets:
                yield place, pasted_as_name(key) or f"reads the unknown secret {key!r}{nearest(key, self.secrets)}"
        origin = origin_of(request.url)
        if origin.first in self.secrets and (found := self.secrets[origin.first].format) != "url":
            yield (
                (*place, "url"),
                f"begins with {origin.first!r}, which so is an address, but its format is {found}; declare it with "
                "format: url",
            )
        for key in origin.within:
            yield (
                (*place, "url"),
                f"has {key!r} where its host may still go on, so whoever rotates that could send the keys elsewhere; "
                "begin with one secret of format: url, https:// and host in it, and what follows with '/'",
            )
        auth = request.auth
        if auth and auth.key in self.secrets and (told := auth.problem(self.secrets[auth.key].format)):
            yield (*place, "auth"), told

    def _pasted_keys(self) -> Iterator[tuple[Place, str]]:
        for place, request in self.requests():
            yield from (((*place, *below), found) for below, found in pasted_in_request(request))
        for name, job in self.jobs.items():
            defaults = {key: each.default for key, each in job.inputs.items()}
            found = pasted_in_inputs(defaults) if job.sql is None else pasted_in_statement(job.sql)
            yield from ((("jobs", name, *below), sentence) for below, sentence in found)
        for place, description in self._descriptions():
            yield from (((*place, *below), sentence) for below, sentence in pasted_in_description(description))

    def _descriptions(self) -> Iterator[tuple[Place, str]]:
        for key, spec in self.secrets.items():
            yield ("secrets", key), spec.description
        for name, job in self.jobs.items():
            yield ("jobs", name), job.description
            for key, each in job.inputs.items():
                yield ("jobs", name, "inputs", key), each.description

    def _case_twins(self) -> Iterator[tuple[Place, str]]:
        """Keys that would share the environment's variable with a value, which is in capitals."""
        first: dict[str, str] = {}
        for key in self.secrets:
            twin = first.setdefault(key.upper(), key)
            if twin != key:
                yield (
                    ("secrets", key),
                    f"differs from {twin!r} in case alone, so both would take their value from one variable of the "
                    "environment; rename one",
                )

    def _useless_probes(self) -> Iterator[tuple[Place, str]]:
        for key, spec in self.secrets.items():
            if spec.probe is not None and key not in spec.probe.secret_keys():
                yield ("secrets", key, "probe"), f"its probe never reads {key!r}, so it would prove nothing"

    def _reserved_names(self) -> Iterator[tuple[Place, str]]:
        for name in self.jobs:
            if is_own_job(name):
                yield ("jobs", name), "has a name that the project's own jobs have; choose another"

    def _unknown_jobs(self) -> Iterator[tuple[Place, str]]:
        for name, alert in self.alerts.items():
            for job in alert.jobs or []:
                if job not in self.jobs:
                    yield ("alerts", name, "jobs"), f"names the unknown job {job!r}{nearest(job, self.jobs)}"

    def _circular_probes(self) -> Iterator[tuple[Place, str]]:
        reads = {
            key: [other for other in spec.probe.secret_keys() if other != key]
            for key, spec in self.secrets.items()
            if spec.probe is not None
        }
        for circle in _circles(reads):
            first, *others = circle
            yield (
                ("secrets", first, "probe"),
                f"its probe reads {', whose probe reads '.join(map(repr, [*others, first]))}: a circle, in which no "
                "value can be proved before the others; let one of them read fewer secrets",
            )

    def warnings(self) -> list[str]:
        """All jobs' warnings, each with the job's name."""
        return [f"job {name!r} {warning}" for name, job in self.jobs.items() for warning in job.warnings()]


DEFAULTED = ("active", "active_between", "catch_up", "expected_duration", "verify_first_run", "adopt")
"""What ``defaults`` may give beside ``http``."""


def defaults_model() -> type[Model]:
    """The model of ``defaults``, which are checked even where each job overrides them."""
    job = partial(Job)
    fields: dict[str, Any] = {name: (job.model_fields[name].annotation, None) for name in ("http", *DEFAULTED)}
    return create_model("Defaults", __base__=Model, **fields)


def _circles(reads: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """The circles of a graph, each starting where it is first declared; broken up one by one until none is left."""
    left = {key: list(others) for key, others in reads.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as exc:
            closed: list[str] = exc.args[1][::-1]  # it names each node before the one that depends on it
            circle = closed[:-1]
            at = min(range(len(circle)), key=lambda place: list(left).index(circle[place]))
            circle = circle[at:] + circle[:at]
            yield circle
            left[circle[-1]].remove(circle[0])
        else:
            return


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the file as people write it: with ``defaults``, and jobs that may leave things out."""
    schema = Catalogue.model_json_schema()
    definitions = schema["$defs"]
    definitions["Job"]["required"] = ["description", "schedule"]
    definitions["HttpAction"]["required"] = ["url"]
    optional = {
        **definitions["HttpAction"],
        "required": [],
        "description": "What every http job has in common.",
    }
    schema["properties"]["defaults"] = {
        "type": "object",
        "description": "Fills in what jobs leave out.",
        "additionalProperties": False,
        "properties": {
            "http": optional,
            **{name: definitions["Job"]["properties"][name] for name in DEFAULTED},
        },
    }
    schema["title"] = "supabase-cron catalogue"
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


if __name__ == "__main__":
    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
