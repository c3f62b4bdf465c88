"""Answers that nobody expects, over HTTP and in every combination with a predicate: each run has its verdict."""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import psycopg
import pytest

from components.catalogue.settings import RetentionConfig
from components.declaration.command import multirange
from components.declaration.declared_objects import runs_sweep_job
from components.run_ledger import RunLedgerProvider
from tests.integration.components.conftest import Provide, at_once
from tests.integration.components.endpoint import Answer, Endpoint
from tests.integration.components.test_run_ledger import failed_steps, fire, settle, settled

STACK = "supabase-cron/test"
LEDGER = {"schema_name": "public", "owner": STACK}
NO_TEXT = "the answer is no text that jsonb can hold"
NO_SUCCESS = "answered with status 200 and a body that is no success"

Connection = psycopg.Connection[tuple[Any, ...]]

ANSWERS: dict[str, str | None] = {
    "good": '{"success": true}',
    "bad": '{"success": false}',
    "nothing": None,
    "empty": "",
    "html": "<html>Sign in</html>",
    "nul": '{"success": "\\u0000"}',
    "half a pair": '{"success": "\\ud800"}',
    "number": '{"success": 1e999999}',
    "many digits": '{"success": 0.' + "1" * 20_000 + "}",
    "deep": "[" * 20_000 + "]" * 20_000,
    "long": json.dumps({"success": "x" * 1_000_000}),
    "wide": json.dumps({str(n): n for n in range(20_000)}),
    "two": '{"success": true, "success": false}',
    "array": "[1, 2, 3]",
    "text": '"true"',
    "null": "null",
    "times": '{"n": "2026-11-28", "m": "2026-11-28T10:00:00+01:00"}',
    "no times": '{"n": "yesterday", "m": 7}',
    "backslashes": "\\" * 500,
    "format": "%s %1$s %% {} {{}}",
    "white": "\ufeff {} \u2028",
}
PREDICATES: tuple[str | None, ...] = (
    None,
    "$.success == true",
    "$.success",
    "strict $.success.a.b == 1",
    "$.n.datetime() < $.m.datetime()",
    "$.n.double() > 1",
    '$.success like_regex "^a+$"',
    "$.success / 0 == 1",
    "exists($.**)",
    "$",
)
HEADERS: tuple[Any, ...] = (None, {}, [], "text", {"Location": "https://elsewhere.example"}, {"location": 7})


@pytest.fixture(autouse=True)
def installed(install: Callable[..., None], provide: Provide, clean: None, superuser: Connection) -> None:
    install()
    provide(RunLedgerProvider).create(LEDGER)
    superuser.execute("DELETE FROM net._http_response WHERE id >= 1000000")


def test_the_sweep_judges_whatever_comes(postgres: Connection, superuser: Connection) -> None:
    kept = [*product(ANSWERS.values(), PREDICATES, HEADERS[:1]), *product(["{}"], PREDICATES[:1], HEADERS)]
    rules = [*(_rule(body=predicate) for _, predicate, _ in kept), {"status": "no range"}, {}, {"timeout": "soon"}]
    for request, rule in enumerate(rules, start=10**6):
        postgres.execute("SELECT public.record_cron_run('job', %s, %s)", [request, json.dumps(rule)])
    for request, (body, _, headers) in enumerate(kept, start=10**6):
        _answer(superuser, request, body, None if headers is None else json.dumps(headers))
    for request in range(10**6 + len(kept), 10**6 + len(rules)):
        _answer(superuser, request, "{}", None)
    settle(postgres)
    found = postgres.execute("SELECT state, detail FROM public.cron_runs ORDER BY run").fetchall()
    assert {state for state, _ in found} == {"ok", "failed"}
    verdicts = dict(
        zip([(body, predicate) for body, predicate, _ in kept[: len(ANSWERS) * len(PREDICATES)]], found, strict=False)
    )
    assert verdicts[ANSWERS["good"], "$.success == true"] == ("ok", None)
    assert verdicts[ANSWERS["bad"], "$.success == true"] == ("failed", NO_SUCCESS)
    for name in ("nul", "number"):
        assert verdicts[ANSWERS[name], "$.success == true"] == ("failed", NO_TEXT)
        assert verdicts[ANSWERS[name], None] == ("ok", None)
    state, detail = verdicts[ANSWERS["times"], "$.n.datetime() < $.m.datetime()"]
    assert (state, detail.partition(" (")[0]) == (
        "failed",
        "answered with status 200 and a body that its predicate cannot be held against",
    )
    assert all(detail.startswith("the answer cannot be judged (SQLSTATE") for _, detail in found[-3:-2])


