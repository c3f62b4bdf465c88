"""The catalogue, ``jobs.yaml``: pydantic models of the secrets and jobs that a project declares.

``python -m components.catalogue.jobs_file`` prints the JSON Schema that editors complete from (``make schema``).
"""

import json
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import Field, create_model

from components.catalogue.alert import Alert
from components.catalogue.base_model import Model, partial
from components.catalogue.fields import AlertName, JobName, SecretKey
from components.catalogue.job import Job
from components.catalogue.pasted_key import (
    pasted_as_name,
    pasted_in_description,
    pasted_in_expressions,
    pasted_in_inputs,
    pasted_in_request,
    pasted_in_statement,
)
from components.catalogue.request import Request
from components.catalogue.secret_spec import SecretSpec
from components.catalogue.texts import Place
from components.objects.stack_mark import is_own_job
from components.values.address import origin_of
from components.values.suggestion import nearest


class Catalogue(Model):
    """The whole of ``jobs.yaml``, defaults and overrides merged in."""

    secrets: dict[SecretKey, SecretSpec] = Field(
        default_factory=dict, description="The secrets that jobs read, by key."
    )
    jobs: dict[JobName, Job] = Field(default_factory=dict, description="The jobs, by name.")
    alerts: dict[AlertName, Alert] = Field(
        default_factory=dict, description="Who is told when a job stops doing its work, by name."
    )

    def requests(self) -> Iterator[tuple[Place, Request]]:
        """The requests of jobs, alerts and probes, each with its place."""
        for name, job in self.jobs.items():
            if job.http is not None:
                yield ("jobs", name, "http"), job.http
        for name, alert in self.alerts.items():
            yield ("alerts", name, "http"), alert.http
        for key, spec in self.secrets.items():
            if spec.probe is not None:
                yield ("secrets", key, "probe"), spec.probe

    def problems(self) -> list[tuple[Place, str]]:
        """The mistakes that one part alone cannot show, as (location, sentence): parts that do not fit each other."""
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
        if origin.first in self.secrets and (declared := self.secrets[origin.first].format) != "url":
            yield (
                (*place, "url"),
                f"begins with {origin.first!r}, which so is an address, but its format is {declared}; declare it with "
                "format: url",
            )
        for key in origin.within:
            yield (
                (*place, "url"),
                f"has {key!r} where its host may still go on, so whoever rotates that could send the keys elsewhere; "
                "begin with one secret of format: url, https:// and host in it, and what follows with '/'",
            )
        auth = request.auth
        if auth and auth.key in self.secrets and (problem := auth.problem(self.secrets[auth.key].format)):
            yield (*place, "auth"), problem

    def _pasted_keys(self) -> Iterator[tuple[Place, str]]:
        for place, request in self.requests():
            yield from (((*place, *below), sentence) for below, sentence in pasted_in_request(request))
        for name, job in self.jobs.items():
            defaults = {key: spec.default for key, spec in job.inputs.items()}
            pasted = pasted_in_inputs(defaults) if job.sql is None else pasted_in_statement(job.sql)
            yield from ((("jobs", name, *below), sentence) for below, sentence in pasted)
            made = pasted_in_expressions(job.http.body_sql or {}) if job.http else ()
            yield from ((("jobs", name, "http", *below), sentence) for below, sentence in made)
        for place, description in self._descriptions():
            yield from (((*place, *below), sentence) for below, sentence in pasted_in_description(description))

    def _descriptions(self) -> Iterator[tuple[Place, str]]:
        for key, spec in self.secrets.items():
            yield ("secrets", key), spec.description
        for name, job in self.jobs.items():
            yield ("jobs", name), job.description
            for key, value in job.inputs.items():
                yield ("jobs", name, "inputs", key), value.description

    def _case_twins(self) -> Iterator[tuple[Place, str]]:
        """Keys that differ in case alone: their values would come from one environment variable, in capitals."""
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
"""Fields of a job that ``defaults`` may give, beside ``http``."""


def defaults_model() -> type[Model]:
    """The model of ``defaults``, for a check that includes defaults that all jobs override."""
    job = partial(Job)
    fields: dict[str, Any] = {name: (job.model_fields[name].annotation, None) for name in ("http", *DEFAULTED)}
    return create_model("Defaults", __base__=Model, **fields)


def _circles(reads: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """The circles of a graph, each from its first declared key on.

    Each circle is broken up before the next one is searched, so that no circle comes twice.
    """
    left = {key: list(others) for key, others in reads.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as exc:
            closed: list[str] = exc.args[1][::-1]  # graphlib names each node before the node that depends on it
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


def schema_text() -> str:
    """The same as the file ``jobs.schema.json``, which editors read."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
