"""How the conninfo is found and completed, and what a person is told when it is wrong; no password in any of it."""

import pytest
from psycopg.conninfo import conninfo_to_dict

from components.connection import connection_sentence
from components.errors import InvalidConfiguration
from components.settings import Settings

REMOTE = "postgresql://postgres.ref:pl%40nted@db.ref.supabase.co:5432/postgres"


def settings(**given: object) -> Settings:
    return Settings.model_validate(given)


def test_another_machine_is_always_verified() -> None:
    found = conninfo_to_dict(settings(databaseUrl=REMOTE).conninfo({}))
    assert found["sslmode"] == "verify-full"
    assert found["password"] == "pl@nted"
    assert found["connect_timeout"] == "10"


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_less_than_that_is_refused_unless_said_in_so_many_words(mode: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f"would not verify the server .sslmode={mode}.") as refused:
        settings(databaseUrl=f"{REMOTE}?sslmode={mode}").conninfo({})
    assert "nted" not in str(refused.value)
    allowed = settings(databaseUrl=f"{REMOTE}?sslmode={mode}", allowUnverifiedTls=True)
    assert conninfo_to_dict(allowed.conninfo({}))["sslmode"] == mode


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "/tmp"])
def test_this_machine_needs_no_tls(host: str) -> None:
    assert "sslmode" not in conninfo_to_dict(settings(databaseUrl=f"host={host}").conninfo({}))


@pytest.mark.parametrize("url", ["host=localhost,db.example.com", "host=localhost hostaddr=192.0.2.1"])
def test_one_remote_host_of_several_is_enough_to_verify(url: str) -> None:
    found = settings(databaseUrl=url).conninfo({})
    assert conninfo_to_dict(found)["sslmode"] == "verify-full"


def test_the_environment_comes_first() -> None:
    found = settings(databaseUrl=REMOTE).conninfo({"SUPABASE_CRON_DATABASE_URL": "host=localhost user=me"})
    assert conninfo_to_dict(found)["user"] == "me"


def test_none_and_nonsense_are_told_without_quoting() -> None:
    with pytest.raises(InvalidConfiguration, match="no database to connect to; set SUPABASE_CRON_DATABASE_URL"):
        settings().conninfo({})
    with pytest.raises(InvalidConfiguration, match="is no PostgreSQL conninfo") as refused:
        settings(databaseUrl="postgresql://u:planted%zz@h/db").conninfo({})
    assert "planted" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('connection failed: FATAL:  password authentication failed for user "me"', "refuses the password of me"),
        ("connection failed: connection refused", "no database at h:1: connection refused"),
        ("connection timeout expired", "no answer from the database at h:1 within 10 s"),
        ("connection failed: server does not support SSL, but SSL was required", "no verified TLS connection"),
        (
            'connection failed: FATAL:  database "x" does not exist',
            'database "x" does not exist; check user and database',
        ),
    ],
)
def test_each_failure_says_what_to_do(text: str, told: str) -> None:
    assert told in connection_sentence(Exception(text), "host=h port=1 user=me password=planted")
