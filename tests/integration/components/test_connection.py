"""Connections and transactions against a real server: what travels together, and what is left of what fails."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from bench.proxy import proxied
from components.database.connection import Database
from components.database.pool import CONNECTIONS
from components.database.transaction import CopyRow
from components.errors import ConnectionFailed, StatementFailed

Connection = psycopg.Connection[tuple[Any, ...]]

ONE, TWO = sql.SQL("SELECT 1 AS n -- one"), sql.SQL("SELECT 2 AS n UNION SELECT 3 ORDER BY n")


def test_queries_are_read_together_and_see_one_moment(database: Database) -> None:
    assert database.read_together([ONE, TWO]) == [[{"n": 1}], [{"n": 2}, {"n": 3}]]
    now = sql.SQL("SELECT now() AS t, current_setting('transaction_read_only') AS read_only")
    first, second = database.read_together([now, now])
    assert first == second
    assert first[0]["read_only"] == "on"


def test_a_failed_read_leaves_the_connection_as_it_was(database: Database) -> None:
    with pytest.raises(StatementFailed, match="nowhere"):
        database.read_together([ONE, sql.SQL("SELECT * FROM nowhere")])
    assert database.read(ONE) == [{"n": 1}]


def test_statements_wait_for_the_question_that_needs_them(database: Database) -> None:
    with database.transaction() as transaction:
        transaction.execute(sql.SQL("CREATE TEMPORARY TABLE made (n int) -- a comment at the end"))
        transaction.execute(sql.SQL("INSERT INTO made VALUES (%(n)s)"), {"n": 7})
        transaction.execute(sql.SQL("INSERT INTO made VALUES (8)"))
        (rows,) = transaction.commit(sql.SQL("SELECT n FROM made ORDER BY n"))
    assert rows == [{"n": 7}, {"n": 8}]
    assert database.read(sql.SQL("SELECT count(*) AS n FROM made")) == [{"n": 2}]


def test_all_goes_with_the_statement_that_fails_last(database: Database) -> None:
    with pytest.raises(StatementFailed), database.transaction() as transaction:
        transaction.execute(sql.SQL("CREATE TEMPORARY TABLE half (n int)"))
        transaction.execute(sql.SQL("INSERT INTO half VALUES ('no number')"))
    assert database.read(sql.SQL("SELECT to_regclass('half') IS NULL AS gone")) == [{"gone": True}]


def test_what_waits_is_never_sent_after_an_error(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as transaction:
        transaction.execute(sql.SQL("CREATE TEMPORARY TABLE never (n int)"))
        raise KeyError
    assert database.read(sql.SQL("SELECT to_regclass('never') IS NULL AS gone")) == [{"gone": True}]


def test_what_is_read_ahead_is_told_in_the_block_and_read_again_after_it(conninfo: str) -> None:
    with proxied(conninfo, 0) as (through_proxy, proxy):
        far = Database(through_proxy)
        far.connect()
        counted = sql.SQL("SELECT nextval('pg_temp.counted') AS n")
        later = sql.SQL("SELECT pg_current_xact_id_if_assigned() IS NULL AS reads, clock_timestamp() AS at")
        proxy.trips = 0
        with far.reading_ahead([ONE], [later]):
            (seen,) = far.read(later)
            assert (far.read(ONE), far.read_together([later, ONE])) == ([{"n": 1}], [[seen], [{"n": 1}]])
            with far.reading_ahead([later]):
                assert far.read(later) == [seen], "it is read already"
            assert proxy.trips == 1
        (again,) = far.read(later)
        assert again["at"] > seen["at"]
        proxy.trips = 0
        with far.reading_ahead([ONE], [counted, later]):
            assert far.read(ONE) == [{"n": 1}]
            assert proxy.trips == 3 + 2, "all together, then each group; and a ROLLBACK for each that is refused"
            assert "at" in far.read(later)[0]
            with pytest.raises(StatementFailed, match="pg_temp"):
                far.read(counted)
        far.close()


def test_what_was_read_before_a_change_is_not_kept_after_it(database: Database) -> None:
    read: list[int] = []

    def reader(source: Database) -> int:
        read.append(len(read))
        if len(read) == 1:
            source.forget()  # as another thread, whose change this one has not seen
        return len(read)

    assert [database.snapshot(reader) for _ in range(3)] == [1, 2, 2]


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as in a terminal, where whoever runs the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interruption_stays_one_and_the_next_question_is_answered(database: Database, interruptible: None) -> None:
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt), database.transaction() as transaction:
        transaction.execute(sql.SQL("SELECT 1"))
        transaction.fetch(sql.SQL("SELECT pg_sleep(30)"))
    assert database.read(ONE) == [{"n": 1}]


COPY = sql.SQL("COPY pg_temp.copied (a, b) FROM STDIN (FORMAT BINARY)")


def test_a_row_is_copied_in_as_it_is(database: Database) -> None:
    hostile = "tab\t, newline\n, \\N, 'quotes', ünïcödé \N{SNOWMAN}"
    with database.transaction() as transaction:
        transaction.execute(sql.SQL("CREATE TEMPORARY TABLE copied (a text, b text) ON COMMIT DROP -- waits"))
        transaction.copy(CopyRow(COPY, (hostile, "")))
        assert transaction.fetch(sql.SQL("SELECT * FROM pg_temp.copied")) == [{"a": hostile, "b": ""}]


@pytest.mark.parametrize(
    ("table", "sqlstate"),
    [("(a text, b text CHECK (b <> 'planted'))", "23514"), ("(a text)", "42703"), ("(a nothing)", "42704")],
)
def test_a_row_that_is_refused_leaves_nothing(database: Database, table: str, sqlstate: str) -> None:
    with pytest.raises(StatementFailed) as refused, database.transaction() as transaction:
        transaction.execute(sql.SQL(f"CREATE TEMPORARY TABLE copied {table}"))
        transaction.copy(CopyRow(COPY, ("a", "planted")))
    assert refused.value.sqlstate == sqlstate
    assert "planted" not in str(refused.value)
    assert database.read(sql.SQL("SELECT to_regclass('pg_temp.copied') AS found")) == [{"found": None}]


def test_callers_find_their_connections_made_and_no_more_than_these(conninfo: str, superuser: Connection) -> None:
    source = Database(make_conninfo(conninfo, application_name="ahead"))
    others = b"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'ahead'"

    def ask(_: int) -> list[dict[str, Any]]:
        return source.read(sql.SQL("SELECT 1 AS n FROM pg_sleep(0.2)"))

    source.connect_ahead(CONNECTIONS)
    with ThreadPoolExecutor(CONNECTIONS) as callers:
        assert list(callers.map(ask, range(2 * CONNECTIONS))) == [[{"n": 1}]] * 2 * CONNECTIONS
    source.connect_ahead(CONNECTIONS)
    assert superuser.execute(others).fetchone() == (CONNECTIONS,)
    source.close()


def test_who_needs_a_connection_is_told_why_none_was_made_ahead(conninfo: str) -> None:
    source = Database(make_conninfo(conninfo, dbname="nowhere"))
    source.connect_ahead(CONNECTIONS)
    for _ in range(2):
        with pytest.raises(ConnectionFailed, match='database "nowhere" does not exist'):
            source.read(ONE)


def test_a_server_that_does_not_answer_is_waited_for_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        source = Database(f"host=127.0.0.1 port={port} dbname=postgres connect_timeout=2")
        begun = time.monotonic()
        source.connect_ahead(1)
        with ThreadPoolExecutor(CONNECTIONS) as callers:
            told = [callers.submit(source.read, ONE).exception() for _ in range(CONNECTIONS)]
        assert [type(each) for each in told] == [ConnectionFailed] * CONNECTIONS
        assert "no answer from the database" in str(told[0])
        source.connect_ahead(CONNECTIONS)  # as the next kind's provider does, or the next change
        with pytest.raises(ConnectionFailed, match="no answer from the database"):
            source.read(ONE)
        assert time.monotonic() - begun < 4
