"""Alerts: requests that the database sends when a job stops doing its work, with one job of pg_cron for each alert."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, JsonValue, model_validator

from components.catalogue.base_model import Model
from components.catalogue.fields import Body, JobName, Seconds
from components.catalogue.pasted_key import pasted_as_field
from components.catalogue.request import METHOD, Request
from components.values.limits import MAX_ARGUMENTS
from components.values.suggestion import nearest
from components.values.template import parse_template

Event = Literal["failed", "exhausted", "recovered", "silent"]

FIELDS = ("message", "job", "event", "run", "detail", "stack")
"""Fields in the texts of an alert's body, such as ``{message}``: columns of take_cron_alerts."""

MAX_TIMEOUT = 50
"""Seconds that an alert waits for its answer at most, since the next one may be due after a minute."""

_MAX_MEMBERS = MAX_ARGUMENTS // 2
"""Members of an object that a statement puts together at most; the same bound holds for lists, for simplicity."""

SLACK: JsonValue = {"text": "{message}"}


class AlertRequest(Request):
    """The request that carries the message; ``{message}`` and other fields stand in the texts of its body."""

    method: Literal["POST"] = Field(default="POST", description=METHOD)
    body: Body = Field(
        default=SLACK,
        description=f"Sent as JSON, as Slack wants it by default; fields in its texts: {{{'}, {'.join(FIELDS)}}}",
    )
    timeout: Seconds = Field(default=10, le=MAX_TIMEOUT, description="Seconds until pg_net gives up.")

    @model_validator(mode="after")
    def _body_holds_known_fields(self) -> Self:
        if any(len(part) > _MAX_MEMBERS for part in _parts(self.body)):
            raise ValueError(f"the body has an object or list of more than {_MAX_MEMBERS} parts; divide it")
        for text in _texts(self.body):
            for name in parse_template(text).keys:
                if name not in FIELDS:
                    unknown = f"has the unknown field {name!r}{nearest(name, FIELDS)}"
                    raise ValueError(f"the body {pasted_as_field(name) or unknown}")
        return self


class Alert(Model):
    """A target, and what it is told of: changes alone, each once."""

    http: AlertRequest = Field(description="Where messages go; a Slack webhook's address is a secret (format: url).")
    on: list[Event] = Field(
        default=["failed", "exhausted", "recovered", "silent"],
        min_length=1,
        description="failed: the first run that came to nothing; exhausted: its retries, too; recovered: a good run "
        "after that; silent: no run where two were due.",
    )
    jobs: list[JobName] | None = Field(default=None, min_length=1, description="The jobs that it is about; or all.")


def _parts(value: JsonValue) -> Iterator[dict[str, JsonValue] | list[JsonValue]]:
    """The objects and lists of a JSON value, itself included."""
    if isinstance(value, dict | list):
        yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from _parts(part)


def _texts(value: JsonValue) -> list[str]:
    """The texts of a JSON value, without the names of members."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for part in parts for text in _texts(part)]
