"""The catalogue, ``jobs.yaml``: pydantic models of the secrets and jobs that a project declares.

``python -m components.catalogue`` prints the JSON Schema that editors complete from (``make schema`` writes it).
"""

import json
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
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
    signable_url,
)
from components.model import Model, nearest
from components.schedule import ScheduleError, parse_schedule
from components.template import secret_keys

SecretFormat = Literal["url", "jwt", "api_key", "token"]
Place = tuple[str | int, ...]
"""Where in the catalogue: ``("jobs", "nightly", "http")``."""


MAX_PROBE = 30
"""Seconds that a probe may wait at most: the rotation that it guards waits with it."""

MAX_GRACE = 30 * 86400
"""Seconds that a previous value may be kept at most; what lives longer is a second secret."""

_TAKEN_HEADERS = {"connection", "content-length", "content-type", "host", "transfer-encoding", "user-agent"}


class Auth(Model):
    """How a request proves who sends it: exactly one form, each with the key of a secret."""

    hmac: SecretKey | None = Field(
        default=None, description="Sign with this secret instead of sending it; docs/signing.md says how to verify."
    )
    api_key: SecretKey | None = Field(
        default=None, description="Send this new API key (sb_…) as 'apikey' alone, since it is no JWT."
    )
    bearer: SecretKey | None = Field(
        default=None, description="Send this legacy JWT key or token as 'Authorization: Bearer …'."
    )
    header: HeaderName = Field(default="X-Cron-Signature", description="hmac only: the header of the signature.")

    @model_validator(mode="after")
    def _exactly_one_form(self) -> Self:
        given = [form for form in ("hmac", "api_key", "bearer") if getattr(self, form) is not None]
        if not given:
            raise ValueError("needs exactly one of 'hmac', 'api_key' and 'bearer', with the key of a secret")
        if len(given) > 1:
            raise ValueError(
                f"has {' and '.join(map(repr, given))}, but a request proves itself in one way; keep one "
                "(null takes out what the defaults give)"
            )
        if self.hmac is None and "header" in self.model_fields_set:
            raise ValueError(f"'header' is where a signature goes, and {given[0]!r} has a header of its own; remove it")
        if self.header.lower() in _TAKEN_HEADERS:
            raise ValueError(
                f"the signature cannot go in {self.header!r}, which HTTP needs itself; name another header"
            )
        return self

    @property
    def form(self) -> Literal["hmac", "api_key", "bearer"]:
        """The form that is given."""
        if self.hmac is not None:
            return "hmac"
        return "bearer" if self.api_key is None else "api_key"

    @property
    def key(self) -> str:
        """The key of the secret that proves it."""
        return self.hmac or self.api_key or self.bearer or ""

    @property
    def header_name(self) -> str:
        """The request header that carries the proof."""
        return {"hmac": self.header, "api_key": "apikey", "bearer": "Authorization"}[self.form]

    @property
    def template(self) -> str:
        """The header's value where the secret is sent; a signature is computed instead."""
        return f"Bearer {{{self.key}}}" if self.form == "bearer" else f"{{{self.key}}}"

    def problem(self, secret_format: SecretFormat) -> str | None:
        """Why a secret of this declared format cannot be used so, as a sentence, or None."""
        match self.form, secret_format:
            case form, "url":
                return f"takes {self.key!r} as its {form}, but that is an address (format: url) and proves nothing"
            case "api_key", "jwt":
                return (
                    f"sends {self.key!r} in 'apikey' alone, but a legacy JWT is looked for in Authorization; "
                    f"write auth: {{bearer: {self.key}}}"
                )
            case "api_key", "token":
                return (
                    f"sends {self.key!r} in 'apikey', but its format is token; declare it with format: api_key if "
                    f"it is one of Supabase's (sb_…), else write auth: {{bearer: {self.key}}}"
                )
            case "bearer", "api_key":
                return (
                    f"sends {self.key!r} as a bearer, but a new API key (sb_…) is no JWT and is refused there; "
                    f"write auth: {{api_key: {self.key}}} and deploy the function with verify_jwt = false"
                )
        return None


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


