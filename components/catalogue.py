"""The catalogue, ``jobs.yaml``: pydantic models of the secrets and jobs that a project declares.

``python -m components.catalogue`` prints the JSON Schema that editors complete from (``make schema`` writes it).
"""

import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, JsonValue, model_validator

from components.fields import (
    EARLY_DROP,
    PLATFORM_TIMEOUT,
    HeaderName,
    JobName,
    Seconds,
    SecretKey,
    StatusCode,
    Template,
    UrlTemplate,
)
from components.model import Model, nearest
from components.schedule import ScheduleError, parse_schedule
from components.template import secret_keys

SecretFormat = Literal["url", "jwt", "api_key", "token"]


class SecretSpec(Model):
    """A secret that jobs read at run time; its value is in the stack's configuration, never here."""

    description: str = Field(description="What the secret is and where its value comes from.")
    format: SecretFormat = Field(
        description="url: a web address; jwt: a legacy key (eyJ…); api_key: a new one (sb_…); token: any other."
    )
    role: str | None = Field(default=None, description="jwt only: the role that the key must carry.")

    @model_validator(mode="after")
    def _role_is_of_a_jwt(self) -> Self:
        if self.role is not None and self.format != "jwt":
            raise ValueError(f"'role' is a claim of a jwt, but the format is {self.format}; remove it")
        return self


class Success(Model):
    """When an answer counts as success; read by what judges runs, not by pg_cron."""

    status: list[StatusCode] = Field(
        default_factory=lambda: list(range(200, 300)),
        description="Accepted HTTP status codes; default 200 to 299.",
    )
    body: str | None = Field(
        default=None,
        description="A JSONPath predicate (PostgreSQL's jsonpath) over the response body: $.success == true",
    )


class HttpAction(Model):
    """A request that pg_net sends; ``{key}`` in url and header values reads that secret at run time."""

    method: Literal["GET", "POST", "DELETE"] = "POST"
    url: UrlTemplate
    headers: dict[HeaderName, Template] = Field(default_factory=dict)
    body: JsonValue = Field(default=None, description="Sent as JSON; a POST without one sends {}.")
    timeout: Seconds = Field(
        le=PLATFORM_TIMEOUT,
        description=f"Seconds until pg_net gives up; Supabase itself ends at {PLATFORM_TIMEOUT}.",
    )
    success: Success = Success()

    @model_validator(mode="after")
    def _headers_once_and_body_where_it_can_be_sent(self) -> Self:
        lower = [name.lower() for name in self.headers]
        if twice := {name for name in lower if lower.count(name) > 1}:
            raise ValueError(f"header {min(twice)!r} is given twice; header names know no case, keep one")
        if self.method == "GET" and self.body is not None:
            raise ValueError("a GET has no body; use POST or remove 'body'")
        content_type = next((v for k, v in self.headers.items() if k.lower() == "content-type"), "application/json")
        if self.method == "POST" and content_type != "application/json":
            raise ValueError(f"pg_net posts JSON alone, but Content-Type is {content_type!r}; write 'application/json'")
        return self

    def secret_keys(self) -> tuple[str, ...]:
        """The keys of the secrets that this request reads, once each."""
        templates = [self.url, *self.headers.values()]
        return tuple(dict.fromkeys(key for text in templates for key in secret_keys(text)))


class InputSpec(Model):
    """A value of the body that a manual trigger may set; the successor of a workflow_dispatch input."""

    type: Literal["string", "integer", "number", "boolean"]
    default: str | int | float | bool | None = None
    description: str = ""


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
    sql: str | None = Field(default=None, min_length=1, description="The statement to run, kept as written.")
    active: bool = Field(default=True, description="false keeps the job in the database, paused.")
    inputs: dict[str, InputSpec] = Field(
        default_factory=dict, description="Values of the body that a manual trigger may set."
    )
    replaces: str | None = Field(default=None, description="The workflow file that this job takes over from.")
    expected_duration: Seconds | None = Field(default=None, description="Seconds that the work usually takes.")
    adopt: bool = Field(default=False, description="Take over a job of this name that exists already.")

    @model_validator(mode="after")
    def _one_action_that_ends_in_time(self) -> Self:
        if (self.http is None) == (self.sql is None):
            raise ValueError("needs exactly one action: 'http' or 'sql'")
        if self.http is None:
            if self.inputs:
                raise ValueError("'inputs' set values of a request's body; a job with 'sql' has none, remove them")
            return self
        if self.inputs and not isinstance(self.http.body, dict):
            raise ValueError("'inputs' set values of the body, which must then be an object")
        period = parse_schedule(self.schedule).period_seconds
        if period is not None and self.http.timeout > period:
            raise ValueError(
                f"timeout of {self.http.timeout:g} s is longer than the {period} s between two runs of "
                f"{self.schedule!r}, so calls would pile up; shorten the timeout to {period} or run it less often"
            )
        return self

    def warnings(self) -> Iterator[str]:
        """Sentences on what is allowed and may still go wrong."""
        if self.http is None or self.http.timeout <= EARLY_DROP:
            return
        if self.expected_duration is None or self.expected_duration > EARLY_DROP:
            yield (
                f"may wait {self.http.timeout:g} s for an answer, but an Edge Function that runs longer than about "
                f"{EARLY_DROP} s risks being shut down (EarlyDrop); keep the work short and say so with "
                f"expected_duration: {EARLY_DROP}, or lower the timeout"
            )


class Catalogue(Model):
    """The whole of ``jobs.yaml``, defaults and overrides merged in."""

    secrets: dict[SecretKey, SecretSpec] = Field(default_factory=dict)
    jobs: dict[JobName, Job] = Field(default_factory=dict)

    def problems(self) -> list[tuple[tuple[str | int, ...], str]]:
        """What no part can know alone, as (location, sentence): a job that reads a secret nobody declares."""
        return [
            (("jobs", name, "http"), f"reads the unknown secret {key!r}{nearest(key, self.secrets)}")
            for name, job in self.jobs.items()
            for key in (job.http.secret_keys() if job.http else ())
            if key not in self.secrets
        ]

    def warnings(self) -> list[str]:
        """All jobs' warnings, each with the job's name."""
        return [f"job {name!r} {warning}" for name, job in self.jobs.items() for warning in job.warnings()]


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
            **{name: definitions["Job"]["properties"][name] for name in ("active", "expected_duration", "adopt")},
        },
    }
    schema["title"] = "supabase-cron catalogue"
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


if __name__ == "__main__":
    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
