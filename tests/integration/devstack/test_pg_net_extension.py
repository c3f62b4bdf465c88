"""The stand-in's SQL: the same objects, signatures, checks and texts as pg_net's."""

from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.rows import DictRow

from devstack.pg_net import VERSION

Connection = psycopg.Connection[DictRow]


def _one(connection: Connection, query: str, *parameters: Any) -> Any:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return next(iter(row.values()))


@pytest.mark.usefixtures("of_the_stand_in")
def test_the_extension_can_be_told_from_the_real_one(login: Connection) -> None:
    row = login.execute(
        "SELECT extversion, extnamespace::regnamespace::text AS namespace, extowner::regrole::text AS owner, "
        "extrelocatable FROM pg_extension WHERE extname = 'pg_net'"
    ).fetchone()
    assert row == {
        "extversion": VERSION,
        "namespace": "extensions",
        "owner": "supabase_admin",
        "extrelocatable": False,
    }


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (
            "net.http_request_queue",
            [
                ("id", "bigint", True),
                ("method", "net.http_method", True),
                ("url", "text", True),
                ("headers", "jsonb", False),
                ("body", "bytea", False),
                ("timeout_milliseconds", "integer", True),
            ],
        ),
        (
            "net._http_response",
            [
                ("id", "bigint", False),
                ("status_code", "integer", False),
                ("content_type", "text", False),
                ("headers", "jsonb", False),
                ("content", "text", False),
                ("timed_out", "boolean", False),
                ("error_msg", "text", False),
                ("created", "timestamp with time zone", True),
            ],
        ),
    ],
)
def test_tables(login: Connection, table: str, columns: list[tuple[str, str, bool]]) -> None:
    rows = login.execute(
        "SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attnum > 0 ORDER BY attnum",
        (table,),
    )
    assert [tuple(row.values()) for row in rows] == columns
    assert _one(login, "SELECT relpersistence FROM pg_class WHERE oid = %s::regclass", table) == "u"


def test_only_created_is_indexed(login: Connection) -> None:
    rows = login.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'net'").fetchall()
    assert [row["indexdef"] for row in rows] == [
        "CREATE INDEX _http_response_created_idx ON net._http_response USING btree (created)"
    ]


@pytest.mark.parametrize(
    ("function", "arguments", "result"),
    [
        (
            "http_get",
            "url text, params jsonb DEFAULT '{}'::jsonb, headers jsonb DEFAULT '{}'::jsonb, "
            "timeout_milliseconds integer DEFAULT 5000",
            "bigint",
        ),
        (
            "http_post",
            "url text, body jsonb DEFAULT '{}'::jsonb, params jsonb DEFAULT '{}'::jsonb, "
            """headers jsonb DEFAULT '{"Content-Type": "application/json"}'::jsonb, """
            "timeout_milliseconds integer DEFAULT 5000",
            "bigint",
        ),
        (
            "http_delete",
            "url text, params jsonb DEFAULT '{}'::jsonb, headers jsonb DEFAULT '{}'::jsonb, "
            "timeout_milliseconds integer DEFAULT 5000, body jsonb DEFAULT NULL::jsonb",
            "bigint",
        ),
        ("_http_collect_response", "request_id bigint, async boolean DEFAULT true", "net.http_response_result"),
        ("http_collect_response", "request_id bigint, async boolean DEFAULT true", "net.http_response_result"),
        ("_await_response", "request_id bigint", "boolean"),
        ("_urlencode_string", "string character varying", "text"),
        ("_encode_url_with_params_array", "url text, params_array text[]", "text"),
        ("check_worker_is_up", "", "void"),
        ("wait_until_running", "", "void"),
        ("wake", "", "void"),
        ("worker_restart", "", "boolean"),
    ],
)
def test_functions(login: Connection, function: str, arguments: str, result: str) -> None:
    row = login.execute(
        "SELECT pg_get_function_arguments(oid) AS arguments, pg_get_function_result(oid) AS result, prosecdef, proacl "
        "FROM pg_proc WHERE proname = %s AND pronamespace = 'net'::regnamespace",
        (function,),
    ).fetchone()
    assert row == {"arguments": arguments, "result": result, "prosecdef": False, "proacl": None}


