"""What a person is told of a connection that failed: libpq's, psycopg's and the poolers' real texts, one by one."""

import pytest

from components.database.connection_failure import connection_sentence

SERVER = 'connection failed: connection to server at "192.0.2.1", port 1 failed: '
CONNINFO = "host=h port=1 user=me password=planted"
UNSAFE = "allowUnverifiedTls"


def told(text: str, conninfo: str = CONNINFO, fault: int | None = None) -> str:
    return connection_sentence(Exception(text), conninfo, fault)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('connection failed: FATAL:  password authentication failed for user "me"', "refuses the password of me"),
        ("connection failed: connection refused", "no database at h:1: connection refused"),
        (
            "FATAL:  (ECIRCUITBREAKER) too many authentication failures",
            "correct that of me in SUPABASE_CRON_DATABASE_URL",
        ),
        ("connection timeout expired", "no answer from the database at h:1 within 10 s"),
        ("connection failed: server does not support SSL, but SSL was required", "no verified TLS connection"),
        (
            'connection failed: FATAL:  database "x" does not exist',
            'database "x" does not exist; check user and database',
        ),
    ],
)
def test_each_failure_says_what_to_do(text: str, expected: str) -> None:
    assert expected in told(text)


@pytest.mark.parametrize(
    ("text", "fault", "expected"),
    [
        (
            'server certificate for "db.example.test" (and 1 other name) does not match host name "h"',
            None,
            "the certificate is for db.example.test; check the host",
        ),
        ("SSL error: certificate verify failed", 10, "has expired; whoever runs the server must renew it"),
        ("SSL error: certificate verify failed", 9, "is not valid yet; check the clock"),
        ("SSL error: certificate verify failed", 23, "was revoked; go no further"),
        ("SSL error: certificate verify failed", 19, "none that sslrootcert names; download the server's"),
        ("SSL error: certificate verify failed", 20, "none that sslrootcert names; download the server's"),
        ("SSL error: certificate verify failed", None, "its certificate does not pass; name the root certificate"),
        (
            'root certificate file "root.crt" does not exist\nEither provide the file, use the system\'s trusted roots '
            "with sslrootcert=system, or change sslmode to disable server certificate verification.",
            None,
            "there is no usable root certificate in root.crt; download the server's",
        ),
        ('could not read root certificate file "root.crt": no certificate', None, "no usable root certificate in root"),
        ("SSL error: tlsv1 alert protocol version", None, "which versions of TLS the server allows"),
    ],
)
def test_a_certificate_that_does_not_pass_is_never_waved_through(text: str, fault: int | None, expected: str) -> None:
    sentence = told(SERVER + text, fault=fault)
    assert sentence.startswith("no verified TLS connection to the database at h:1: ")
    assert expected in sentence
    assert UNSAFE not in sentence
    assert "disable" not in sentence


@pytest.mark.parametrize(
    "text",
    [
        "SSL error: unexpected eof while reading",
        "SSL SYSCALL error: EOF detected",
        "SSL SYSCALL error: Connection reset by peer",
        "SSL connection has been closed unexpectedly",
        "server closed the connection unexpectedly\n\tThis probably means the server terminated abnormally\n\t"
        "before or while processing the request.",
    ],
)
def test_a_link_that_was_cut_is_tried_again(text: str) -> None:
    sentence = told(SERVER + text)
    assert sentence.startswith("the connection to the database at h:1 was cut (")
    assert "; try again" in sentence
    assert UNSAFE not in sentence
    assert "probably" not in sentence


def test_only_a_server_without_tls_may_be_trusted_unseen_and_that_last() -> None:
    sentence = told(SERVER + "server does not support SSL, but SSL was required")
    assert "turn TLS on there, or" in sentence
    assert sentence.endswith("say allowUnverifiedTls: true")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('certificate present, but not private key file "c.key"', "check sslcert and sslkey"),
        ("FATAL:  connection requires a valid client certificate", "check sslcert and sslkey"),
        (
            'FATAL:  no pg_hba.conf entry for host "192.0.2.9", user "me", database "d", no encryption',
            "TLS connections",
        ),
        (
            'FATAL:  no pg_hba.conf entry for host "192.0.2.9", user "me", database "d", SSL encryption',
            "does not let me in from here",
        ),
        ('FATAL:  database "ssl certificates" does not exist', "check user and database"),
        ("FATAL:  sorry, too many clients already", "has no connection left"),
        ("FATAL:  (EMAXCONNSESSION) max clients reached in session mode", "has no connection left"),
        ("Network is unreachable\n\tIs the server running on that host?", "no way from here to the database at h:1"),
    ],
)
def test_what_only_sounds_like_tls_is_not_taken_for_it(text: str, expected: str) -> None:
    sentence = told(SERVER + text)
    assert expected in sentence
    assert UNSAFE not in sentence


