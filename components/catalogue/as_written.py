"""A job's request as a person wrote it, for a preview to show beside the SQL that was made of it. Pure.

A state holds it twice for each job, and each engine run reads and writes it: so it has no defaults and no long values.
"""

import json
from typing import Any

from components.catalogue.job import Job
from components.values.duration import in_words

LONGEST = 1000
"""Characters of JSON of a body or of the headers at most; longer JSON is cut."""

_POLICIES = {"retry", "overlap", "idempotency"}


def as_written(job: Job) -> dict[str, Any] | None:
    """The request of a job as names and JSON values; None for a job with a statement, which is its command already."""
    if (http := job.http) is None:
        return None
    shown: dict[str, Any] = {"request": f"{http.method} {http.url.text}", "timeout": in_words(http.timeout)}
    if http.auth is not None:
        shown["auth"] = f"{http.auth.form} {http.auth.key}"
    if http.headers:
        shown["headers"] = _short({name: value.text for name, value in http.headers.items()})
    if http.body is not None:
        shown["body"] = _short(http.body)
    if http.body_sql is not None:  # whole: the server tries what stands here
        shown["body_sql"] = http.body_sql
    if success := http.success.model_dump(mode="json", exclude_defaults=True, exclude_none=True):
        shown["success"] = success
    shown |= http.model_dump(mode="json", include=_POLICIES, exclude_defaults=True, exclude_none=True)
    return shown | job.model_dump(
        mode="json", by_alias=True, include={"active_between", "catch_up"}, exclude_defaults=True, exclude_none=True
    )


def _short(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    text = json.dumps(value, ensure_ascii=False)
    return value if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
