"""One stack for all tests of the dev stack, apart from the one that people and other tests use."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

from devstack import Stack
from devstack.binaries import Binaries
from devstack.pg_net import STAND_IN

Connection = psycopg.Connection[DictRow]

ANSWER_SECONDS = 20


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the server's user cannot enter when we are root, as a project below /root."""
    return tmp_path_factory.mktemp("devstack")


@pytest.fixture(scope="session")
def running_stack(root: Path) -> Iterator[Stack]:
    stack = Stack(root, "test-devstack")
    stack.up()
    yield stack
    stack.clean()


@pytest.fixture
def stack(running_stack: Stack) -> Stack:
    """The stack, complete and with nothing recorded or told, whatever the test before did to it."""
    running_stack.up()
    running_stack.reset_functions()
    running_stack.clear_requests()
    return running_stack


@pytest.fixture
def of_the_stand_in(stack: Stack) -> None:
    """Skips what holds for the stand-in alone where the server has the real pg_net (``DEVSTACK_PG_BINDIR``)."""
    if STAND_IN.is_real(Binaries(stack.settings.bindir)):
        pytest.skip("of the stand-in alone, and this server has the real pg_net")


@pytest.fixture
def login(stack: Stack) -> Iterator[Connection]:
    with _connect(stack.conninfo) as connection:
        yield connection


@pytest.fixture
def superuser(stack: Stack) -> Iterator[Connection]:
    with _connect(stack.superuser_conninfo) as connection:
        yield connection


def _connect(conninfo: str) -> Connection:
    return psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)


@pytest.fixture
def user_agent(login: Connection) -> str:
    row = login.execute("SELECT 'pg_net/' || extversion AS name FROM pg_extension WHERE extname = 'pg_net'").fetchone()
    assert row is not None
    return str(row["name"])


@pytest.fixture
def wait_for() -> Callable[..., Any]:
    """Looks until the answer is true, and returns it."""

    def wait(look: Callable[[], Any], seconds: float = ANSWER_SECONDS) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            if found := look():
                return found
            assert time.monotonic() < deadline, f"nothing within {seconds} s"
            time.sleep(0.02)

    return wait


@pytest.fixture
def respond(login: Connection, wait_for: Callable[..., Any]) -> Callable[..., int]:
    """Runs ``SELECT net.http_…`` and returns its id when the response is there."""

    def run(call: str, *parameters: Any) -> int:
        queued = login.execute(f"SELECT {call} AS id".encode(), parameters).fetchone()
        assert queued is not None
        wait_for(lambda: login.execute("SELECT FROM net._http_response WHERE id = %(id)s", queued).rowcount)
        return int(queued["id"])

    return run


@pytest.fixture
def deliver(login: Connection, respond: Callable[..., int]) -> Callable[..., DictRow]:
    """Runs ``SELECT net.http_…`` and returns the row of its response."""

    def run(call: str, *parameters: Any) -> DictRow:
        query = "SELECT * FROM net._http_response WHERE id = %s"
        row = login.execute(query, (respond(call, *parameters),)).fetchone()
        assert row is not None
        return row

    return run


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], str]]:
    """Starts a server that answers every request with these bytes and closes; returns its URL."""
    with ExitStack() as servers:
        yield lambda answer: servers.enter_context(_server(answer))


@contextmanager
def _server(answer: bytes) -> Iterator[str]:
    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(answer)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()
