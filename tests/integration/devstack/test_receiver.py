"""The receiver: credentials demanded, requests recorded, answers as told."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from http.client import HTTPConnection, RemoteDisconnected

import pytest

from devstack import Stack
from devstack.credentials import CRON_SECRET, SCHEDULER_SECRET_TOKEN, SERVICE_ROLE_KEY


@pytest.fixture(autouse=True)
def clean(stack: Stack) -> None:
    """Nothing recorded or told by another test."""


def _call(
    stack: Stack, path: str, headers: Mapping[str, str] = {}, body: str = "{}", method: str = "POST"
) -> tuple[int, object]:
    connection = HTTPConnection("127.0.0.1", stack.settings.receiver_port, timeout=10)
    try:
        connection.request(method, path, body.encode(), dict(headers))
        response = connection.getresponse()
        text = response.read().decode()
        return response.status, json.loads(text) if text else None
    finally:
        connection.close()


SERVICE = {"Authorization": f"Bearer {SERVICE_ROLE_KEY}"}


@pytest.mark.parametrize(
    ("function", "headers"),
    [
        ("generate-t5-invoices", {**SERVICE, "apikey": SERVICE_ROLE_KEY}),
        ("notification-worker", {**SERVICE, "ApiKey": SERVICE_ROLE_KEY}),
        ("generate-monthly-invoices", SERVICE),
        ("escalate-overdue-bookings", SERVICE),
        ("run-escalation-orchestration", {"Authorization": f"Bearer {CRON_SECRET}"}),
        ("schedule-create-zoom", {"Authorization": f"Bearer {SCHEDULER_SECRET_TOKEN}"}),
    ],
)
def test_the_six_functions_let_their_credentials_in_and_no_other(
    stack: Stack, function: str, headers: dict[str, str]
) -> None:
    path = f"/functions/v1/{function}"
    assert _call(stack, path, headers) == (200, {"success": True})
    for name in headers:
        rest = {key: value for key, value in headers.items() if key != name}
        missing, wrong = (
            ("Missing authorization header", "Invalid JWT")
            if name == "Authorization"
            else ("No API key found in request", "Invalid API key")
        )
        assert _call(stack, path, rest) == (401, {"code": 401, "message": missing})
        assert _call(stack, path, {**rest, name: "Bearer wrong"}) == (401, {"code": 401, "message": wrong})
    assert [request["status"] for request in stack.requests(function)] == [200] + [401, 401] * len(headers)


def test_what_is_no_function_is_not_found(stack: Stack) -> None:
    not_found = (404, {"code": "NOT_FOUND", "message": "Requested function was not found"})
    for path in ("/functions/v1/nothing", "/functions/v1/", "/", "/rest/v1/rpc/get_secret"):
        assert _call(stack, path) == not_found
    assert [request["function"] for request in stack.requests()] == ["nothing", None, None, None]


def test_a_request_is_recorded_in_full(stack: Stack) -> None:
    stack.set_function("hello")
    before = datetime.now(UTC)
    _call(stack, "/functions/v1/hello/deep?a=%20b", {"X-Thing": "ü".encode().decode("latin-1")}, '{"n": "ü"}', "PUT")
    (request,) = stack.requests("hello")
    assert before <= datetime.fromisoformat(request.pop("time")) <= datetime.now(UTC)
    assert request["headers"].pop("host") == stack.receiver_url.removeprefix("http://")
    assert request["headers"].pop("x-thing") == "ü"
    assert request == {
        "function": "hello",
        "method": "PUT",
        "path": "/functions/v1/hello/deep?a=%20b",
        "headers": {"accept-encoding": "identity", "content-length": "11"},
        "body": '{"n": "ü"}',
        "json": {"n": "ü"},
        "status": 200,
    }


def test_a_body_that_is_not_json(stack: Stack) -> None:
    stack.set_function("hello")
    _call(stack, "/functions/v1/hello", body="{")
    (request,) = stack.requests()
    assert (request["body"], request["json"]) == ("{", None)


def test_a_told_answer_holds_until_it_is_reset(stack: Stack) -> None:
    stack.set_function("hello", status=503, body={"why": "tired"}, headers={"Retry-After": "5"})
    assert _call(stack, "/functions/v1/hello") == (503, {"why": "tired"})
    stack.set_function("hello", status=200)
    assert _call(stack, "/functions/v1/hello") == (200, {"why": "tired"})
    stack.reset_functions("hello")
    assert _call(stack, "/functions/v1/hello")[0] == 404


def test_delay_and_drop(stack: Stack) -> None:
    stack.set_function("hello", delay=0.3)
    started = time.monotonic()
    assert _call(stack, "/functions/v1/hello")[0] == 200
    assert time.monotonic() - started >= 0.3
    stack.set_function("hello", delay=0, drop=True)
    with pytest.raises(RemoteDisconnected):
        _call(stack, "/functions/v1/hello")
    assert [request["status"] for request in stack.requests("hello")] == [200, None]


def test_a_damaged_file_is_said_not_guessed(stack: Stack) -> None:
    stack.places.functions.write_text("{")
    status, answer = _call(stack, "/functions/v1/notification-worker")
    assert status == 500
    assert "is damaged" in str(answer)
    stack.reset_functions()
    assert _call(stack, "/functions/v1/notification-worker")[0] == 401