POOLER = "host=aws-0-eu-central-1.pooler.supabase.com port=6543 user=postgres password=planted"


@pytest.mark.parametrize(
    "text",
    [
        "FATAL:  Tenant or user not found",
        "FATAL:  (ENOTFOUND) tenant/user postgres.ref not found",
        "FATAL:  (ENOIDENTIFIER) no tenant identifier provided (external_id or sni_hostname required)",
    ],
)
def test_a_user_that_the_pooler_does_not_know(text: str) -> None:
    sentence = told(SERVER + text, POOLER)
    assert "the pooler at aws-0-eu-central-1.pooler.supabase.com:6543 does not know postgres" in sentence
    assert "write the user as postgres.REF" in sentence
    assert "the host of the project's region" in sentence


@pytest.mark.parametrize(
    "text",
    [
        'FATAL:  password authentication failed for user "postgres"',
        'FATAL:  (EWRONGPASSWORD) password authentication failed for user "postgres"',
        "error received from server in SCRAM exchange: Wrong password",
        "FATAL:  SASL authentication failed",
    ],
)
def test_a_wrong_password_through_a_pooler(text: str) -> None:
    sentence = told(SERVER + text, POOLER)
    assert "the pooler at aws-0-eu-central-1.pooler.supabase.com:6543 refuses the password of postgres" in sentence
    assert "minute to learn a new one" in sentence


@pytest.mark.parametrize(
    "text",
    [
        "failed to resolve host 'db.abcd.supabase.co': [Errno -2] Name or service not known",
        "failed to resolve host 'db.abcd.supabase.co': [Errno -5] No address associated with hostname",
        'could not translate host name "db.abcd.supabase.co" to address: Name or service not known',
        SERVER + "Network is unreachable",
        SERVER + "Cannot assign requested address",
    ],
)
def test_a_direct_connection_is_ipv6_only(text: str) -> None:
    sentence = told(text, "host=db.abcd.supabase.co user=postgres")
    assert "no way from here to the database at db.abcd.supabase.co:5432" in sentence
    assert "a direct Supabase connection is IPv6 only; use the session pooler" in sentence
    assert "IPv6" not in told(text, "host=db.example.com")


@pytest.mark.parametrize(
    ("conninfo", "place"),
    [
        ("hostaddr=192.0.2.1", "192.0.2.1:5432"),
        ("host=a,b port=1,2", "a:1, b:2"),
        ("host=a,b", "a:5432, b:5432"),
        ("user=me", "localhost:5432"),
    ],
)
def test_the_place_is_that_which_was_tried(conninfo: str, place: str) -> None:
    assert told("connection failed: refused", conninfo).startswith(f"no database at {place}: ")


def test_the_time_is_that_which_was_waited() -> None:
    assert "within 3 s" in told("connection timeout expired", "host=h connect_timeout=3")


@pytest.mark.parametrize(
    ("conninfo", "text"),
    [
        (
            "postgresql://u:HEAD@TAIL@host/db",
            "failed to resolve host 'TAIL@host': [Errno -2] Name or service not known",
        ),
        ("host=TAIL@host password=HEAD", 'could not translate host name "TAIL@host" to address: unknown'),
        ("postgresql://u:HEAD/TAIL@host/db", 'connection is bad: invalid port number: "HEAD"'),
        ("postgresql://u:12/TAIL@host/db", 'FATAL:  database "TAIL@host/db" does not exist'),
        ("postgresql://u:HEAD/x", "SSL error: certificate verify failed"),
    ],
)
def test_a_misread_conninfo_is_told_of_and_not_quoted(conninfo: str, text: str) -> None:
    sentence = told(text, conninfo)
    assert "percent-encode special characters" in sentence
    assert "HEAD" not in sentence
    assert "TAIL" not in sentence
