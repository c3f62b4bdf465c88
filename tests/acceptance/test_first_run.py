"""verifyFirstRun through the engine: up runs what is new or changed, and fails with what the endpoint answered."""

import json
import re
from collections.abc import Iterator

import psycopg
import pytest

from tests.acceptance.conftest import STACK, Project
from tests.integration.components.endpoint import Answer, Endpoint, serving

T5 = "/functions/v1/generate-t5-invoices"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as served:
        served.answer = lambda _: Answer(200, '{"success": true}')
        yield served


@pytest.fixture
def verified(project: Project, endpoint: Endpoint) -> Project:
    project.configure("verifyFirstRun", "true")
    project.configure("--secret", "--path", "secrets.supabase_url", endpoint.url)
    project.configure("--secret", "--path", "secrets.edge_function_url", f"{endpoint.url}/functions/v1")
    return project


def test_up_runs_what_is_new_or_changed_and_fails_where_the_answer_is_bad(
    verified: Project, endpoint: Endpoint, postgres: psycopg.Connection[tuple[object, ...]]
) -> None:
    endpoint.answer = lambda asked: (
        Answer(401, '{"message": "Invalid JWT"}') if asked.path == T5 else Answer(200, '{"success": true}')
    )
    failed = verified.pulumi("up", "--yes")
    assert failed.code != 0
    (told,) = [error for error in failed.errors() if "first run" in error]
    assert "cron job 'generate-t5-invoices': is scheduled, but its first run came to nothing" in told
    assert 'answered with status 401 ({"message": "Invalid JWT"})' in told
    assert "planted" not in failed.output
    paths = [asked.path for asked in endpoint.asked]
    assert len(set(paths)) == 6

    endpoint.asked.clear()
    endpoint.answer = lambda _: Answer(200, '{"success": true}')
    verified.up()
    first_runs = "SELECT job, state FROM public.cron_runs WHERE source = 'first_run' ORDER BY run DESC LIMIT 1"
    assert postgres.execute(first_runs.encode()).fetchone() == ("generate-t5-invoices", "ok")
    told = json.loads(verified.run("cronctl", "verify", "--stack", STACK, "--json").output)["jobs"]
    verdicts = {job["name"]: job["verdict"] for job in told}
    assert verdicts["generate-t5-invoices"] == "ok"
    assert verdicts["run-escalation-orchestration"] == "ok"

    count = "SELECT count(*) FROM public.cron_runs WHERE source = 'first_run'"
    before = postgres.execute(count.encode()).fetchone()
    assert "unchanged" in verified.up().output
    assert postgres.execute(count.encode()).fetchone() == before

    endpoint.answer = lambda asked: Answer(200, '{"success": false}')
    verified.configure("--path", "jobs.run-escalation-orchestration.http.timeout", "20")
    failed = verified.pulumi("up", "--yes")
    assert failed.code != 0
    assert 'a body that is no success ({"success": false})' in failed.output

    verified.configure("--path", "jobs.run-escalation-orchestration.verify_first_run", "false")
    verified.up()


def test_an_answer_gives_the_engine_and_the_terminal_no_orders(verified: Project, endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: Answer(500, "\x1b]0;title\x07 %}> <{%reset%}> <{%fg 1%}> \u202egnp \x9b2J")
    failed = verified.run("pulumi", "up", "--yes", "--stack", STACK, "--non-interactive", "--color", "always")
    assert failed.code != 0
    assert r"(\x1b]0;title\x07 %\}> <\{%reset%\}> <\{%fg 1%\}> \u202egnp \x9b2J)" in failed.output
    assert re.findall("\x1b[^[]|[\x07\x9b\u202e]|panic", failed.output) == []
