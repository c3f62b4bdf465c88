"""A server that crashes, on a stack of its own: pg_net forgets what it was asked, rotations and the ledger do not."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import psycopg
import pytest

from components.catalogue.job import Job
from components.catalogue.settings import RetentionConfig
from components.declaration.command import compile_command
from components.declaration.declared_objects import runs_sweep_job
from components.run_ledger import RunLedgerProvider
from components.secret import SecretProvider
from devstack import Stack
from tests.integration.components.conftest import at_once
from tests.integration.components.endpoint import Answer, serving
from tests.integration.components.test_rotation import KEY, STACK, probe, secret

Provide = Callable[..., Any]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("stacks"), "crash")
    try:
        made.up()
        yield made
    finally:
        made.clean()


@pytest.fixture
def conninfo(stack: Stack) -> str:
    return stack.conninfo


@pytest.fixture
def superuser_conninfo(stack: Stack) -> str:
    return stack.superuser_conninfo


@pytest.fixture(autouse=True)
def clean(superuser_conninfo: str) -> None:
    """The stack is new, and connections from before the crash are of no use after it."""


def crash(conninfo: str) -> None:
    """Kill one server process, whereupon PostgreSQL ends all and recovers: unlogged tables are empty after that."""
    with closing(psycopg.connect(conninfo)) as killed, closing(psycopg.connect(conninfo)) as witness:
        os.kill(killed.info.backend_pid, signal.SIGKILL)
        with suppress(psycopg.OperationalError):
            witness.execute("SELECT pg_sleep(30)")  # before all are ended, the server still lets somebody in
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(conninfo).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def ask(conninfo: str, query: str) -> Any:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def test_a_rotation_outlives_a_crash(install: Callable[..., None], provide: Provide, conninfo: str) -> None:
    install()
    with serving() as endpoint:
        endpoint.accept("planted-1", "planted-2")
        provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = on")  # the dev stack's server may lose its last moments
            connection.execute("SELECT public.rotate_cron_secret(%s, 'planted-2')", [KEY])
            connection.execute(
                "UPDATE public.cron_secret_probes SET request = request + 1000, control = control + 1000"
            )
        crash(conninfo)
        assert ask(conninfo, "SELECT count(*) FROM public.cron_secret_probes") == 0
        assert ask(conninfo, f"SELECT public.get_secret('{KEY}')") == "planted-1"
        deadline = time.monotonic() + 20
        while ask(conninfo, f"SELECT public.get_secret('{KEY}')") == "planted-1":
            assert time.monotonic() < deadline
            ask(conninfo, "SELECT public.sweep_cron_secrets()")
            time.sleep(0.2)
        assert ask(conninfo, f"SELECT public.get_secret('{KEY}')") == "planted-2"
        assert ask(conninfo, "SELECT count(*) FROM public.cron_secret_stages WHERE stage = 'previous'") == 1


def test_no_run_is_left_without_an_end_and_none_has_the_end_of_another(
    install: Callable[..., None], provide: Provide, conninfo: str
) -> None:
    install("jobs_private")
    provide(RunLedgerProvider).create({"schema_name": "jobs_private", "owner": STACK})
    sweep = at_once(runs_sweep_job("jobs_private", STACK, RetentionConfig()).command).decode()

    def settled() -> bool:
        ask(conninfo, sweep)
        return ask(conninfo, "SELECT NOT EXISTS (SELECT FROM jobs_private.cron_runs WHERE settled_at IS NULL)") is True

    def fire(name: str, url: str, **policies: Any) -> str:
        action = {"url": url, "timeout": 30, **policies}
        job = Job.model_validate({"description": "d", "schedule": "0 1 * * *", "http": action})
        return compile_command(name, job, stack=STACK, schema="jobs_private")

    with serving() as endpoint:
        endpoint.answer = lambda asked: Answer(
            500 if asked.path == "/bad" else 200, delay=2 if asked.path == "/slow" else 0
        )
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = on")  # the dev stack's server may lose its last moments
            connection.execute(fire("before", endpoint.url).encode())
            wait_until(settled)
            for number in range(5):
                connection.execute(fire(f"in-flight-{number}", endpoint.url + "/slow").encode())
            text = fire("retried", endpoint.url + "/slow", retry={"attempts": 2, "backoff": 0.1}, overlap="skip")
            connection.execute("SELECT cron.schedule('retried', '0 0 1 1 *', %s)", [text])
            connection.execute(text.encode())
        crash(conninfo)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(fire("after", endpoint.url + "/bad").encode())  # request 1 again
        wait_until(settled)
    with psycopg.connect(conninfo) as connection:
        found = connection.execute(
            "SELECT job, state FROM jobs_private.cron_run_history WHERE run IS NOT NULL ORDER BY run"
        )
        assert found.fetchall() == [
            ("before", "ok"),
            *((f"in-flight-{number}", "lost") for number in range(5)),
            ("retried", "ok"),
            ("after", "failed"),
        ]
        retried = "SELECT attempt, earlier[1] LIKE '%% lost: the server crashed %%' FROM jobs_private.cron_runs WHERE job = %s"
        assert connection.execute(retried.encode(), ["retried"]).fetchone() == (2, True)
