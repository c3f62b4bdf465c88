"""Writes that wait together share a round trip and a transaction, and each has an outcome of its own."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pulumi.dynamic import Config, ConfigureRequest

from bench.proxy import proxied
from components.cron_job import CronJobProvider
from components.database import connection, pool
from components.database.connection import Database
from components.errors import Conflict, ConnectionFailed, StatementFailed

Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]
CALLERS = 24
MADE = "public.shared_writes"
PATIENCE = 20


@pytest.fixture
def made(postgres: Connection) -> Iterator[Callable[[], list[tuple[int, str]]]]:
    """A table, and what is in it: each number with the transaction that wrote it."""
    postgres.execute(f"CREATE TABLE {MADE} (n int PRIMARY KEY, written_by xid8 DEFAULT pg_current_xact_id())".encode())
    yield lambda: postgres.execute(f"SELECT n, written_by::text FROM {MADE} ORDER BY n".encode()).fetchall()
    postgres.execute(f"DROP TABLE {MADE}".encode())


@pytest.fixture
def narrow(conninfo: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A database with one connection, for which all but one caller wait."""
    monkeypatch.setattr(pool, "CONNECTIONS", 1)
    source = Database(make_conninfo(conninfo, application_name="narrow"))
    source.connect()
    yield source
    source.close()


def insert(number: int, then: str = "SELECT") -> tuple[list[sql.Composable], sql.Composable]:
    """A write of two rows, the number and its negative; ``then`` comes between them."""
    row = sql.SQL("INSERT INTO {} (n) VALUES ({})")
    table = sql.SQL(MADE)
    rows = [row.format(table, sql.Literal(each)) for each in (number, -number)]
    found = sql.SQL("SELECT n FROM {} WHERE n = {}").format(table, sql.Literal(number))
    return [rows[0], sql.SQL(then), rows[1]], found


def write_together(
    source: Database, writes: list[tuple[list[sql.Composable], sql.Composable]]
) -> list[Future[list[dict[str, Any]]]]:
    """Carry out writes that all have to wait for the first of them, which holds the connection."""
    with ThreadPoolExecutor(len(writes)) as callers:
        first = callers.submit(source.write, *writes[0])
        time.sleep(0.1)
        return [first, *(callers.submit(source.write, *write) for write in writes[1:])]


SLOWLY = "SELECT pg_sleep(0.5)"


def test_those_that_wait_share_a_transaction(narrow: Database, made: Callable[[], list[tuple[int, str]]]) -> None:
    done = write_together(narrow, [insert(1, SLOWLY), *(insert(number) for number in range(2, CALLERS))])
    assert [each.result() for each in done] == [[{"n": number}] for number in range(1, CALLERS)]
    written = dict(made())
    assert len({written[number] for number in range(2, CALLERS)}) == 1
    assert written[1] != written[2]


def test_they_share_a_round_trip(conninfo: str, made: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "CONNECTIONS", 1)
    with proxied(conninfo, 0) as (through_proxy, proxy):
        far = Database(through_proxy)
        far.connect()
        proxy.trips = 0
        write_together(far, [insert(1, SLOWLY), *(insert(number) for number in range(2, CALLERS))])
        assert proxy.trips == 2
        far.close()


def test_one_that_fails_fails_alone(narrow: Database, made: Callable[[], list[tuple[int, str]]]) -> None:
    bad = insert(7, "SELECT 1 / 0")
    done = write_together(
        narrow, [insert(1, SLOWLY), bad, *(insert(number) for number in range(2, CALLERS) if number != 7)]
    )
    with pytest.raises(StatementFailed, match=r"^division by zero$") as refused:
        done[1].result()
    assert refused.value.sqlstate == "22012"
    assert [each.exception() for each in done if each is not done[1]] == [None] * (CALLERS - 2)
    numbers = {abs(number) for number, _ in made()}
    assert numbers == {*range(1, CALLERS)} - {7}
    assert len(made()) == 2 * len(numbers), "none is half made"


def test_one_that_cannot_be_sent_is_no_reason_for_the_others(
    narrow: Database, made: Callable[[], list[tuple[int, str]]]
) -> None:
    unsendable = insert(7, "SELECT '\ud800'")
    done = write_together(narrow, [insert(1, SLOWLY), unsendable, *(insert(number) for number in range(2, 7))])
    assert isinstance(done[1].exception(), UnicodeEncodeError)
    assert [each.exception() for each in done if each is not done[1]] == [None] * 6
    assert {abs(number) for number, _ in made()} == set(range(1, 7))


