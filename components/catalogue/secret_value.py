"""Mistakes in secrets' values, in sentences that show no part of a value."""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from components.catalogue.address_rules import http_url
from components.catalogue.fields import CONTROL
from components.catalogue.jobs_file import Catalogue
from components.catalogue.request import Request
from components.catalogue.secret_spec import SecretSpec
from components.values.address import host_of, is_address
from components.values.choices import is_placeholder
from components.values.limits import VALUE_BYTES

MIN_KEY_BYTES = 32
"""A key of HMAC-SHA256 should not be shorter than its output (RFC 2104, section 3)."""

_NEW_KEY = "sb_"
_PUBLISHABLE = "sb_publishable_"
_JWT_START = "eyJ"


def text_problem(value: str) -> str | None:  # noqa: PLR0911 - one line a rule
    """The first mistake in a value of any format, as the end of a sentence that starts with the secret's name."""
    if not value:
        return "is empty"
    if is_placeholder(value):
        return "is still a placeholder"
    if re.fullmatch(r"vault:[0-9a-f-]{36}", value):
        return "is a reference to Vault; set the value itself"
    if value != value.strip() or "\n" in value or "\r" in value:
        return "has a line break or blanks around it; set it again without"
    if value[0] in "'\"" or value[-1] in "'\"":
        return "has quotes around it; set it again without"
    if CONTROL.search(value):
        return "holds control characters; set it again without"
    if len(value.encode()) > VALUE_BYTES:
        return f"is longer than {VALUE_BYTES} bytes, more than a header may be"
    return None


def value_problem(  # noqa: PLR0911 - one line a rule
    spec: SecretSpec, value: str, now: datetime, plain_http: Collection[str] = ()
) -> str | None:
    """The first mistake in a value, as the end of a sentence that starts with the secret's name, or None.

    ``now`` is an aware datetime, with which a JWT's ``exp`` is compared; ``plain_http`` are the hosts without https.
    """
    if problem := text_problem(value):
        return problem
    match spec.format:
        case "url":
            return _url_problem(value, plain_http)
        case other if is_address(value):
            return f"is a web address, not a {other}; declare it with format: url"
        case "jwt":
            return _jwt_problem(value, spec.role, now)
        case "api_key" if value.startswith(_JWT_START):
            return "is a legacy JWT, not an API key (sb_…); declare it with format: jwt"
        case "api_key" if not value.startswith(_NEW_KEY):
            return "is not an API key; Supabase's start with sb_secret_ or sb_publishable_"
    return None


def _url_problem(value: str, plain_http: Collection[str]) -> str | None:
    try:
        http_url(value, plain_http)
    except ValueError as exc:
        return str(exc)
    if host_of(value, plain_http) is None:
        return (
            "is no address that every program reads alike; write https:// and the host in plain letters (xn--… for "
            "others), a port in digits, and what is special in a path as %XX"
        )
    return "ends with '/', which jobs would double; set it again without" if value.endswith("/") else None


def _jwt_problem(value: str, role: str | None, now: datetime) -> str | None:
    if value.startswith(_NEW_KEY):
        return "is a new API key (sb_…), not a JWT; declare it with format: api_key and send it in 'apikey' only"
    if (claims := _claims(value)) is None:
        return "is not a JWT; copy the whole key, three parts with dots between"
    if role is not None and (claimed := claims.get("role")) != role:
        shown = repr(claimed) if isinstance(claimed, str) and re.fullmatch(r"[a-z_]{1,40}", claimed) else "none"
        return f"is a JWT for the role {shown}, but must be one for {role!r}"
    expires = claims.get("exp")
    if isinstance(expires, int | float) and math.isfinite(expires) and expires <= now.timestamp():
        return "is an expired JWT; set a current key"
    return None


def expiry(spec: SecretSpec, value: str) -> float | None:
    """The expiry of a JWT in seconds since 1970; None of another value and of a JWT without one."""
    expires = (_claims(value) or {}).get("exp") if spec.format == "jwt" else None
    return expires if isinstance(expires, int | float) and math.isfinite(expires) else None


def misplaced_keys(catalogue: Catalogue, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(job, sentence) for each job that uses a value in a way that cannot work or is not safe; ``values`` by key."""
    for name, job in catalogue.jobs.items():
        if job.http is not None:
            yield from ((name, sentence) for sentence in _misuses(job.http, values))


def misplaced_probe_keys(catalogue: Catalogue, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(secret, sentence) for each secret whose probe uses a value in a way that cannot work or is not safe."""
    for key, spec in catalogue.secrets.items():
        if spec.probe is not None:
            yield from ((key, f"has a probe that {sentence}") for sentence in _misuses(spec.probe, values))


def _misuses(request: Request, values: Mapping[str, str]) -> Iterator[str]:
    for header, template in request.headers.items():
        for key in template.keys if header.lower() == "authorization" else ():
            if values.get(key, "").startswith(_NEW_KEY):
                yield (
                    f"sends {key!r} in {header}, but it is a new API key (sb_…) and no JWT; send it in 'apikey' "
                    "alone and deploy the function with verify_jwt = false"
                )
    auth = request.auth
    if auth is None or auth.key not in values:
        return
    value = values[auth.key]
    match auth.form:
        case "bearer" if value.startswith(_NEW_KEY):
            yield (
                f"sends {auth.key!r} as a bearer, but it is a new API key (sb_…) and no JWT; write auth: {{api_key: "
                f"{auth.key}}} and deploy the function with verify_jwt = false"
            )
        case "api_key" if value.startswith(_JWT_START):
            yield (
                f"sends {auth.key!r} in 'apikey' alone, but it is a legacy JWT, which is looked for in Authorization; "
                f"write auth: {{bearer: {auth.key}}}"
            )
        case "hmac" if len(value.encode()) < MIN_KEY_BYTES:
            yield (
                f"signs with {auth.key!r}, which is shorter than {MIN_KEY_BYTES} bytes and could be guessed; "
                "make one with: openssl rand -hex 32"
            )
        case "hmac" if _is_public(value):
            yield (
                f"signs with {auth.key!r}, which is a key that every browser may know (publishable or anon); "
                "make one of its own with: openssl rand -hex 32"
            )


def _is_public(value: str) -> bool:
    """Whether a value is a key that Supabase makes for browsers."""
    if not value.startswith(_JWT_START):
        return value.startswith(_PUBLISHABLE)
    return (_claims(value) or {}).get("role") == "anon"


def _claims(value: str) -> dict[str, Any] | None:
    """The claims of a JWT, whose signature is not checked; None of a text that is no JWT."""
    import jwt  # noqa: PLC0415 - not every stack has one, and each start would pay for it

    try:
        return jwt.decode(value, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return None
