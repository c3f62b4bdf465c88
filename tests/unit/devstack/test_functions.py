import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from devstack.credentials import CRON_SECRET, SCHEDULER_SECRET_TOKEN, SERVICE_ROLE_KEY
from devstack.errors import InvalidArgument
from devstack.functions import (
    Function,
    changed,
    default_functions,
    read_functions,
    refusal,
    write_functions,
)
from devstack.receiver import answer_for, function_name, response


def test_the_service_role_key_is_a_lasting_jwt() -> None:
    header, payload, signature = SERVICE_ROLE_KEY.split(".")
    decoded = [json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in (header, payload)]
    assert decoded[0] == {"alg": "HS256", "typ": "JWT"}
    assert decoded[1] == {"iss": "supabase-demo", "role": "service_role", "iat": 1735689600, "exp": 2082758400}
    assert len(signature) == 43
    assert CRON_SECRET.startswith("dev_")
    assert SCHEDULER_SECRET_TOKEN.startswith("dev_")


def test_the_six_jobs_functions_are_there() -> None:
    bearer = f"Bearer {SERVICE_ROLE_KEY}"
    assert {name: function.require for name, function in default_functions().items()} == {
        "generate-t5-invoices": {"authorization": bearer, "apikey": SERVICE_ROLE_KEY},
        "run-escalation-orchestration": {"authorization": f"Bearer {CRON_SECRET}"},
        "schedule-create-zoom": {"authorization": f"Bearer {SCHEDULER_SECRET_TOKEN}"},
        "generate-monthly-invoices": {"authorization": bearer},
        "escalate-overdue-bookings": {"authorization": bearer},
        "notification-worker": {"authorization": bearer, "apikey": SERVICE_ROLE_KEY},
    }


def test_functions_survive_the_file(tmp_path: Path) -> None:
    path = tmp_path / "functions.json"
    assert read_functions(path) == default_functions()
    functions = {"a": Function(require={"X-Key": "v"}, status=500, body=None, headers={"A": "b"}, delay=1.5, drop=True)}
    write_functions(path, functions)
    assert read_functions(path) == functions
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": {"stat": 1}}', '{"a": {"delay": -1}}'])
def test_a_damaged_file_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "functions.json"
    path.write_text(text)
    with pytest.raises(InvalidArgument, match="is damaged"):
        read_functions(path)


def test_a_change_leaves_the_rest() -> None:
    function = Function(require={"Apikey": "k"}, delay=1)
    assert changed(function, {"status": 503}) == Function(require={"apikey": "k"}, status=503, delay=1)
    assert changed(function, {"delay": 0}).delay == 0
    with pytest.raises(InvalidArgument, match="status: input should be greater than or equal to 200"):
        changed(function, {"status": 0})


def test_a_refusal_does_not_show_what_was_expected() -> None:
    with pytest.raises(InvalidArgument) as refused:
        changed(Function(), {"require": {"apikey": ["planted"]}})  # type: ignore[dict-item]
    assert "planted" not in str(refused.value)
    assert "planted" not in repr(Function(require={"apikey": "planted"}))


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"authorization": "Bearer a", "apikey": "b", "x-c": "d"}, None),
        ({"apikey": "b", "x-c": "d"}, "Missing authorization header"),
        ({"authorization": "bearer a", "apikey": "b", "x-c": "d"}, "Invalid JWT"),
        ({"authorization": "Bearer a", "x-c": "d"}, "No API key found in request"),
        ({"authorization": "Bearer a", "apikey": "", "x-c": "d"}, "Invalid API key"),
        ({"authorization": "Bearer a", "apikey": "b"}, "Missing x-c header"),
        ({"authorization": "Bearer a", "apikey": "b", "x-c": "D"}, "Invalid x-c header"),
    ],
)
def test_who_is_refused(headers: dict[str, str], refused: str | None) -> None:
    function = Function(require={"Authorization": "Bearer a", "apikey": "b", "X-C": "d"})
    assert refusal(function, headers) == refused
    assert answer_for(function, headers).status == (401 if refused else 200)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/functions/v1/a", "a"),
        ("/functions/v1/a/b/c", "a"),
        ("/functions/v1/", None),
        ("/functions/v1", None),
        ("/functions/v1a/b", None),
        ("/", None),
    ],
)
def test_the_name_in_a_path(path: str, name: str | None) -> None:
    assert function_name(path) == name


@pytest.mark.parametrize(
    ("body", "sent"), [({"a": "ü"}, '{"a": "ü"}'.encode()), ("so", b"so"), (None, None), ([], b"[]"), (0, b"0")]
)
def test_a_body_is_json_or_a_string_as_it_stands(body: Any, sent: bytes | None) -> None:
    answer = response(Function(body=body, headers={"Content-Type": "text/plain"}))
    assert answer.body == sent
    assert answer.headers.getall("Content-Type") == ["text/plain"]
