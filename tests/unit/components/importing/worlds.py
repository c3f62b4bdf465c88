"""A server as it describes itself, for imports without one: pg_net's functions and two readers of secrets."""

from typing import Any

from components.importing.call import CronRow, Reader, Server, Signature
from components.importing.jobs import outcomes
from components.importing.keys import Keys
from components.importing.outcome import Outcome

_DEFAULTS = {"params": "'{}'::jsonb", "headers": "'{}'::jsonb", "timeout_milliseconds": "5000"}
SERVER = Server(
    role="postgres",
    database="postgres",
    signatures=(
        Signature(
            "net",
            "http_post",
            ("url", "body", "params", "headers", "timeout_milliseconds"),
            {**_DEFAULTS, "body": "'{}'::jsonb", "headers": """'{"Content-Type": "application/json"}'::jsonb"""},
        ),
        Signature("net", "http_get", ("url", "params", "headers", "timeout_milliseconds"), _DEFAULTS),
        Signature(
            "net",
            "http_delete",
            ("url", "params", "headers", "timeout_milliseconds", "body"),
            {**_DEFAULTS, "body": "NULL::jsonb"},
        ),
    ),
    readers={
        "get_secret": Reader("", None),
        "public.get_secret": Reader("", None),
        "private.trimmed": Reader("", None, strips=True),
        "private.the_key": Reader("vault", "service_key"),
    },
)


def imported(*commands: str, keys: Keys | None = None, server: Server = SERVER, **row: Any) -> list[Outcome]:
    """What becomes of jobs with these commands."""
    rows = [
        CronRow(number, **{"name": f"job {number}", "schedule": "0 1 * * *", **_OWNER, "command": command, **row})
        for number, command in enumerate(commands, 1)
    ]
    return list(outcomes(rows, server, keys or Keys()))


_OWNER = {"database": "postgres", "role": "postgres"}


def http(command: str) -> dict[str, Any]:
    """The request that becomes of a job."""
    (outcome,) = imported(command)
    assert outcome.kind in {"exact", "noted"}, outcome
    assert outcome.job is not None
    request: dict[str, Any] = outcome.job["http"]
    return request
