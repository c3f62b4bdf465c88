"""Signing in the database: against RFC 4231, against the vectors, and a job's request verified where it arrives."""

import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql

from components.catalogue.address_rules import signable_url
from components.catalogue.job import Job
from components.catalogue.request import Probe
from components.declaration.command import compile_command, compile_probe
from components.sql import load_sql
from components.values.template import parse_template
from docs.signing.verify import CronRequestRefused, verify_cron_request

Connection = psycopg.Connection[tuple[Any, ...]]

SCHEMA = "jobs_private"  # conftest removes it
KEY = "planted-current-" + "k" * 32
PREVIOUS = "planted-previous-" + "p" * 32
VECTORS = json.loads((Path(__file__).parents[3] / "docs" / "signing" / "vectors.json").read_text(encoding="utf-8"))
NAMES = [vector["name"] for vector in VECTORS["accepted"]]

RFC_4231 = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
        b"hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
]


@pytest.fixture
def store(postgres: Connection) -> Connection:
    """The tables and functions that signing reads, without the rest of the store, and where runs are put down."""
    schema = sql.Identifier(SCHEMA)
    postgres.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
    for table in (
        "CREATE TABLE {}.cron_secrets (key text PRIMARY KEY, value text NOT NULL, version int NOT NULL DEFAULT 1)",
        "CREATE TABLE {}.cron_secret_stages (key text, stage text, value text, expires_at timestamptz)",
    ):
        postgres.execute(sql.SQL(table).format(schema))
    for name in (
        "cron_secret_value",
        "cron_secret_under_test",
        "guard_cron_queue",
        "get_secret",
        "cron_secret_versions",
        "cron_hmac_sha256",
        "cron_request_signature",
        "sign_cron_request_with",
        "sign_cron_request",
        "ledger_tables",
        "record_cron_run",
    ):
        requests = sql.Literal(sql.Identifier(SCHEMA, "cron_run_requests").as_string())
        postgres.execute(load_sql(name).format(schema=schema, requests=requests))
    postgres.execute(f"INSERT INTO {SCHEMA}.cron_secrets VALUES ('hmac_key', %s)".encode(), [KEY])
    return postgres


def keep_previous(store: Connection, value: str, expires: str) -> None:
    statement = f"INSERT INTO {SCHEMA}.cron_secret_stages VALUES ('hmac_key', 'previous', %s, now() + %s::interval)"
    store.execute(statement.encode(), [value, expires])


def sign(store: Connection, url: str, method: str = "GET", body: str | None = None) -> str:
    statement = f"SELECT {SCHEMA}.sign_cron_request('hmac_key', %s, %s, %s::jsonb)"
    ((signed,),) = store.execute(statement.encode(), [method, url, body]).fetchall()
    return str(signed)


@pytest.mark.parametrize(("key", "message", "expected"), RFC_4231)
def test_hmac_is_rfc_4231s(key: bytes, message: bytes, expected: str, store: Connection) -> None:
    found = store.execute(f"SELECT encode({SCHEMA}.cron_hmac_sha256(%s, %s), 'hex')".encode(), [key, message])
    ((digest,),) = found.fetchall()
    assert digest[: len(expected)] == expected


@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=NAMES)
def test_the_database_signs_as_the_vectors_say(vector: dict[str, Any], store: Connection) -> None:
    signatures = []
    for secret in vector["secrets"]:
        found = store.execute(
            f"SELECT {SCHEMA}.cron_request_signature(%s, %s, %s, %s, %s, convert_to(coalesce(%s::jsonb::text, ''), 'UTF8'))".encode(),
            [secret, vector["method"], vector["target"], vector["timestamp"], vector["id"], vector["document"]],
        )
        signatures += [f",v1={signature}" for (signature,) in found]
    assert f"t={vector['timestamp']},id={vector['id']}{''.join(signatures)}" == vector["signature"]


