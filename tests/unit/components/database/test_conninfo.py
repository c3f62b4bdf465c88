"""How the conninfo is found and completed, and what a person is told when it is wrong; no password in any of it."""

import os
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from components.catalogue.settings import Settings
from components.database.conninfo import resolve_conninfo
from components.errors import InvalidConfiguration
from components.values.loopback import is_loopback

REMOTE = "postgresql://postgres.ref:pl%40nted@db.ref.supabase.co:5432/postgres"


def settings(**given: object) -> Settings:
    return Settings.model_validate(given)


def resolved(given: str, **environment: str) -> dict[str, object]:
    return dict(conninfo_to_dict(resolve_conninfo(given, environment)))


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


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "/tmp", "@abstract", "''"])
def test_this_machine_needs_no_tls(host: str) -> None:
    assert "sslmode" not in conninfo_to_dict(settings(databaseUrl=f"host={host}").conninfo({}))


@pytest.mark.parametrize(
    "url",
    [
        "host=localhost,db.example.com",
        "host=localhost hostaddr=192.0.2.1",
        "host=foo.localhost",
        "host=::ffff:127.0.0.1",
        "host=,db.example.com",
    ],
)
def test_one_remote_host_of_several_is_enough_to_verify(url: str) -> None:
    found = settings(databaseUrl=url).conninfo({})
    assert conninfo_to_dict(found)["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("[::1]", True),
        ("foo.localhost", False),
        ("localhost.", False),
        ("::ffff:127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_loopback_is_what_no_resolver_sends_elsewhere(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_the_environment_comes_first() -> None:
    found = settings(databaseUrl=REMOTE).conninfo({"SUPABASE_CRON_DATABASE_URL": "host=localhost user=me"})
    assert conninfo_to_dict(found)["user"] == "me"


def test_none_and_nonsense_are_told_without_quoting() -> None:
    with pytest.raises(InvalidConfiguration, match="no database to connect to; set SUPABASE_CRON_DATABASE_URL"):
        settings().conninfo({})
    with pytest.raises(InvalidConfiguration, match="is no PostgreSQL conninfo") as refused:
        settings(databaseUrl="postgresql://u:planted%zz@h/db").conninfo({})
    assert "planted" not in str(refused.value)


# Each holds HEAD and TAIL, the parts of a password in which a special character was not encoded.
UNENCODED = [
    "postgresql://postgres:HEAD@TAIL@host/db",
    "postgres://postgres:HEAD@TAIL@host:5432",
    "postgresql://postgres:HEAD@a@TAIL@host/db",
    "postgresql://u:HEAD/TAIL@host/db",
    "postgresql://u:12/TAIL@host/db?sslmode=require",
    "postgresql://u:HEAD/TAIL",
    "postgresql://u:HEAD@TAIL/rest@host/db",
    "postgresql://u:HEAD@TAIL:rest@host/db",
    "postgresql://u:HEAD@[::1]:TAIL@host/db",
    "postgresql://HEAD@TAIL:password@host/db",
    "postgresql://u:HEAD?x@TAIL@host/db",
    "postgresql://host?user=u&password=HEAD@TAIL",
    "postgresql://host:5432?password=HEAD@TAIL/db",
    "postgresql://u:HEAD@host%40TAIL/db",
    "postgresql://host:TAIL,5433/db",
    "host=HEAD@TAIL password=x",
    "host=h port=TAIL",
]


@pytest.mark.parametrize("url", UNENCODED)
@pytest.mark.parametrize("unverified", [False, True])
def test_an_unencoded_password_is_refused_and_no_part_of_it_shown(url: str, unverified: bool) -> None:
    with pytest.raises(InvalidConfiguration, match=r"percent-encode special characters, @ as %40 and / as %2F") as told:
        resolve_conninfo(url, {}, allow_unverified_tls=unverified)
    assert "HEAD" not in str(told.value)
    assert "TAIL" not in str(told.value)
    assert len(told.value.problems) == 1


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:HEAD@TAIL?x@host/db",
        "postgresql://u:HEAD@[TAIL@host/db",
        "postgresql://u:HEAD/TAIL?x@host/db",
        "postgresql://u:HEAD%TAIL@host/db",
        "host=h password=HEAD TAIL",
        "host=h password='HEAD'TAIL'",
        "postgresql://u:x@host/db?HEAD=TAIL",
        "postgresql://u:x@host/db?sslmode=HEADTAIL",
    ],
)
def test_what_cannot_be_parsed_is_not_quoted(url: str) -> None:
    with pytest.raises(InvalidConfiguration) as told:
        resolve_conninfo(url, {})
    assert "HEAD" not in str(told.value)
    assert "TAIL" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p%40s%2Fs@host/db", {"password": "p@s/s", "host": "host", "dbname": "db"}),
        ("postgresql://u:p@[2001:db8::1]:6543/db", {"host": "2001:db8::1", "port": "6543"}),
        ("postgresql://u:p@a:1,b:2/db", {"host": "a,b", "port": "1,2"}),
        ("postgresql://a,b/db", {"host": "a,b"}),
        ("postgresql://host/db?user=a@b", {"host": "host", "user": "a@b"}),
        ("postgresql://host/db?password=a@b/c", {"host": "host", "password": "a@b/c"}),
        ("postgresql://u:p?x&y#z:,[@host/db", {"password": "p?x&y#z:,[", "host": "host"}),
        ("postgresql://a%40b:p@host/d%40b", {"user": "a@b", "dbname": "d@b"}),
        ("postgresql://u@host", {"host": "host"}),
        ("postgresql:///db?host=/tmp", {"host": "/tmp", "dbname": "db"}),
        ("postgresql://%2Ftmp/db", {"host": "/tmp"}),
        ("host=host user=a@b password='x @/y' dbname=d@b", {"user": "a@b", "password": "x @/y", "dbname": "d@b"}),
    ],
)
def test_what_libpq_reads_rightly_goes_on_working(url: str, expected: dict[str, str]) -> None:
    found = resolved(url)
    assert {key: found[key] for key in expected} == expected