@pytest.mark.parametrize(
    "body",
    [
        bytes(range(1, 256)),
        *(bytes([byte]) for byte in range(128, 256, 16)),
        "Zugriff verweigert, Grüße".encode("latin-1"),
        '{"success": true}'.encode("utf-16"),
        gzip.compress(b"a page" * 40, mtime=0),
        "abgeschnitten €".encode()[:-1],
        b"\0 begins with a NUL",
    ],
)
def test_bytes_that_are_no_text_reach_no_reader(postgres: Connection, endpoint: Endpoint, body: bytes) -> None:
    endpoint.answer = lambda asked: Answer(body=body if asked.path == "/odd" else '{"success": true}')
    expected = {"success": {"body": "$.success == true"}}
    fire(postgres, f"{endpoint.url}/odd", name="odd", **expected)
    fire(postgres, f"{endpoint.url}/odd", name="unasked")
    fire(postgres, f"{endpoint.url}/good", name="good", **expected)
    settled(postgres)
    found = postgres.execute("SELECT job, state, detail, response FROM public.cron_run_history").fetchall()
    states = {job: (state, detail) for job, state, detail, _ in found}
    assert states["good"] == ("ok", None)
    assert states["unasked"] == ("ok", None)
    assert states["odd"] in {("failed", NO_TEXT), ("failed", NO_SUCCESS)}
    (shown,) = {response for job, _, _, response in found if job != "good"}
    ascii_only = body.split(b"\0")[0].decode("ascii", "replace")
    assert (shown or "").replace("?", "") == ascii_only.replace("\ufffd", "").replace("?", "")


@pytest.mark.parametrize(
    "message",
    [
        "Timeout was reached",
        "Timeout of 5000 ms reached. Total time: 5000.123000 ms (DNS time: 1.0 ms)",
        "Operation timed out after 1000 milliseconds with 0 bytes received",
        "Connection timed out after 1001 milliseconds",
        "Connection timeout after 1001 ms",
        "Resolving timed out after 1001 milliseconds",
    ],
)
def test_the_several_timeouts_of_libcurl_are_tried_again(
    postgres: Connection, superuser: Connection, message: str
) -> None:
    assert _verdict_on(postgres, superuser, message) == ("retrying", True)


def test_what_was_never_sent_is_no_timeout_and_is_not_tried_again(postgres: Connection, superuser: Connection) -> None:
    assert _verdict_on(postgres, superuser, "timeout_milliseconds must be between 1 and 300000") == ("failed", False)
    detail = "was never sent: timeout_milliseconds must be between 1 and 300000"
    assert postgres.execute("SELECT detail FROM public.cron_runs").fetchall() == [(detail,)]


def test_a_redirect_that_was_followed_is_told_or_refused(postgres: Connection, endpoint: Endpoint) -> None:
    endpoint.answer = lambda asked: Answer(302, location="/login") if asked.path == "/moved" else Answer()
    for name, success in (("plain", {}), ("refuse", {"redirects": "refuse"}), ("follow", {"redirects": "follow"})):
        fire(postgres, f"{endpoint.url}/moved", name=name, success=success)
    fire(postgres, f"{endpoint.url}/here", name="here", success={"redirects": "refuse"})
    settled(postgres)
    rows = postgres.execute("SELECT job, state, detail FROM public.cron_runs").fetchall()
    assert {job: (state, detail) for job, state, detail in rows} == {
        "plain": ("ok", "answered after a redirect"),
        "refuse": ("failed", "answered with status 200, but by another address, to which it was redirected"),
        "follow": ("ok", None),
        "here": ("ok", None),
    }


def test_a_secret_among_bytes_that_are_no_text_is_taken_out(postgres: Connection, endpoint: Endpoint) -> None:
    for key, value in (("plain", "planted-plain-1"), ("accents", "plänted-äccents-1")):
        postgres.execute("INSERT INTO public.cron_secrets (key, value) VALUES (%s, %s)", [key, value])
    endpoint.answer = lambda _: Answer(body=b"\xff planted-plain-1 \xfe" + "plänted-äccents-1".encode() + b"\xe9")
    fire(postgres, endpoint.url)
    settled(postgres)
    (response,) = postgres.execute("SELECT response FROM public.cron_run_history").fetchone() or ()
    assert response == "? *** ?***?"