@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=NAMES)
def test_what_it_signs_now_is_accepted_now(vector: dict[str, Any], store: Connection) -> None:
    statement = f"SELECT {SCHEMA}.sign_cron_request_with(%s, %s, %s, %s::jsonb)"
    arguments = [vector["secrets"], vector["method"], vector["url"], vector["document"]]
    ((signed,), (again,)) = [store.execute(statement.encode(), arguments).fetchall()[0] for _ in range(2)]
    keys = vector["receives"]["keys"]
    first = verify_cron_request(vector["method"], vector["target"], vector["body"].encode(), signed, keys)
    assert first != verify_cron_request(vector["method"], vector["target"], vector["body"].encode(), again, keys)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "https://example.com/planted/../b"),
        ("GET", "https://example.com/planted/%2e"),
        ("GET", "https://example.com/planted b"),
        ("GET", "https://example.com/planted%2fb"),
        ("GET", "https://example.com/planted/ü"),
        ("GET", "https://example.com/?it's-planted"),
        ("GET", "https://example.com/planted?"),
        ("GET", "https://example.com/planted\nGET"),
        ("GET", "planted.example.com"),
        ("GET", None),
        ("GET\n/planted", "https://example.com/"),
        ("get", "https://example.com/planted"),
        (None, "https://example.com/planted"),
    ],
)
def test_what_cannot_be_signed_is_refused_without_showing_it(
    method: str | None, url: str | None, store: Connection
) -> None:
    statement = f"SELECT {SCHEMA}.sign_cron_request('hmac_key', %s, %s, NULL)"
    with pytest.raises(psycopg.errors.InvalidParameterValue) as refused:
        store.execute(statement.encode(), [method, url])
    assert "of a request to sign" in str(refused.value)
    assert "planted" not in everything_of(refused.value)


@pytest.mark.parametrize("part", ["method", "target", "id"])
def test_a_line_break_cannot_pass_for_another_part(part: str, store: Connection) -> None:
    values = {"method": "GET", "target": "/", "id": "i", part: "a\nb"}
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="holds a line break"):
        store.execute(
            f"SELECT {SCHEMA}.cron_request_signature('k', %(method)s, %(target)s, 1, %(id)s, '')".encode(), values
        )


@pytest.mark.parametrize("path", ["/a/../b", "/.", "/a b", "/%2f", "?", "?it's", "/it's", "/%2F?a=%20", "", "/..a", "/a#b c"])  # fmt: skip
def test_the_catalogue_and_the_database_have_the_same_rule(path: str, store: Connection) -> None:
    url = f"https://example.com{path}"
    try:
        signable_url(parse_template(url))
    except ValueError:
        with pytest.raises(psycopg.errors.InvalidParameterValue):
            sign(store, url)
    else:
        sign(store, url)


@pytest.mark.parametrize("secrets", [None, [], ["planted"], [KEY, None], [KEY, "planted"]])
def test_a_weak_key_is_refused_without_showing_it(secrets: list[str | None] | None, store: Connection) -> None:
    statement = f"SELECT {SCHEMA}.sign_cron_request_with(%s::text[], 'GET', 'https://example.com/', NULL)"
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="missing or shorter than 32 bytes") as refused:
        store.execute(statement.encode(), [secrets])
    assert "planted" not in everything_of(refused.value)


def test_during_its_grace_the_previous_value_signs_too(store: Connection) -> None:
    keep_previous(store, PREVIOUS, "1 hour")
    signed = sign(store, "https://example.com/x")
    assert len(re.findall(",v1=", signed)) == 2
    for key in (KEY, PREVIOUS):
        verify_cron_request("GET", "/x", b"", signed, [key])


@pytest.mark.parametrize(("previous", "expires"), [(PREVIOUS, "-1 second"), ("planted-weak", "1 hour")])
def test_an_expired_or_weak_previous_value_does_not_sign(previous: str, expires: str, store: Connection) -> None:
    keep_previous(store, previous, expires)
    signed = sign(store, "https://example.com/x")
    assert len(re.findall(",v1=", signed)) == 1
    verify_cron_request("GET", "/x", b"", signed, [KEY])
    with pytest.raises(CronRequestRefused):
        verify_cron_request("GET", "/x", b"", signed, [PREVIOUS])


PATH = ["search_path=pg_catalog, pg_temp"]


def test_functions_have_a_search_path_that_nobody_can_turn_and_one_alone_is_a_definer(store: Connection) -> None:
    found = store.execute(
        "SELECT proname::text, proconfig, prosecdef FROM pg_proc WHERE pronamespace = %s::regnamespace"
        " AND proname ~ '(hmac|sign)' ORDER BY proname COLLATE \"C\"",
        [SCHEMA],
    )
    assert found.fetchall() == [
        ("cron_hmac_sha256", PATH, False),
        ("cron_request_signature", PATH, False),
        ("sign_cron_request", PATH, True),
        ("sign_cron_request_with", PATH, False),
    ]


