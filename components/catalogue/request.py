"""A request that pg_net sends, as the catalogue declares it: its address, its proof, and the rule of its answer."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, JsonValue, model_validator

from components.catalogue.address_rules import signable_url
from components.catalogue.base_model import Model
from components.catalogue.fields import (
    Body,
    BodySql,
    HeaderName,
    HeaderValue,
    Seconds,
    SecretKey,
    StatusCodes,
    UrlTemplate,
)
from components.catalogue.policy import Overlap, Retry
from components.values.choices import Redirects, SecretFormat
from components.values.limits import MAX_ARGUMENTS, PLATFORM_TIMEOUT
from components.values.template import Template, parse_template

JSON_TYPE = "application/json"
METHOD = "The request's method."

MAX_PROBE = 30
"""Seconds that a probe waits at most, since the rotation that it guards waits with it."""

_OF_THE_CONNECTION = {
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
"""Headers that pg_net's HTTP client writes itself or needs; a declared one would break the request."""

_TAKEN_HEADERS = _OF_THE_CONNECTION | {"accept-encoding", "content-type", "user-agent"}
_MAX_HEADERS = MAX_ARGUMENTS // 2 - 3
"""Headers of a statement at most, with room for the content type, the proof and the idempotency key."""


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
        """The form that is declared."""
        if self.hmac is not None:
            return "hmac"
        return "bearer" if self.api_key is None else "api_key"

    @property
    def key(self) -> str:
        """The key of the secret that proves the request."""
        return self.hmac or self.api_key or self.bearer or ""

    @property
    def header_name(self) -> str:
        """The request header that carries the proof."""
        return {"hmac": self.header, "api_key": "apikey", "bearer": "Authorization"}[self.form]

    @property
    def template(self) -> Template:
        """The value of the header that sends the secret; a signature has no template."""
        return parse_template(f"Bearer {{{self.key}}}" if self.form == "bearer" else f"{{{self.key}}}")

    def problem(self, secret_format: SecretFormat) -> str | None:
        """The sentence on a secret whose declared format does not fit this form, or None."""
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

    status: StatusCodes = Field(
        default_factory=lambda: list(range(200, 300)),
        min_length=1,
        description="Accepted HTTP status codes, and ranges of them such as 200-399; default 200 to 299.",
    )
    body: str | None = Field(
        default=None,
        description="A JSONPath predicate (PostgreSQL's jsonpath) over the response body: $.success == true",
    )
    redirects: Redirects | None = Field(
        default=None,
        description="What an answer after a redirect is: refuse: no success; follow: as good as any. "
        "By default a probe refuses it, and a job's run says so.",
    )


class Request(Model):
    """A request that pg_net sends; ``{key}`` in url and header values reads that secret at run time."""

    method: Literal["GET", "POST", "DELETE"] = Field(default="POST", description=METHOD)
    url: UrlTemplate = Field(description="The address; `{key}` is the value of that secret.")
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict,
        max_length=_MAX_HEADERS,
        description="Header names with values; `{key}` is the value of that secret.",
    )
    auth: Auth | None = Field(default=None, description="How the request proves who sends it.")
    body: Body = Field(default=None, description="Sent as JSON; a POST without one sends {}.")
    timeout: Seconds
    success: Success = Field(default=Success(), description="When the answer counts as success.")

    @model_validator(mode="after")
    def _headers_once_and_body_where_it_can_be_sent(self) -> Self:
        lower = [name.lower() for name in self.headers]
        if twice := {name for name in lower if lower.count(name) > 1}:
            raise ValueError(f"header {min(twice)!r} is given twice; header names know no case, keep one")
        for name, value in self.headers.items():
            if problem := _header_problem(name.lower(), value.text):
                raise ValueError(f"header {name!r} {problem}")
        if self.auth is not None and self.auth.header_name.lower() in lower:
            raise ValueError(f"header {self.auth.header_name!r} is given twice, in 'headers' and by 'auth'; keep one")
        if self.method == "GET" and self.body is not None:
            raise ValueError("a GET has no body; use POST or remove 'body'")
        content_type = next((v.text for k, v in self.headers.items() if k.lower() == "content-type"), JSON_TYPE)
        if self.method == "POST" and content_type != JSON_TYPE:
            raise ValueError(f"pg_net posts JSON alone, but Content-Type is {content_type!r}; write {JSON_TYPE!r}")
        if self.auth is not None and self.auth.hmac is not None:
            signable_url(self.url)
        return self

    @property
    def sends_body(self) -> bool:
        """Whether the request has a body: a POST always, a DELETE where one is declared."""
        return self.method == "POST" or (self.method == "DELETE" and self.body is not None)

    def secret_keys(self) -> tuple[str, ...]:
        """The keys of the secrets that this request reads, once each."""
        proof = [self.auth.key] if self.auth else []
        return tuple(dict.fromkeys([*self.sent_keys(), *proof]))

    def sent_keys(self) -> tuple[str, ...]:
        """The keys of the secrets whose values themselves are sent, once each; a secret that signs is none of them."""
        templates = (self.url, *self.headers.values())
        proof = [self.auth.key] if self.auth and self.auth.form != "hmac" else []
        return tuple(dict.fromkeys([*(key for template in templates for key in template.keys), *proof]))


