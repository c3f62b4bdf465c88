"""The server that tests run against: a dev stack of the run's own, or the one that was asked for."""

import os
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from devstack import Stack

DATABASE_URL = "TEST_DATABASE_URL"
SUPERUSER_URL = "TEST_SUPERUSER_URL"


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
