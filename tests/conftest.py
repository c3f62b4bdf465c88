"""The server that tests run against, a dev stack of the process's own or the one that was asked for; who runs what."""

import fcntl
import os
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from devstack import Stack

DATABASE_URL = "TEST_DATABASE_URL"
SUPERUSER_URL = "TEST_SUPERUSER_URL"


MAKES_STACKS = ("integration/devstack/", "unit/devstack/", "test_access", "test_planted", "test_crash")
"""Files that start and stop stacks of their own: one after the other, since a stopped one's ports look free."""


def pytest_xdist_auto_num_workers() -> int:
    """One where there is one server, since pg_cron's jobs are seen by all; else one more than cores, as many wait."""
    return 1 if DATABASE_URL in os.environ else (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each file to one of the processes (``--numprocesses``, ``--dist loadgroup``) as a whole."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        name = "stacks" if any(part in file for part in MAKES_STACKS) else file
        item.add_marker(pytest.mark.xdist_group(name))


class Server(NamedTuple):
    """Both logins of one server, as conninfo."""

    conninfo: str
    superuser_conninfo: str


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """PostgreSQL with pg_cron, laid out as Supabase does; a server that was asked for but is dead fails the run."""
    if asked := os.environ.get(DATABASE_URL):
        yield Server(asked, os.environ[SUPERUSER_URL])
        return
    stack = Stack(tmp_path_factory.mktemp("stacks"), "test")
    try:
        # Two processes that start at once would choose the same free port.
        with (tmp_path_factory.getbasetemp().parent / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            stack.up()
        yield Server(stack.conninfo, stack.superuser_conninfo)
    finally:
        stack.clean()


@pytest.fixture(scope="session")
def conninfo(server: Server) -> str:
    """Supabase's login ``postgres``, not a superuser."""
    return server.conninfo


@pytest.fixture(scope="session")
def superuser_conninfo(server: Server) -> str:
    """The bootstrap superuser, to look and to clean up."""
    return server.superuser_conninfo