def _header_problem(name: str, value: str) -> str | None:
    """The reason why a header (``name`` in lower case) cannot be sent or spoils the answer, or None."""
    if name in _OF_THE_CONNECTION:
        return "is written by pg_net itself, and another value would break the request; leave it out"
    if name == "accept-encoding" and value.lower() != "identity":
        return "asks for an answer that is packed, which pg_net does not unpack; leave it out"
    return None


def _no_room(made: Mapping[str, JsonValue], body: JsonValue, place: str) -> str | None:
    """The sentence on what 'body_sql' makes and the body cannot take, or None; ``place`` names the part of the body."""
    if not isinstance(body, dict):
        return f"'body_sql' makes members of {place!r}, which must then be an object"
    for key, part in made.items():
        if key in body and not isinstance(part, dict):
            return f"'body_sql' makes {key!r}, which {place!r} has already; keep one"
        if key in body and isinstance(part, dict) and (problem := _no_room(part, body[key], f"{place}.{key}")):
            return problem
    return None


class HttpAction(Request):
    """What a job sends; ``{key}`` in url and header values reads that secret at run time."""

    body_sql: BodySql | None = Field(
        default=None, description="Members of the body that are made at run time: SQL expressions by key, beside body."
    )
    timeout: Seconds = Field(
        le=PLATFORM_TIMEOUT,
        description=f"Seconds until pg_net gives up; Supabase itself ends at {PLATFORM_TIMEOUT}.",
    )
    retry: Retry | None = Field(default=None, description="Whether a run that came to nothing is tried again.")
    overlap: Overlap = Field(
        default="allow",
        description="skip: send nothing while a run is on its way or waits to be tried again.",
    )
    idempotency: HeaderName | None = Field(
        default=None,
        description="A header with a key of the run's own that stays the same over retries: Idempotency-Key.",
    )

    @model_validator(mode="after")
    def _body_has_room_for_what_is_made(self) -> Self:
        if self.body_sql is None:
            return self
        if self.method == "GET":
            raise ValueError("a GET has no body; use POST or remove 'body_sql'")
        if problem := _no_room(self.body_sql, {} if self.body is None else self.body, "body"):
            raise ValueError(problem)
        return self

    @property
    def sends_body(self) -> bool:
        """Whether the request has a body: a POST always, a DELETE where one is declared."""
        return super().sends_body or self.body_sql is not None

    @model_validator(mode="after")
    def _idempotency_has_a_header_of_its_own(self) -> Self:
        taken = {name.lower() for name in self.headers} | _TAKEN_HEADERS
        taken |= {self.auth.header_name.lower()} if self.auth else set()
        if self.idempotency is not None and self.idempotency.lower() in taken:
            raise ValueError(
                f"the idempotency key cannot go in {self.idempotency!r}, which is taken; use Idempotency-Key"
            )
        return self


class Probe(Request):
    """A request that succeeds only with the right value of a secret; a rotation sends it with the new one first."""

    method: Literal["GET", "POST", "DELETE"] = Field(default="GET", description=METHOD)
    timeout: Seconds = Field(default=10, le=MAX_PROBE, description="Seconds until pg_net gives up.")