class Request(Model):
    """A request that pg_net sends; ``{key}`` in url and header values reads that secret at run time."""

    method: Literal["GET", "POST", "DELETE"] = "POST"
    url: UrlTemplate
    headers: dict[HeaderName, Template] = Field(default_factory=dict)
    auth: Auth | None = Field(default=None, description="How the request proves who sends it.")
    body: JsonValue = Field(default=None, description="Sent as JSON; a POST without one sends {}.")
    timeout: Seconds
    success: Success = Success()

    @model_validator(mode="after")
    def _headers_once_and_body_where_it_can_be_sent(self) -> Self:
        lower = [name.lower() for name in self.headers]
        if twice := {name for name in lower if lower.count(name) > 1}:
            raise ValueError(f"header {min(twice)!r} is given twice; header names know no case, keep one")
        if self.auth is not None and self.auth.header_name.lower() in lower:
            raise ValueError(f"header {self.auth.header_name!r} is given twice, in 'headers' and by 'auth'; keep one")
        if self.method == "GET" and self.body is not None:
            raise ValueError("a GET has no body; use POST or remove 'body'")
        content_type = next((v for k, v in self.headers.items() if k.lower() == "content-type"), "application/json")
        if self.method == "POST" and content_type != "application/json":
            raise ValueError(f"pg_net posts JSON alone, but Content-Type is {content_type!r}; write 'application/json'")
        if self.auth is not None and self.auth.hmac is not None:
            signable_url(self.url)
        return self

    @property
    def sends_body(self) -> bool:
        """Whether the request has a body: a POST always, a DELETE where one is declared."""
        return self.method == "POST" or (self.method == "DELETE" and self.body is not None)

    def secret_keys(self) -> tuple[str, ...]:
        """The keys of the secrets that this request reads, once each."""
        templates = [self.url, *self.headers.values()]
        proof = [self.auth.key] if self.auth else []
        return tuple(dict.fromkeys([*(key for text in templates for key in secret_keys(text)), *proof]))


class HttpAction(Request):
    """What a job sends; ``{key}`` in url and header values reads that secret at run time."""

    timeout: Seconds = Field(
        le=PLATFORM_TIMEOUT,
        description=f"Seconds until pg_net gives up; Supabase itself ends at {PLATFORM_TIMEOUT}.",
    )


class Probe(Request):
    """A request that succeeds only with the right value of a secret; a rotation sends it with the new one first."""

    method: Literal["GET", "POST", "DELETE"] = "GET"
    timeout: Seconds = Field(default=10, le=MAX_PROBE, description="Seconds until pg_net gives up.")


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

    @model_validator(mode="after")
    def _role_is_of_a_jwt(self) -> Self:
        if self.role is not None and self.format != "jwt":
            raise ValueError(f"'role' is a claim of a jwt, but the format is {self.format}; remove it")
        return self


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

    def requests(self) -> Iterator[tuple[Place, Request]]:
        """Every request that is declared, jobs' and probes', each with its place."""
        for name, job in self.jobs.items():
            if job.http is not None:
                yield ("jobs", name, "http"), job.http
        for key, spec in self.secrets.items():
            if spec.probe is not None:
                yield ("secrets", key, "probe"), spec.probe

    def problems(self) -> list[tuple[Place, str]]:
        """What no part can know alone, as (location, sentence): how requests and the declared secrets fit."""
        return [
            *(problem for place, request in self.requests() for problem in self._misread(place, request)),
            *self._useless_probes(),
            *self._circular_probes(),
        ]

    def _misread(self, place: Place, request: Request) -> Iterator[tuple[Place, str]]:
        for key in request.secret_keys():
            if key not in self.secrets:
                yield place, f"reads the unknown secret {key!r}{nearest(key, self.secrets)}"
        auth = request.auth
        if auth and auth.key in self.secrets and (told := auth.problem(self.secrets[auth.key].format)):
            yield (*place, "auth"), told

    def _useless_probes(self) -> Iterator[tuple[Place, str]]:
        for key, spec in self.secrets.items():
            if spec.probe is not None and key not in spec.probe.secret_keys():
                yield ("secrets", key, "probe"), f"its probe never reads {key!r}, so it would prove nothing"

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
            **{name: definitions["Job"]["properties"][name] for name in ("active", "expected_duration", "adopt")},
        },
    }
    schema["title"] = "supabase-cron catalogue"
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


if __name__ == "__main__":
    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