@pytest.fixture
def services(tmp_path: Path) -> Path:
    path = tmp_path / "pg_service.conf"
    path.write_text(
        "[clear]\nhost=db.example.test\nsslmode=disable\n"
        "[remote]\nhost=db.example.test\nport=6000\nuser=sue\npassword=planted\ndbname=d\n"
        "[here]\nhost=localhost\nuser=sue\n"
        "[moved]\nhostaddr=192.0.2.1\n"
    )
    return path


@pytest.mark.parametrize("by", ["conninfo", "url", "PGSERVICE", "PGSYSCONFDIR"])
def test_a_service_is_held_to_the_same_rule_by_the_same_words(services: Path, by: str) -> None:
    environment = {"PGSERVICEFILE": str(services)}
    given = {"url": "postgresql://?service=clear", "PGSERVICE": "user=me"}.get(by, "service=clear")
    if by == "PGSERVICE":
        environment["PGSERVICE"] = "clear"
    if by == "PGSYSCONFDIR":
        environment = {"PGSYSCONFDIR": str(services.parent)}
    with pytest.raises(InvalidConfiguration) as refused:
        resolve_conninfo(given, environment)
    with pytest.raises(InvalidConfiguration) as written_out:
        resolve_conninfo("host=db.example.test sslmode=disable", {})
    assert str(refused.value) == str(written_out.value)
    assert "the connection to db.example.test would not verify the server (sslmode=disable)" in str(refused.value)
    allowed = conninfo_to_dict(resolve_conninfo(given, environment, allow_unverified_tls=True))
    assert (allowed["host"], allowed["sslmode"]) == ("db.example.test", "disable")


def test_what_a_service_says_is_expanded_and_the_conninfo_wins(services: Path) -> None:
    found = resolved("service=remote user=me", PGSERVICEFILE=str(services), PGUSER="other", PGDATABASE="other")
    told = {key: found[key] for key in ("host", "port", "user", "password", "dbname", "sslmode")}
    assert told == {
        "host": "db.example.test",
        "port": "6000",
        "user": "me",
        "password": "planted",
        "dbname": "d",
        "sslmode": "verify-full",
    }


def test_a_service_counts_as_this_machine_only_when_all_of_its_places_are(services: Path) -> None:
    assert "sslmode" not in resolved("service=here", PGSERVICEFILE=str(services))
    assert resolved("service=moved host=localhost", PGSERVICEFILE=str(services))["sslmode"] == "verify-full"
    elsewhere = resolved("service=here", PGSERVICEFILE=str(services), PGHOSTADDR="192.0.2.1")
    assert elsewhere["sslmode"] == "verify-full"


@pytest.mark.parametrize("file", ["", "missing.conf", "broken.conf"])
def test_a_service_that_cannot_be_read_is_refused(tmp_path: Path, file: str) -> None:
    (tmp_path / "broken.conf").write_text("[nowhere]\nplanted nonsense\n")
    environment = {"PGSERVICEFILE": str(tmp_path / file)} if file else {}
    with pytest.raises(InvalidConfiguration, match="the connection's service cannot be read") as refused:
        resolve_conninfo("service=nowhere", environment)
    assert "planted" not in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"PGHOST": "db.example.test"}, {"host": "db.example.test", "sslmode": "verify-full"}),
        ({"PGHOSTADDR": "192.0.2.1", "PGPORT": "7"}, {"hostaddr": "192.0.2.1", "port": "7", "sslmode": "verify-full"}),
        ({"PGHOST": "localhost", "PGUSER": "sue"}, {"host": "localhost", "user": "sue"}),
        ({"PGHOST": "db.example.test", "PGSSLMODE": "verify-full"}, {"sslmode": "verify-full"}),
        ({"PGHOST": "h", "PGSSLROOTCERT": "root.crt"}, {"sslrootcert": "root.crt"}),
    ],
)
def test_the_environment_names_the_place_where_the_conninfo_does_not(
    environment: dict[str, str], expected: dict[str, str]
) -> None:
    found = resolved("dbname=d", **environment)
    assert {key: found[key] for key in expected} == expected
    assert ("sslmode" in found) is ("sslmode" in expected or "sslrootcert" in expected)


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_the_environment_cannot_ask_for_less_either(mode: str) -> None:
    with pytest.raises(InvalidConfiguration, match=f"to db.example.test would not verify the server .sslmode={mode}."):
        resolve_conninfo("host=db.example.test", {"PGSSLMODE": mode})


def test_the_password_of_the_environment_stays_there() -> None:
    assert "password" not in resolved("host=localhost", PGPASSWORD="planted")
    assert resolved("host=localhost password=planted", PGPASSWORD="planted")["password"] == "planted"


def test_the_process_keeps_its_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "own.example.test")
    assert resolved("user=me", PGHOST="other.example.test", PGPORT="7")["host"] == "other.example.test"
    assert {name: value for name, value in os.environ.items() if name in ("PGHOST", "PGPORT")} == {
        "PGHOST": "own.example.test"
    }
