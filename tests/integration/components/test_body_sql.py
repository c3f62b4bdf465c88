"""Members of a body that SQL expressions make: judged by the server before, made when the job runs, signed as sent."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from components.catalogue.as_written import as_written
from components.catalogue.job import Job
from components.cron_job import CronJobProvider
from components.declaration.command import compile_command
from components.run_ledger import RunLedgerProvider
from docs.signing.verify import verify_cron_request
from tests.integration.components.conftest import STACK, Provide
from tests.integration.components.endpoint import Answer, Endpoint
from tests.integration.components.test_run_ledger import LEDGER, settle
from tests.integration.components.test_signing import KEY, SCHEMA, Receiver, receiver, store

__all__ = ["receiver", "store"]

Connection = psycopg.Connection[tuple[Any, ...]]


def job(url: str, made: dict[str, Any], **http: Any) -> Job:
    sent = {"url": url, "timeout": 5, "body_sql": made, **http}
    return Job.model_validate({"description": "d", "schedule": "0 1 * * *", "http": sent})


def args(declared: Job, schema: str = "public") -> dict[str, Any]:
    command = compile_command("nightly", declared, stack=STACK, schema=schema)
    written = as_written(declared)
    return {"name": "nightly", "schedule": "0 1 * * *", "command": command, "owner": STACK, "declared": written}


def refusal(provide: Provide, made: dict[str, Any]) -> str | None:
    failures = provide(CronJobProvider).check({}, args(job("https://example.com/x", made))).failures
    return failures[0].reason if failures else None


@pytest.mark.parametrize("auth", [None, {"hmac": "hmac_key"}])
def test_the_body_has_the_time_of_the_run(auth: dict[str, str] | None, store: Connection, receiver: Receiver) -> None:
    made = {
        "time": "now()",
        "text": "concat(now())",
        "rows": "(SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 'pg_class')",
        "count": "count(*)",
        "nothing": "NULL::text",
        "literal": "'it''s {%s} \\ ü'",
        "meta": {"list": "ARRAY[1, 2]", "object": "jsonb_build_object('a', 1.50)"},
        "lines": "1 -- one\n + 1\n",
    }
    declared = job(f"{receiver.url}/x", made, auth=auth, body={"a": 1.5, "meta": {"b": None}})
    before = datetime.now(UTC) - timedelta(seconds=1)
    store.execute(compile_command("nightly", declared, stack=STACK, schema=SCHEMA).encode())
    got = receiver.next()
    body = json.loads(got.body)
    assert before < datetime.fromisoformat(body.pop("time")) < datetime.now(UTC) + timedelta(seconds=1)
    assert body.pop("text")[:10] == f"{before:%Y-%m-%d}"
    assert body == {
        **{"a": 1.5, "rows": 1, "count": 1, "nothing": None, "literal": "it's {%s} \\ ü", "lines": 2},
        "meta": {"b": None, "list": [1, 2], "object": {"a": 1.5}},
    }
    if auth:
        verify_cron_request("POST", "/x", got.body, got.headers["x-cron-signature"], [KEY])


def test_a_clone_makes_and_sends_nothing(store: Connection, receiver: Receiver) -> None:
    """An aggregate of the command itself would send although the guard takes its row away."""
    store.execute(
        f"CREATE OR REPLACE FUNCTION {SCHEMA}.guard_cron_queue() RETURNS boolean LANGUAGE sql AS 'SELECT false'".encode()
    )
    command = compile_command("nightly", job(receiver.url, {"n": "count(*)"}), stack=STACK, schema=SCHEMA)
    assert store.execute(command.encode()).fetchall() == []
    assert store.execute("SELECT count(*) FROM net.http_request_queue").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("nothing", 'column "nothing" does not exist'),
        ("no_function()", "function no_function() does not exist"),
        ("now(", "syntax error"),
        ("begun.run", 'missing FROM-clause entry for table "begun"'),
        ("request.url", 'missing FROM-clause entry for table "request"'),
        ("$1", "there is no parameter $1"),
        ("generate_series(1, 3)", "set-returning functions are not allowed in CASE"),
        ("now() AS x", "syntax error"),
        ("now() FROM pg_catalog.pg_class", "syntax error"),
        ("SELECT 1; SELECT 2", "syntax error"),
        ("SELECT 1, 2", "subquery must return only one column"),
        ("1; DROP TABLE public.kept", "syntax error"),
        ("1); DROP TABLE public.kept; SELECT (1", "syntax error"),
        ("1) END; DROP TABLE public.kept; SELECT CASE WHEN true THEN (1", "syntax error"),
        ("1)))); DROP TABLE public.kept; --", "syntax error"),
        ("1 --", "syntax error"),
        ("1) --", "syntax error"),
        ("1) END --", "syntax error"),
        ("1 /*", "unterminated /* comment"),
        ("'", "unterminated quoted string"),
        ("now()) FROM pg_catalog.pg_class WHERE (true", "syntax error"),
        ("now()) END FROM pg_catalog.pg_class WHERE CASE WHEN true THEN (true", "syntax error"),
        ("1), (2", "syntax error"),
        ("1) UNION ALL SELECT (2", "syntax error"),
    ],
)
def test_what_is_no_expression_is_refused_before(
    provide: Provide, postgres: Connection, expression: str, told: str
) -> None:
    postgres.execute("CREATE TABLE public.kept AS SELECT 1 AS a")
    try:
        found = refusal(provide, {"meta": {"made": expression}})
        assert postgres.execute("SELECT a FROM public.kept").fetchall() == [(1,)]
    finally:
        postgres.execute("DROP TABLE public.kept")
    assert found is not None
    assert told in found
    assert "\n" not in found
    by_key = "cron job 'nightly': the server cannot make body_sql.meta.made by one expression: "
    assert found.startswith((by_key, "cron job 'nightly': the server cannot run its command: syntax error"))
    if " END" not in expression:
        assert found.startswith(by_key)


@pytest.mark.parametrize(
    "expression",
    ["now()", "'x'", "ROW(1, 2)", "(SELECT 1)", "SELECT 1", "1) + (2", "pg_sleep(600)", "public.get_secret('a') = ''"],
)
def test_one_expression_is_taken_and_not_evaluated(provide: Provide, clean: None, expression: str) -> None:
    began = time.monotonic()
    assert refusal(provide, {"made": expression}) is None
    assert time.monotonic() - began < 60


def test_another_attempt_makes_its_body_anew(
    install: Callable[..., None], provide: Provide, clean: None, postgres: Connection, endpoint: Endpoint
) -> None:
    install()
    provide(RunLedgerProvider).create(LEDGER)
    codes = [503, 200]
    endpoint.answer = lambda _: Answer(codes.pop(0) if len(codes) > 1 else codes[0])
    declared = job(
        endpoint.url,
        {"time": "clock_timestamp()"},
        body={"a": 1},
        retry={"attempts": 2, "backoff": 0.1},
        idempotency="Idempotency-Key",
    )
    given = args(declared)
    provider = provide(CronJobProvider)
    assert not provider.check({}, given).failures
    provider.create(given)
    postgres.execute(given["command"].encode())
    deadline = time.monotonic() + 60
    while len(endpoint.asked) < 2:
        assert time.monotonic() < deadline, endpoint.asked
        time.sleep(0.2)
        settle(postgres)
    first, second = (json.loads(asked.body) for asked in endpoint.asked)
    assert first["a"] == second["a"] == 1
    assert datetime.fromisoformat(first["time"]) < datetime.fromisoformat(second["time"])
    assert len({asked.headers["Idempotency-Key"] for asked in endpoint.asked}) == 1