class Received(NamedTuple):
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """A small real HTTP server that keeps the bytes it gets."""

    def __init__(self) -> None:
        received: list[Received] = []
        arrived = threading.Condition()

        class Answer(http.server.BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with arrived:
                    received.append(Received(self.command, self.path, headers, body))
                    arrived.notify_all()
                self.send_response(204)
                self.end_headers()

            do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._received, self._arrived = received, arrived
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def next(self) -> Received:
        with self._arrived:
            assert self._arrived.wait_for(lambda: self._received, timeout=30), "no request arrived"
            return self._received.pop(0)


@contextmanager
def listening() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as each:
        yield each


def everything_of(error: psycopg.Error) -> str:
    return " ".join(str(getattr(error.diag, name)) for name in dir(error.diag) if not name.startswith("_"))


def queued(store: Connection, statement: str) -> str:
    """Run it in one transaction and look at what it leaves in pg_net's queue."""
    with store.transaction():
        store.execute(statement.encode())
        ((rows,),) = store.execute("SELECT json_agg(to_json(q)) #>> '{}' FROM net.http_request_queue AS q").fetchall()
    return str(rows)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/functions/v1/nightly", None),
        ("POST", "", {"runs": 1, "limit": 5}),
        ("POST", "?a=b%20c", {"ü": "任务 🔑", "a": 'it\'s "quoted" \\ \n 100% $1 {{x}}'}),
        ("GET", "/it's/(a),b;c?d=e:f@/?&g=*", None),
        ("DELETE", "/a//b%2F", None),
        ("DELETE", "/", [1, {"z": 1, "a": 1.50}]),
    ],
)
def test_a_signed_job_is_accepted_where_it_arrives(
    method: str, path: str, body: Any, store: Connection, receiver: Receiver
) -> None:
    store.execute(f"INSERT INTO {SCHEMA}.cron_secrets VALUES ('address', %s)".encode(), [receiver.url])
    job = Job.model_validate(
        {
            "description": "d",
            "schedule": "0 1 * * *",
            "http": {
                "method": method,
                "url": "{address}" + path,
                "headers": {"X-Other": "it's {{}}"},
                "auth": {"hmac": "hmac_key"},
                "body": body,
                "timeout": 5,
            },
        }
    )
    command = compile_command("nightly", job, stack="supabase-cron/test", schema=SCHEMA)
    assert "planted" not in command
    assert "planted" not in queued(store, command)
    got = receiver.next()
    assert got.method == method
    request_id = verify_cron_request(got.method, got.target, got.body, got.headers["x-cron-signature"], [KEY])
    assert len(request_id) == 36
    assert got.headers["x-other"] == "it's {}"
    assert "planted" not in str(got)
    for tampered in ({"body": got.body + b" "}, {"target": got.target + "&x"}, {"method": "PUT"}):
        changed = got._replace(**tampered)
        with pytest.raises(CronRequestRefused, match="fits no key"):
            verify_cron_request(
                changed.method, changed.target, changed.body, changed.headers["x-cron-signature"], [KEY]
            )


def test_url_and_body_are_computed_once(store: Connection) -> None:
    job = Job.model_validate(
        {
            "description": "d",
            "schedule": "0 1 * * *",
            "http": {"url": "{address}/x", "auth": {"hmac": "hmac_key"}, "timeout": 5},
        }
    )
    command = compile_command("nightly", job, stack="supabase-cron/test", schema=SCHEMA)
    plan = store.execute(b"EXPLAIN (VERBOSE, COSTS OFF) " + command.encode()).fetchall()
    assert str(plan).count("get_secret(") == 1


@pytest.mark.parametrize("made_up", [None, PREVIOUS])
@pytest.mark.parametrize("auth", [{"hmac": "token"}, {"bearer": "token"}])
def test_a_probe_tries_the_value_that_is_pending_or_the_one_that_it_is_given(
    auth: dict[str, str], made_up: str | None, store: Connection, receiver: Receiver
) -> None:
    store.execute(f"INSERT INTO {SCHEMA}.cron_secrets VALUES ('other', 'stored'), ('token', 'planted-stored')".encode())
    store.execute(f"INSERT INTO {SCHEMA}.cron_secret_stages VALUES ('token', 'pending', %s)".encode(), [KEY])
    tried = made_up or KEY
    probe = Probe.model_validate(
        {"url": receiver.url + "/p?x=100%25&y=$2", "headers": {"X-Other": "{other} % $1 %s"}, "auth": auth}
    )
    store.execute(
        f"CREATE FUNCTION {SCHEMA}.try(statement text, value text) RETURNS bigint LANGUAGE plpgsql AS"
        " 'DECLARE id bigint; BEGIN EXECUTE statement INTO id USING value; RETURN id; END'".encode()
    )
    arguments = [compile_probe("token", probe, schema=SCHEMA), made_up]
    ((request_id,),) = store.execute(f"SELECT {SCHEMA}.try(%s, %s)".encode(), arguments).fetchall()
    assert request_id > 0
    got = receiver.next()
    assert (got.method, got.target, got.headers["x-other"]) == ("GET", "/p?x=100%25&y=$2", "stored % $1 %s")
    if "hmac" in auth:
        verify_cron_request("GET", got.target, got.body, got.headers["x-cron-signature"], [tried])
        assert "planted" not in str(got)
    else:
        assert got.headers["authorization"] == f"Bearer {tried}"