def test_what_another_has_carried_out_is_no_failure(
    conninfo: str, made: Callable[[], list[tuple[int, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller makes a connection, in vain, while one that was made meanwhile carries out its write."""
    source = Database(conninfo)
    first_is_asked, attempts, connect = threading.Event(), iter(range(100)), pool.connect

    def connects_at_last(conninfo: str) -> psycopg.Connection[Any]:
        if next(attempts):
            return connect(conninfo)
        first_is_asked.set()
        time.sleep(1)
        raise psycopg.OperationalError("the database system is starting up")

    monkeypatch.setattr(pool, "connect", connects_at_last)
    with ThreadPoolExecutor(8) as callers:
        done = [callers.submit(source.write, *insert(1))]
        assert first_is_asked.wait(PATIENCE)
        done += [callers.submit(source.write, *insert(number)) for number in range(2, 9)]
    source.close()
    written = {abs(number) for number, _ in made()}
    assert written == {number for number, each in enumerate(done, 1) if each.exception() is None}


def test_one_that_waits_for_a_lock_fails_alone(
    narrow: Database, made: Callable[[], list[tuple[int, str]]], conninfo: str
) -> None:
    with psycopg.connect(conninfo) as other:
        other.execute(f"INSERT INTO {MADE} (n) VALUES (7)".encode())  # and no commit
        done = write_together(narrow, [insert(1, SLOWLY), *(insert(number) for number in range(2, 10))])
        told = [each.exception() for each in done]
        other.rollback()
    assert [str(each) for each in told if each] == [
        "another session holds a lock that is needed (look for it in pg_stat_activity and try again)"
    ]
    assert isinstance(told[6], StatementFailed)
    assert {abs(number) for number, _ in made()} == {*range(1, 10)} - {7}


def end_backends(superuser: Connection) -> int:
    return superuser.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'narrow' AND state = 'active'"
    ).rowcount


def test_what_was_under_way_on_a_killed_connection_is_whole_or_not_there(
    narrow: Database, made: Callable[[], list[tuple[int, str]]], superuser: Connection
) -> None:
    with ThreadPoolExecutor(CALLERS) as callers:
        first = callers.submit(narrow.write, *insert(1, SLOWLY))
        time.sleep(0.1)
        shared = [callers.submit(narrow.write, *insert(number, SLOWLY)) for number in range(2, 6)]
        first.result()
        time.sleep(0.3)
        assert end_backends(superuser) == 1
    assert [each.exception() for each in shared] == [None] * 4, "each was carried out again, alone"
    assert [number for number, _ in made()] == sorted([*range(1, 6), *range(-5, 0)])


def test_a_single_write_on_a_killed_connection_tells_so(
    narrow: Database, made: Callable[[], list[tuple[int, str]]], superuser: Connection
) -> None:
    with ThreadPoolExecutor(1) as callers:
        only = callers.submit(narrow.write, *insert(1, "SELECT pg_sleep(30)"))
        time.sleep(0.3)
        assert end_backends(superuser) == 1
    with pytest.raises(ConnectionFailed, match="was cut"):
        only.result()
    assert made() == []
    assert narrow.write(*insert(2)) == [{"n": 2}]


def test_who_waits_for_a_long_statement_gets_a_connection(database: Database) -> None:
    database.connect()
    with ThreadPoolExecutor(1) as callers:
        long = callers.submit(database.read, sql.SQL("SELECT 1 AS n FROM pg_sleep(4)"))
        time.sleep(0.1)
        begun = time.monotonic()
        assert database.read(sql.SQL("SELECT 2 AS n")) == [{"n": 2}]
        assert time.monotonic() - begun < 3
        assert long.result() == [{"n": 1}]


@pytest.fixture
def limited(conninfo: str, superuser: Connection) -> Iterator[str]:
    """The conninfo of a login that may connect once."""
    superuser.execute("CREATE ROLE writes_once LOGIN PASSWORD 'local' CONNECTION LIMIT 1")
    yield make_conninfo(conninfo, user="writes_once", password="local")
    superuser.execute("DROP ROLE writes_once")


def test_who_gets_no_second_connection_makes_do_with_one(limited: str) -> None:
    source = Database(limited)
    source.connect_ahead(1)
    slow = sql.SQL("SELECT 1 AS n FROM pg_sleep(0.05)")
    with ThreadPoolExecutor(CALLERS) as callers:
        assert list(callers.map(lambda _: source.read(slow), range(CALLERS))) == [[{"n": 1}]] * CALLERS
    source.close()


def test_who_comes_after_the_end_of_all_connections_gets_a_new_one(narrow: Database, superuser: Connection) -> None:
    superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'narrow'")
    time.sleep(0.2)
    with ThreadPoolExecutor(CALLERS) as callers:
        found = list(callers.map(lambda _: narrow.read(sql.SQL("SELECT 1 AS n")), range(CALLERS)))
    assert found == [[{"n": 1}]] * CALLERS


def job(name: str, stack: str = "supabase-cron/test", **changes: str) -> dict[str, Any]:
    command = f"-- supabase-cron: {stack}/{name}\nSELECT 1"
    return {"name": name, "schedule": "0 1 * * *", "command": command, "owner": stack, **changes}


def all_at_once(call: Callable[[dict[str, Any]], object], props: list[dict[str, Any]]) -> list[BaseException | None]:
    barrier = threading.Barrier(len(props))

    def together(each: dict[str, Any]) -> object:
        barrier.wait(PATIENCE)
        return call(each)

    with ThreadPoolExecutor(len(props)) as callers:
        return [each.exception() for each in [callers.submit(together, each) for each in props]]


def test_a_bad_job_among_many_fails_with_its_own_sentence(
    provide: Provide, postgres: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StatementFailed) as alone:
        provide(CronJobProvider).create(job("bad", schedule="never"))
    monkeypatch.setattr(pool, "CONNECTIONS", 2)
    good = [job(f"good-{number}") for number in range(CALLERS - 1)]
    told = all_at_once(provide(CronJobProvider).create, [job("bad", schedule="never"), *good])
    assert str(told[0]) == str(alone.value)
    assert str(told[0]).startswith("cron job 'bad': ")
    assert told[1:] == [None] * len(good)
    found = {name for (name,) in postgres.execute("SELECT jobname::text FROM cron.job").fetchall()}
    assert found == {each["name"] for each in good}


def test_what_changed_meanwhile_is_planned_again_alone(
    provide: Provide, postgres: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "CONNECTIONS", 1)
    props = [job(f"job-{number}") for number in range(CALLERS)]
    assert all_at_once(provide(CronJobProvider).create, props) == [None] * CALLERS
    provider = provide(CronJobProvider)
    assert not provider.diff("job-0", props[0], props[0]).changes  # reads all of them
    postgres.execute("SELECT cron.alter_job(jobid, schedule := '*/5 * * * *') FROM cron.job WHERE jobname = 'job-3'")
    news = [{**each, "schedule": "0 2 * * *"} for each in props]
    assert all_at_once(lambda each: provider.update(each["name"], each, each), news) == [None] * CALLERS
    found = postgres.execute("SELECT DISTINCT schedule FROM cron.job").fetchall()
    assert found == [("0 2 * * *",)]


def test_two_stacks_at_once(conninfo: str, monkeypatch: pytest.MonkeyPatch, postgres: Connection) -> None:
    """As two engines do it: each with a process, and so a pool, of its own."""
    monkeypatch.setenv("SUPABASE_CRON_DATABASE_URL", conninfo)
    providers = []
    for _ in range(2):
        connection.database.cache_clear()
        provider = CronJobProvider()
        provider.configure(ConfigureRequest(Config({}, "supabase-cron")))
        providers.append(provider)
    stacks = ["supabase-cron/one", "supabase-cron/two"]
    props = [job(f"{stack[-3:]}-{n}", stack) for n in range(CALLERS // 2) for stack in stacks]
    told = all_at_once(lambda each: providers[stacks.index(each["owner"])].create(each), props)
    assert told == [None] * len(props)
    same = [job("same", stack) for stack in stacks]
    providers[0].create(same[0])
    with pytest.raises(Conflict) as refused:  # which the second has read as not there
        providers[1].create(same[1])
    assert (
        str(refused.value) == "cron job 'same' exists and belongs to the stack supabase-cron/one; remove it there first"
    )
    assert all_at_once(lambda each: providers[stacks.index(each["owner"])].delete(each["name"], each), props) == [
        None
    ] * len(props)
    assert postgres.execute("SELECT jobname::text FROM cron.job").fetchall() == [("same",)]
    for provider in providers:
        provider._database.close()
    connection.database.cache_clear()


def test_an_update_of_one_job_takes_seven_round_trips(
    conninfo: str, provide: Provide, install: Callable[..., None]
) -> None:
    """Four to connect, one to read all that lives, one to try the new command, one to change it."""
    install()
    command = "-- supabase-cron: supabase-cron/test/nightly\nSELECT net.http_get('http://localhost/')"
    props = job("nightly", command=command)
    state = provide(CronJobProvider).create(props).outs
    with proxied(conninfo, 0) as (through_proxy, proxy):
        provider = provide(CronJobProvider, through_proxy)
        news = {**props, "schedule": "0 2 * * *"}
        assert provider.check(state, news).failures == []
        assert provider.diff("nightly", state, news).changes
        provider.update("nightly", state, news)
        assert proxy.trips <= 7
