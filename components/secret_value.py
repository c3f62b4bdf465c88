"""What can be wrong with a secret's value, told without showing any of it."""

import math
import re
from collections.abc import Iterator
from datetime import datetime

import jwt

from components.catalogue import Catalogue, SecretSpec
from components.fields import http_url, is_placeholder
from components.template import secret_keys

MAX_BYTES = 8192
"""A header line longer than this is refused by common HTTP servers (nginx and node count 8 KiB for all of them)."""

_NEW_KEY = "sb_"
_JWT_START = "eyJ"


def value_problem(spec: SecretSpec, value: str, now: datetime) -> str | None:  # noqa: PLR0911 - one line a rule
    """The first mistake in a value, as the end of a sentence that starts with the secret's name, or None.

    ``now`` is an aware datetime, against which a JWT's ``exp`` is held.
    """
    if not value:
        return "is empty"
    if is_placeholder(value):
        return "is still a placeholder"
    if value != value.strip() or "\n" in value or "\r" in value:
        return "has a line break or blanks around it; set it again without"
    if value[0] in "'\"" or value[-1] in "'\"":
        return "has quotes around it; set it again without"
    if re.search(r"[\x00-\x1f\x7f]", value):
        return "holds control characters; set it again without"
    if len(value.encode()) > MAX_BYTES:
        return f"is longer than {MAX_BYTES} bytes, more than a header may be"
    match spec.format:
        case "url":
            return _url_problem(value)
        case "jwt":
            return _jwt_problem(value, spec.role, now)
        case "api_key":
            if value.startswith(_JWT_START):
                return "is a legacy JWT, not an API key (sb_…); declare it with format: jwt"
            if not value.startswith(_NEW_KEY):
                return "is not an API key; Supabase's start with sb_secret_ or sb_publishable_"
    return None


def _url_problem(value: str) -> str | None:
    try:
        http_url(value)
    except ValueError as exc:
        return str(exc)
    return "ends with '/', which jobs would double; set it again without" if value.endswith("/") else None


def _jwt_problem(value: str, role: str | None, now: datetime) -> str | None:
    if value.startswith(_NEW_KEY):
        return "is a new API key (sb_…), not a JWT; declare it with format: api_key and send it in 'apikey' only"
    try:
        claims = jwt.decode(value, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return "is not a JWT; copy the whole key, three parts with dots between"
    if role is not None and (found := claims.get("role")) != role:
        shown = repr(found) if isinstance(found, str) and re.fullmatch(r"[a-z_]{1,40}", found) else "none"
        return f"is a JWT for the role {shown}, but must be one for {role!r}"
    expires = claims.get("exp")
    if isinstance(expires, int | float) and math.isfinite(expires) and expires <= now.timestamp():
        return "is an expired JWT; set a current key"
    return None


def misplaced_keys(catalogue: Catalogue, values: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(job, sentence) for each job that would send a new API key as a bearer, which Supabase refuses as no JWT."""
    new = {key for key, value in values.items() if value.startswith(_NEW_KEY)}
    for name, job in catalogue.jobs.items():
        for header, template in job.http.headers.items() if job.http else ():
            for key in secret_keys(template) if header.lower() == "authorization" else ():
                if key in new:
                    yield (
                        name,
                        f"sends {key!r} in {header}, but it is a new API key (sb_…) and no JWT; send it in 'apikey' "
                        "alone and deploy the function with verify_jwt = false",
                    )
