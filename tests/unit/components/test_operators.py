"""What Pulumi's postgresql provider is told of a conninfo."""

import pytest

from components.errors import InvalidConfiguration
from components.operators import provider_inputs

FULL = (
    "host=db.example.com port=6543 user=me password=planted dbname=d sslmode=verify-full sslrootcert=root.crt "
    "sslcert=me.crt sslkey=me.key connect_timeout=7"
)


def test_all_that_the_provider_can_be_told_arrives() -> None:
    assert provider_inputs(FULL, {}) == {
        "host": "db.example.com",
        "port": 6543,
        "username": "me",
        "password": "planted",
        "database": "d",
        "sslmode": "verify-full",
        "sslrootcert": "root.crt",
        "clientcert": {"cert": "me.crt", "key": "me.key"},
        "connect_timeout": 7,
    }


def test_a_password_of_the_environment_is_no_input() -> None:
    assert provider_inputs(FULL, {"PGPASSWORD": "of today"})["password"] is None
    assert provider_inputs(FULL, {"PGPASSWORD": ""})["password"] == "planted"


def test_what_is_not_said_is_left_to_the_provider() -> None:
    found = provider_inputs("user=me", {})
    assert {key: found[key] for key in ("host", "port", "database")} == {
        "host": "localhost",
        "port": 5432,
        "database": "postgres",
    }
    assert [found[key] for key in ("password", "sslrootcert", "clientcert", "connect_timeout")] == [None] * 4


@pytest.mark.parametrize(
    ("conninfo", "host"),
    [("host=2001:db8::1", "[2001:db8::1]"), ("hostaddr=192.0.2.1", "192.0.2.1"), ("host=/tmp", "/tmp")],
)
def test_the_host_is_written_as_in_a_url(conninfo: str, host: str) -> None:
    assert provider_inputs(conninfo, {})["host"] == host


def test_the_roots_of_the_system_are_its_default() -> None:
    assert provider_inputs("host=h sslrootcert=system", {})["sslrootcert"] is None


def test_several_hosts_are_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="operators need a database url with one host"):
        provider_inputs("host=a,b port=1,2", {})
