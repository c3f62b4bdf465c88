"""The proof that a job works: the last accepted request of a function, shown without its credentials."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from devstack.stack import Stack

POLL = 0.5
"""Seconds between two looks."""

ACCEPTED = range(200, 300)
"""A call with wrong credentials proves nothing."""

FRESH = timedelta(minutes=2)
"""An older request tells of a stack that worked once, before it was stopped."""

MASKED = {"authorization", "apikey"}


def wait_for_request(stack: Stack, function: str, timeout: float) -> dict[str, Any] | None:
    """The last accepted request of a function in the last minutes, as :func:`devstack.receiver.record` writes it.

    Waits up to ``timeout`` seconds for one to come; None when none does.
    """
    end = time.monotonic() + timeout
    while not (found := [each for each in stack.requests(function) if _proves(each)]):
        if time.monotonic() > end:
            return None
        time.sleep(POLL)
    return found[-1]


def _proves(request: dict[str, Any]) -> bool:
    recent = datetime.fromisoformat(request["time"]) > datetime.now(UTC) - FRESH
    return recent and request["status"] in ACCEPTED


def describe(request: dict[str, Any]) -> str:
    """The request for a person, credentials masked."""
    headers = (
        f"  {name}: {mask(value) if name.lower() in MASKED else value}" for name, value in request["headers"].items()
    )
    first = f"{request['time']}  {request['method']} {request['path']}  ->  {request['status']}"
    return "\n".join([first, *headers, f"  {json.dumps(request['json'])}"])


def mask(value: str) -> str:
    """A credential by its scheme and length alone."""
    scheme, _, rest = value.rpartition(" ")
    return f"{scheme + ' ' if scheme else ''}({len(rest)} characters)"
