"""The server that tests run against: the dev stack's, one cluster for the whole run, or the one that was asked for."""

import os

import pytest

DATABASE_URL = "TEST_DATABASE_URL"
SUPERUSER_URL = "TEST_SUPERUSER_URL"


@pytest.fixture(scope="session")
def conninfo() -> str:
    return os.environ[DATABASE_URL]


@pytest.fixture(scope="session")
def superuser_conninfo() -> str:
    return os.environ[SUPERUSER_URL]