def test_rows_that_an_earlier_version_spoilt_are_mended(
    provide: Provide, postgres: Connection, superuser: Connection
) -> None:
    with raw(superuser):
        superuser.execute(
            "INSERT INTO public.cron_runs (job, state, settled_at, response, detail) "
            "VALUES ('old', 'failed', now(), pg_temp.raw('\\x41ff42'), pg_temp.raw('\\xc3'))"
        )
    with pytest.raises(UnicodeDecodeError):
        postgres.execute("SELECT response FROM public.cron_runs").fetchall()
    postgres.execute("DROP TABLE public.cron_sweeps")
    provide(RunLedgerProvider).create(LEDGER)
    assert postgres.execute("SELECT response, detail FROM public.cron_runs").fetchall() == [("A?B", "?")]


def test_a_step_that_fails_is_written_down_and_the_others_do_their_work(
    postgres: Connection, endpoint: Endpoint
) -> None:
    fire(postgres, endpoint.url)
    postgres.execute(
        "CREATE OR REPLACE FUNCTION public.watch_cron_jobs() RETURNS boolean LANGUAGE plpgsql "
        "AS 'BEGIN RAISE EXCEPTION $$a planted fault$$; END'"
    )
    sweep = at_once(runs_sweep_job("public", STACK, RetentionConfig()).command)
    deadline = time.monotonic() + 20
    while postgres.execute("SELECT FROM public.cron_runs WHERE state = 'ok'").rowcount == 0:
        assert time.monotonic() < deadline
        postgres.execute(sweep)
        time.sleep(0.1)
    assert failed_steps(postgres) == [("watch_cron_jobs", "a planted fault")]
    well = "SELECT step FROM public.cron_sweeps WHERE ended_at > now() - interval '1 minute' ORDER BY step"
    assert [step for (step,) in postgres.execute(well)] == [
        *("purge_cron_job_runs", "purge_cron_runs", "retry_cron_runs", "settle_cron_job_runs", "settle_cron_runs"),
        *("settle_cron_secret", "sweep_cron_runs"),
    ]


@contextmanager
def raw(superuser: Connection) -> Iterator[None]:
    """With ``pg_temp.raw``, which makes a text of bytes that nothing validates, as pg_net itself does in C."""
    superuser.execute(
        "CREATE FUNCTION pg_temp.raw(bytes bytea, start int DEFAULT 1) RETURNS text "
        "LANGUAGE internal IMMUTABLE STRICT AS 'bytea_substr_no_len'"
    )
    yield
    superuser.execute("DROP FUNCTION pg_temp.raw")


def _verdict_on(postgres: Connection, superuser: Connection, message: str) -> tuple[str, bool]:
    """The state of a run with retries, for which pg_net has an error instead of an answer, and whether it may go on."""
    policy = {"retry": {"attempts": 3, "backoff": 60, "max_backoff": 60, "on": ["failed", "timed_out"]}}
    (run,) = postgres.execute("SELECT run FROM public.begin_cron_run('job', %s)", [json.dumps(policy)]).fetchone() or ()
    rule = json.dumps(_rule(body=None))
    postgres.execute("SELECT public.record_cron_run_request(%s, 1000000, %s)", [run, rule])
    superuser.execute(
        "INSERT INTO net._http_response (id, timed_out, error_msg) VALUES (1000000, false, %s)", [message]
    )
    settle(postgres)
    found = postgres.execute("SELECT state, retry_at IS NOT NULL FROM public.cron_runs").fetchone()
    assert found is not None
    return found[0], found[1]


def _rule(body: str | None) -> dict[str, Any]:
    rule: dict[str, Any] = {"timeout": 5.0, "status": multirange(range(200, 300))}
    return rule if body is None else {**rule, "body": body}


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (503, {"x-served-by": "supabase-edge-runtime"}, " by the edge runtime"),
        (502, {"x-served-by": "supabase-edge-runtime"}, " by the edge runtime"),
        (500, {"x-served-by": "supabase-edge-runtime"}, ""),
        (503, {"x-served-by": "cache-fra-1"}, ""),
        (503, {}, ""),
        (503, None, ""),
    ],
)
def test_who_answered_is_told_where_the_answer_says_so(
    status: int, headers: dict[str, str] | None, told: str, postgres: Connection
) -> None:
    row = postgres.execute(
        "SELECT state, detail FROM public.judge_cron_answer(%s, %s, '', false, NULL, %s)",
        [status, None if headers is None else json.dumps(headers), json.dumps({"status": "{[200,300)}"})],
    ).fetchone()
    assert row == ("failed", f"answered with status {status}{told}")


def _answer(superuser: Connection, request: int, body: str | None, headers: str | None) -> None:
    superuser.execute(
        "INSERT INTO net._http_response (id, status_code, headers, content, timed_out) VALUES (%s, 200, %s, %s, false)",
        [request, headers, body],
    )
