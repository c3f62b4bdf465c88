"""What the proof shows of a request: everything but its credentials."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devstack import Stack
from devstack.proof import describe, mask, wait_for_request


@pytest.mark.parametrize(
    ("age", "status", "proves"),
    [(1, 200, True), (110, 204, True), (3 * 3600, 200, False), (1, 401, False), (1, None, False)],
)
def test_a_request_proves_it_that_was_accepted_a_moment_ago(
    age: int, status: int | None, proves: bool, tmp_path: Path
) -> None:
    stack = Stack(tmp_path, "proof")
    stack.places.folder.mkdir()
    time = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
    request = {"function": "notification-worker", "status": status, "time": time}
    other = {**request, "function": "another", "time": datetime.now(UTC).isoformat(), "status": 200}
    stack.places.requests.write_text("".join(json.dumps(each) + "\n" for each in (request, other)))
    assert wait_for_request(stack, "notification-worker", 0) == (request if proves else None)


def test_credentials_are_masked_and_the_rest_is_shown() -> None:
    text = describe(
        {
            "time": "2026-11-25T01:25:00+00:00",
            "method": "POST",
            "path": "/functions/v1/notification-worker",
            "status": 200,
            "headers": {"authorization": "Bearer planted-key", "apikey": "planted-key", "user-agent": "pg_net/x"},
            "json": {"limit": 5, "runs": 1},
        }
    )
    assert text.splitlines() == [
        "2026-11-25T01:25:00+00:00  POST /functions/v1/notification-worker  ->  200",
        "  authorization: Bearer (11 characters)",
        "  apikey: (11 characters)",
        "  user-agent: pg_net/x",
        '  {"limit": 5, "runs": 1}',
    ]


def test_a_value_without_a_scheme_is_masked_whole() -> None:
    assert mask("planted") == "(7 characters)"
