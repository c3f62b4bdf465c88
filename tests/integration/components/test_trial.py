"""What the server is asked of a job before it is made: refused in its own words, and nothing carried out."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from components.catalogue.job import Job
from components.cron_job import CronJobProvider
from components.database.connection import Database
from components.database.statement_trial import try_request
from components.declaration.command import compile_command
from components.run_ledger import RunLedgerProvider
from tests.integration.components.conftest import STACK, Provide

Connection = psycopg.Connection[tuple[Any, ...]]
PREDICATE_REFUSED = "cron job 'nightly': success.body"


def statement(text: str) -> dict[str, Any]:
    job = Job.model_validate({"description": "d", "schedule": "0 1 * * *", "sql": text})
    command = compile_command("nightly", job, stack=STACK, schema="public")
    return {"name": "nightly", "schedule": job.schedule.text, "command": command, "owner": STACK}


def request(predicate: str, **changes: Any) -> dict[str, Any]:
    http = {"url": "https://example.com", "timeout": 5, "success": {"body": predicate}, **changes}
    job = Job.model_validate({"description": "d", "schedule": "0 1 * * *", "http": http})
    command = compile_command("nightly", job, stack=STACK, schema="public")
    declared = {"success": {"body": predicate}}
    return {"name": "nightly", "schedule": job.schedule.text, "command": command, "owner": STACK, "declared": declared}


def refusal(provide: Provide, given: dict[str, Any], olds: dict[str, Any] | None = None) -> str | None:
    failures = provide(CronJobProvider).check(olds or {}, given).failures
    return failures[0].reason if failures else None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("selct 1", 'syntax error at or near "selct"'),
        ("SELECT 1; selct 2", 'syntax error at or near "selct"'),
        ("SELECT nothing", 'column "nothing" does not exist'),
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELECT no_function()", "function no_function() does not exist"),
        ("CALL nothing()", "procedure nothing() does not exist"),
        ("UPDATE pg_catalog.pg_class SET relname = relname", "permission denied for table pg_class"),
        ("SELECT $1", "there is no parameter $1"),
    ],
)
def test_a_statement_that_the_server_cannot_run_is_refused(provide: Provide, text: str, told: str) -> None:
    found = refusal(provide, statement(text))
    assert found is not None
    assert found.startswith(f"cron job 'nightly': the server cannot run its sql: {told}")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "SELECT 1;",
        "-- a comment\nSELECT 1 -- and another",
        "CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1); DROP TABLE t",
        "VACUUM",
        "ANALYZE pg_catalog.pg_class",
        "DO $$ BEGIN RAISE EXCEPTION 'run'; END $$",
        "NOTIFY changed",
        "DELETE FROM pg_temp_nothing.nowhere WHERE public.get_secret('a') = ''",  # the first up makes what it calls
        "SELECT public.get_secret('a')",
        "SELECT unqualified()",
        "EXPLAIN ANALYZE SELECT pg_sleep(600)",
        "SELECT pg_sleep(600)",
    ],
)
def test_one_that_it_can_run_is_taken_and_not_carried_out(provide: Provide, postgres: Connection, text: str) -> None:
    postgres.execute("CREATE OR REPLACE FUNCTION public.unqualified() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    try:
        assert refusal(provide, statement(text)) is None
    finally:
        postgres.execute("DROP FUNCTION public.unqualified")


def test_nothing_of_several_statements_is_carried_out(provide: Provide, postgres: Connection) -> None:
    postgres.execute("CREATE TABLE public.kept AS SELECT 1 AS a")
    try:
        assert refusal(provide, statement("SELECT 1; COMMIT; DROP TABLE public.kept")) is None
        assert refusal(provide, statement("TRUNCATE public.kept")) is None
        assert postgres.execute("SELECT a FROM public.kept").fetchall() == [(1,)]
    finally:
        postgres.execute("DROP TABLE public.kept")


@pytest.mark.parametrize("predicate", ["$.a ===", "a", '$.a like_regex "("', "$..b", ""])
def test_a_predicate_that_the_server_cannot_compile_is_refused(provide: Provide, predicate: str) -> None:
    found = refusal(provide, request(predicate))
    assert found is not None
    assert found.startswith(f"{PREDICATE_REFUSED} {predicate!r} is no jsonpath: ")


@pytest.mark.parametrize(
    "predicate", ["$.success == true", "$.n.datetime() < $.m.datetime()", "strict $.a", "exists($)"]
)
def test_one_that_it_can_compile_is_taken(provide: Provide, predicate: str) -> None:
    assert refusal(provide, request(predicate)) is None


def test_what_is_as_it_was_is_not_asked_again(
    install: Callable[..., None], provide: Provide, monkeypatch: pytest.MonkeyPatch
) -> None:
    install()
    provide(RunLedgerProvider).create({"schema_name": "public", "owner": STACK})
    given = statement("SELECT 1")
    created = provide(CronJobProvider).create(given)
    asked: list[str] = []
    monkeypatch.setattr("components.cron_job.try_statement", lambda _, text, __: asked.append(text))
    assert refusal(provide, given, created.outs) is None
    assert asked == []
    assert refusal(provide, statement("SELECT 2"), created.outs) is None
    assert len(asked) == 1


@pytest.fixture
def hardened(superuser: Connection) -> Iterator[None]:
    """A server on which somebody took from PUBLIC what pg_net grants it."""
    superuser.execute("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA net FROM PUBLIC, postgres")
    yield
    superuser.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA net TO PUBLIC")


def test_a_request_that_its_role_may_not_send_is_refused(
    install: Callable[..., None], provide: Provide, hardened: None
) -> None:
    install()
    provide(RunLedgerProvider).create({"schema_name": "public", "owner": STACK})
    assert refusal(provide, request("$.success == true")) == (
        "cron job 'nightly': the server cannot run its command: permission denied for function http_post; let who owns "
        "it grant that to this role"
    )


def test_what_the_same_up_makes_first_is_no_fault(provide: Provide, clean: None, hardened: None) -> None:
    assert refusal(provide, request("$.success == true")) is None


def test_those_that_call_the_same_are_tried_once(
    install: Callable[..., None], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    install()
    tried: list[str] = []
    monkeypatch.setattr(Database, "explain", lambda _, text: tried.append(text))
    for path in ("a", "b"):
        for method in ("GET", "POST"):
            try_request(database, request("$.a", url=f"https://example.com/{path}", method=method)["command"])
    assert len(tried) == 2


def test_a_job_of_that_name_for_another_database_is_refused(provide: Provide, superuser: Connection) -> None:
    superuser.execute("SELECT cron.schedule_in_database('nightly', '0 1 * * *', 'SELECT 1', 'template1', 'postgres')")
    found = refusal(provide, {**statement("SELECT 1"), "adopt": True})
    assert found is not None
    assert "for the database 'template1'" in found