@pytest.mark.parametrize(
    ("url", "params", "stored"),
    [
        ("http://h", "{}", "http://h/"),
        ("HTTP://h:81/a/b?c=d#e", "{}", "http://h:81/a/b?c=d#e"),
        ("http://h", '{"a": 1}', "http://h/?a=1"),
        ("http://h?", '{"a": 1}', "http://h/?a=1"),
        ("http://h/?x&", '{"a": 1}', "http://h/?x&a=1"),
        (
            "https://h/p?q=1#f",
            '{"b": true, "a": null, "c": {"d": [1]}}',
            "https://h/p?q=1&b=true&c=%7B%22d%22%3A%20%5B1%5D%7D#f",
        ),
        ("http://h/", '{"a b": "ü&/~-._", "": ""}', "http://h/?=&a%20b=%C3%BC%26%2F~-._"),
    ],
)
def test_the_stored_url(login: Connection, url: str, params: str, stored: str) -> None:
    with login.transaction(force_rollback=True):
        queued = _one(login, "SELECT net.http_get(%s, %s)", url, params)
        assert _one(login, "SELECT url FROM net.http_request_queue WHERE id = %s", queued) == stored


@pytest.mark.usefixtures("of_the_stand_in")
@pytest.mark.parametrize(
    ("url", "stored"),
    [
        ("http://h/a/../b", "http://h/b"),
        ("http://h/a/./b/..", "http://h/a/"),
        ("http://h/a//../b?x=/../y", "http://h/a/b?x=/../y"),
        ("http://h/../../x", "http://h/x"),
        ("http://h/a/%2e%2e/b", "http://h/a/%2e%2e/b"),
        ("http://h/..a/...", "http://h/..a/..."),
        ("http://H.Example:080/P", "http://H.Example:80/P"),
        ("http://h:/x", "http://h/x"),
        ("https://h:443", "https://h:443/"),
        ("http:/h", "http://h/"),
        ("http:///h", "http://h/"),
        ("http://h/?#f", "http://h/#f"),
        ("http://h#f?g", "http://h/#f?g"),
        ("http://127.1/x", "http://127.0.0.1/x"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://0177.0.0.1/", "http://127.0.0.1/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://127.1.2/", "http://127.1.0.2/"),
        ("http://256.1/", "http://256.1/"),
        ("http://4294967296/", "http://4294967296/"),
        ("http://08.1.1.1/", "http://08.1.1.1/"),
        ("http://1.2.3.4.5/", "http://1.2.3.4.5/"),
        ("http://[0:0:0:0:0:0:0:1]:80/", "http://[::1]:80/"),
        ("http://[fe80::1%eth0]/", "http://[fe80::1%25eth0]/"),
        ("http://user:p%40ss@h/", "http://user:p%40ss@h/"),
        ("http://user@h", "http://user@h/"),
        ("http://h/ü?ü", "http://h/ü?ü"),
        ("ftp://h/x", "ftp://h/x"),
    ],
)
def test_a_url_is_normalised_when_it_is_queued(login: Connection, url: str, stored: str) -> None:
    assert _one(login, "SELECT net._encode_url_with_params_array(%s, '{}')", url) == stored


PORT = "Port number was not a decimal number between 0 and 65535"


@pytest.mark.usefixtures("of_the_stand_in")
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "Bad scheme"),
        ("/x", "Bad scheme"),
        ("//h/x", "Bad scheme"),
        ("h", "Bad scheme"),
        (" http://h/", "Bad scheme"),
        ("localhost:6666", "Unsupported URL scheme"),
        ("what://h", "Unsupported URL scheme"),
        ("mailto:x@y", "Unsupported URL scheme"),
        ("http:h", "Unsupported number of slashes following scheme"),
        ("http:////h", "Unsupported number of slashes following scheme"),
        ("http://", "No host part in the URL"),
        ("http://u@/x", "No host part in the URL"),
        ("http://h:99999/", PORT),
        ("http://h:65536/", PORT),
        ("http://h:x/", PORT),
        ("http://h:-1/", PORT),
        ("http://h: 80/", PORT),
        ("http://h:80:80/", PORT),
        ("http://::1/", PORT),
        ("http://[::1]x/", PORT),
        ("http://[::1/", "Bad IPv6 address"),
        ("http://[1:2:3:4:5:6:7:8:9]/", "Bad IPv6 address"),
        ("http://h /", "Bad hostname"),
        ("http://h$/", "Bad hostname"),
        ("http://a:b@c@h/", "Bad hostname"),
        ("http://h/a b", "Bad path"),
        ("http://h/ ", "Bad path"),
        ("http://h/a\tb", "Bad path"),
        ("http://h/?a b", "Bad query"),
        ("http://h/#a b", "Bad fragment"),
        ("http://u ser@h/", "Bad user"),
        ("http://u:p w@h/", "Bad password"),
    ],
)
def test_a_url_that_is_none_is_refused_when_it_is_queued(login: Connection, url: str, reason: str) -> None:
    with pytest.raises(errors.InternalError) as refused:
        login.execute("SELECT net.http_get(%s)", (url,))
    assert refused.value.diag.message_primary == f'invalid URL "{url}": {reason}'
    assert refused.value.sqlstate == "XX000"
    assert _one(login, "SELECT count(*) FROM net.http_request_queue") == 0


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (
            "net.http_post('http://h', headers := '{\"content-type\": \"application/json; charset=utf-8\"}')",
            errors.RaiseException,
            'Content-Type header must be "application/json"',
        ),
        (
            "net.http_post(NULL)",
            errors.NotNullViolation,
            'null value in column "url" of relation "http_request_queue" violates not-null constraint',
        ),
        (
            "net.http_get('http://h', timeout_milliseconds := NULL)",
            errors.NotNullViolation,
            'null value in column "timeout_milliseconds" of relation "http_request_queue" violates not-null constraint',
        ),
        (
            "net.http_get('http://h', params := '[]')",
            errors.InvalidParameterValue,
            "cannot call jsonb_each_text on a non-object",
        ),
    ],
)
def test_a_call_that_is_refused_queues_nothing(
    login: Connection, call: str, kind: type[psycopg.Error], text: str
) -> None:
    with pytest.raises(kind) as refused:
        login.execute(f"SELECT {call}".encode())
    assert refused.value.diag.message_primary == text
    assert _one(login, "SELECT count(*) FROM net.http_request_queue") == 0


