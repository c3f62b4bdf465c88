"""The worker's rounds: what becomes visible when, what is repeated, and what survives the death of a part."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.rows import DictRow, dict_row

from devstack import Stack
from devstack.processes import holder, stop

Connection = psycopg.Connection[DictRow]
Deliver = Callable[..., DictRow]
WaitFor = Callable[..., Any]


@pytest.fixture(autouse=True)
def hello(stack: Stack) -> str:
    stack.set_function("hello")
    return f"{stack.functions_url}/hello"


@pytest.fixture
def server_setting(superuser: Connection) -> Iterator[Callable[[str, str], None]]:
    def change(name: str, value: str) -> None:
        superuser.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.SQL(name), sql.Literal(value)))
        superuser.execute("SELECT pg_reload_conf()")

    yield change
    superuser.execute("ALTER SYSTEM RESET ALL")
    superuser.execute("SELECT pg_reload_conf()")


def _post(connection: Connection, url: str, **arguments: Any) -> int:
    names = "".join(f", {name} := %s" for name in arguments)
    row = connection.execute(f"SELECT net.http_post(%s{names}) AS id".encode(), (url, *arguments.values())).fetchone()
    assert row is not None
    return int(row["id"])


def _answered(connection: Connection) -> set[int]:
    return {row["id"] for row in connection.execute("SELECT id FROM net._http_response")}


def _process(stack: Stack, part: str) -> int:
    pid = next(each.pid for each in stack.status() if each.part == part)
    assert pid is not None
    return pid


def test_a_rollback_sends_nothing_and_loses_the_id(
    stack: Stack, login: Connection, deliver: Deliver, hello: str
) -> None:
    with login.transaction(force_rollback=True):
        lost = _post(login, hello, body='{"n": 1}')
    kept = deliver("net.http_post(%s, body := %s)", hello, '{"n": 2}')["id"]
    assert kept == lost + 1
    assert [request["json"] for request in stack.requests("hello")] == [{"n": 2}]


def test_a_batch_becomes_visible_together(stack: Stack, login: Connection, wait_for: WaitFor, hello: str) -> None:
    stack.set_function("slow", delay=1.5)
    with login.transaction():
        fast, slow = _post(login, hello), _post(login, f"{stack.functions_url}/slow")
    wait_for(lambda: len(stack.requests()) == 2)
    assert not {fast, slow} & _answered(login)
    assert login.execute("SELECT FROM net.http_request_queue").rowcount == 2
    wait_for(lambda: {fast, slow} <= _answered(login))
    created = "SELECT count(DISTINCT created) AS moments FROM net._http_response WHERE id IN (%s, %s)"
    assert login.execute(created, (fast, slow)).fetchone() == {"moments": 1}
    assert login.execute("SELECT FROM net.http_request_queue").rowcount == 0


def test_a_thousand_in_one_transaction_arrive_once_each(
    stack: Stack, login: Connection, wait_for: WaitFor, hello: str
) -> None:
    login.execute(
        "SELECT net.http_post(%s, body := jsonb_build_object('n', n)) FROM generate_series(1, 1000) AS n", (hello,)
    )
    wait_for(lambda: login.execute("SELECT FROM net.http_request_queue LIMIT 1").rowcount == 0, 30)
    assert sorted(request["json"]["n"] for request in stack.requests("hello")) == list(range(1, 1001))


@pytest.mark.usefixtures("of_the_stand_in")
def test_a_worker_killed_in_mid_round_sends_again(
    stack: Stack, login: Connection, wait_for: WaitFor, hello: str
) -> None:
    stack.set_function("slow", delay=1)
    with login.transaction():
        fast, slow = _post(login, hello), _post(login, f"{stack.functions_url}/slow")
    wait_for(lambda: len(stack.requests()) == 2)
    os.kill(_process(stack, "worker"), signal.SIGKILL)
    stack.up()
    wait_for(lambda: {fast, slow} <= _answered(login))
    assert sorted(request["function"] for request in stack.requests()) == ["hello", "hello", "slow", "slow"]


@pytest.mark.usefixtures("of_the_stand_in")
def test_a_worker_that_is_stopped_finishes_its_round(
    stack: Stack, login: Connection, wait_for: WaitFor, hello: str
) -> None:
    stack.set_function("slow", delay=1)
    with login.transaction():
        fast, slow = _post(login, hello), _post(login, f"{stack.functions_url}/slow")
    wait_for(lambda: len(stack.requests()) == 2)
    stop(stack.places.pid_file("worker"))
    assert {fast, slow} <= _answered(login)
    stack.up()
    assert sorted(request["function"] for request in stack.requests()) == ["hello", "slow"]


@pytest.mark.usefixtures("of_the_stand_in")
def test_a_server_killed_comes_back_with_empty_tables_and_ids_from_one(
    stack: Stack, wait_for: WaitFor, hello: str
) -> None:
    worker = _process(stack, "worker")
    with psycopg.connect(stack.conninfo, autocommit=True, row_factory=dict_row) as before:
        _post(before, hello)
        wait_for(lambda: len(stack.requests("hello")) == 1)
    os.kill(_process(stack, "postgres"), signal.SIGKILL)
    wait_for(lambda: [part.part for part in stack.status() if not part.ok] == ["postgres", "worker"])
    stack.up()
    assert all(part.ok for part in stack.status())
    assert _process(stack, "worker") == worker
    with psycopg.connect(stack.conninfo, autocommit=True, row_factory=dict_row) as after:
        assert _answered(after) == set()
        assert _post(after, hello) == 1
        wait_for(lambda: _answered(after) == {1})


@pytest.mark.usefixtures("of_the_stand_in")
def test_the_worker_can_be_asked_for(stack: Stack, login: Connection, wait_for: WaitFor, hello: str) -> None:
    login.execute("SELECT net.check_worker_is_up()")
    stop(stack.places.pid_file("worker"))
    wait_for(lambda: holder(stack.places.pid_file("worker")) is None)
    wait_for(lambda: login.execute("SELECT FROM pg_stat_activity WHERE application_name LIKE 'pg_net%'").rowcount == 0)
    with pytest.raises(errors.RaiseException, match="the pg_net background worker is not up"):
        login.execute("SELECT net.check_worker_is_up()")
    waiting = _post(login, hello)
    stack.up()
    login.execute("SELECT net.wait_until_running()")
    wait_for(lambda: waiting in _answered(login))


def test_a_restart_gives_the_worker_a_new_session(
    login: Connection, wait_for: WaitFor, deliver: Deliver, hello: str
) -> None:
    session = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'pg_net%'"
    before = login.execute(session).fetchone()
    assert login.execute("SELECT net.worker_restart() AS done").fetchone() == {"done": True}
    wait_for(lambda: (now := login.execute(session).fetchone()) and now != before)
    assert deliver("net.http_post(%s)", hello)["status_code"] == 200


def test_a_row_put_into_the_queue_waits_for_a_wake(
    stack: Stack, login: Connection, wait_for: WaitFor, hello: str
) -> None:
    time.sleep(1.5)  # until the rounds of the test before have ended
    login.execute(
        "INSERT INTO net.http_request_queue (id, method, url, timeout_milliseconds) VALUES (-2, 'get', %s, 1000)",
        (hello,),
    )
    time.sleep(1.5)
    assert stack.requests("hello") == []
    login.execute("SELECT net.wake()")
    wait_for(lambda: -2 in _answered(login))
    login.execute("DELETE FROM net._http_response WHERE id = -2")


def test_ttl_and_batch_size_are_read_each_round(
    login: Connection, deliver: Deliver, wait_for: WaitFor, server_setting: Callable[[str, str], None], hello: str
) -> None:
    login.execute("DELETE FROM net._http_response")  # of the tests before, which would expire two at a time
    server_setting("pg_net.batch_size", "2")
    with login.transaction():
        ids = [_post(login, hello) for _ in range(5)]
    wait_for(lambda: set(ids) <= _answered(login))
    moments = "SELECT count(*) FROM net._http_response WHERE id = ANY (%s) GROUP BY created ORDER BY created"
    assert [row["count"] for row in login.execute(moments, (ids,))] == [2, 2, 1]
    server_setting("pg_net.ttl", "1 second")
    time.sleep(1.1)
    last = deliver("net.http_post(%s)", hello)["id"]
    wait_for(lambda: _answered(login) <= {last})


@pytest.mark.usefixtures("of_the_stand_in")
def test_dropped_tables_do_not_end_the_worker(
    stack: Stack, superuser: Connection, deliver: Deliver, hello: str
) -> None:
    worker = _process(stack, "worker")
    superuser.execute("DROP EXTENSION pg_net")
    superuser.execute("NOTIFY pg_net, 'wake'")
    superuser.execute("CREATE EXTENSION pg_net SCHEMA extensions")
    superuser.execute("GRANT USAGE ON SCHEMA net TO postgres, anon, authenticated, service_role")
    assert deliver("net.http_post(%s)", hello)["status_code"] == 200
    assert _process(stack, "worker") == worker


def test_collecting_waits_for_the_response(login: Connection, stack: Stack, hello: str) -> None:
    stack.set_function("hello", body="text")
    collect = "SELECT status, message, (response).* FROM net._http_collect_response(%s, async := false)"
    row = login.execute(collect, (_post(login, hello),)).fetchone()
    assert row is not None
    assert (row["status"], row["message"], row["status_code"], row["body"]) == ("SUCCESS", "ok", 200, "text")
    failed = login.execute(collect, (_post(login, "http://127.0.0.1:1/"),)).fetchone()
    assert failed is not None
    assert failed["status"] == "ERROR"
    assert failed["message"] in ("Could not connect to server", "Couldn't connect to server")