@pytest.mark.usefixtures("of_the_stand_in")
def test_a_timeout_out_of_range_is_refused(login: Connection) -> None:
    with pytest.raises(errors.InvalidParameterValue, match="timeout_milliseconds must be greater than 0, not 0"):
        login.execute("SELECT net.http_get('http://h', timeout_milliseconds := 0)")
    assert _one(login, "SELECT count(*) FROM net.http_request_queue") == 0


def test_a_method_that_is_none_is_refused(login: Connection) -> None:
    with pytest.raises(errors.CheckViolation):
        login.execute("INSERT INTO net.http_request_queue (method, url, timeout_milliseconds) VALUES ('PUT', 'x', 1)")
    assert _one(login, "SELECT 'DeLeTe'::net.http_method::text") == "DeLeTe"


def test_null_in_null_out(login: Connection) -> None:
    assert _one(login, "SELECT net._urlencode_string(NULL)") is None
    assert _one(login, "SELECT net._encode_url_with_params_array(NULL, '{}')") is None


def test_every_login_may_read_and_change_the_queue_as_upstream(login: Connection) -> None:
    """The danger that the project's documents warn of must be here too."""
    rows = login.execute(
        "SELECT relname FROM pg_class, aclexplode(relacl) AS acl WHERE relnamespace = 'net'::regnamespace "
        "AND acl.grantee = 0 AND acl.privilege_type IN ('SELECT', 'USAGE') GROUP BY relname ORDER BY relname"
    ).fetchall()
    assert [row["relname"] for row in rows] == ["_http_response", "http_request_queue", "http_request_queue_id_seq"]


def test_a_stranger_can_call_but_not_reach_what_is_not_granted(superuser: Connection, login: Connection) -> None:
    superuser.execute("CREATE ROLE stranger LOGIN")
    try:
        with login.transaction(force_rollback=True):
            superuser.execute("GRANT stranger TO postgres")
            login.execute("SET LOCAL ROLE stranger")
            assert _one(login, "SELECT net.http_post('http://h')") > 0
            assert _one(login, "SELECT count(*) FROM net.http_request_queue") == 1
            with pytest.raises(errors.InsufficientPrivilege):
                login.execute("SELECT cron.schedule('x', '* * * * *', 'SELECT 1')")
    finally:
        superuser.execute("DROP ROLE stranger")


def test_an_unknown_response_is_an_error(login: Connection) -> None:
    result = "SELECT status || ': ' || message FROM net._http_collect_response(0)"
    assert _one(login, result) == "ERROR: request matching request_id not found"
