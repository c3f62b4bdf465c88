"""What becomes of a request: the row in net._http_response for every way that it can end."""

import gzip
import re
import socket
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.rows import DictRow

from devstack import Stack
from devstack.pg_net.request import REFUSED, TOO_LARGE, UNRESOLVED

Deliver = Callable[..., DictRow]
Respond = Callable[..., int]
Answering = Callable[[bytes], str]


_OLDER = {"Couldn't connect to server": REFUSED, "Couldn't resolve host name": UNRESOLVED, "Out of memory": TOO_LARGE}
"""What libcurl before 8.6 says, which a real pg_net may have."""


def _error(row: DictRow) -> str:
    said: str = row["error_msg"]
    return _OLDER.get(said, said)


def _post(url: str, **arguments: Any) -> tuple[Any, ...]:
    names = "".join(f", {name} := %s" for name in arguments)
    return (f"net.http_post(%s{names})", url, *arguments.values())


def test_an_answer_is_a_row_with_all_of_it(stack: Stack, deliver: Deliver) -> None:
    stack.set_function("hello", body={"ok": True}, headers={"X-Served-By": "receiver"})
    row = deliver(*_post(f"{stack.functions_url}/hello"))
    assert (row["status_code"], row["content_type"], row["content"]) == (200, "application/json", '{"ok": true}')
    assert row["headers"]["X-Served-By"] == "receiver"
    assert (row["timed_out"], row["error_msg"]) == (False, None)


def test_the_request_goes_out_exactly_as_queued(stack: Stack, deliver: Deliver, user_agent: str) -> None:
    stack.set_function("hello", require={"authorization": "Bearer x"})
    deliver(
        "net.http_post(%s, body := %s, params := %s, headers := %s)",
        f"{stack.functions_url}/hello",
        '{"b":1,"a":[true]}',
        '{"limit": 5}',
        '{"Authorization": "Bearer x", "Empty": "", "Null": null, "Number": 7}',
    )
    (request,) = stack.requests("hello")
    assert request["method"] == "POST"
    assert request["path"] == "/functions/v1/hello?limit=5"
    assert request["body"] == '{"a": [true], "b": 1}'
    assert request["headers"] == {
        "host": stack.receiver_url.removeprefix("http://"),
        "accept": "*/*",
        "authorization": "Bearer x",
        "number": "7",
        "content-type": "application/json",
        "user-agent": user_agent,
        "content-length": "21",
    }
    assert request["status"] == 200


@pytest.mark.parametrize("status", [201, 404, 500, 503])
def test_any_status_is_an_answer(stack: Stack, deliver: Deliver, status: int) -> None:
    stack.set_function("hello", status=status)
    row = deliver(*_post(f"{stack.functions_url}/hello"))
    assert (row["status_code"], row["error_msg"], row["content"]) == (status, None, '{"success": true}')


def test_an_empty_body_is_null(stack: Stack, deliver: Deliver) -> None:
    stack.set_function("hello", status=204, body=None)
    row = deliver(*_post(f"{stack.functions_url}/hello"))
    assert (row["status_code"], row["content"], row["error_msg"]) == (204, None, None)


@pytest.mark.parametrize(
    ("call", "method", "body", "added"),
    [
        ("net.http_get(%s)", "GET", "", {}),
        ("net.http_delete(%s)", "DELETE", "", {}),
        (
            """net.http_delete(%s, body := '{"id": 1}')""",
            "DELETE",
            '{"id": 1}',
            {"content-type": "application/x-www-form-urlencoded", "content-length": "9"},
        ),
        (
            """net.http_delete(%s, body := '{"id": 1}', headers := '{"content-type": "a/b"}')""",
            "DELETE",
            '{"id": 1}',
            {"content-type": "a/b", "content-length": "9"},
        ),
        (
            "net.http_post(%s, headers := NULL, body := NULL)",
            "POST",
            "",
            {"content-type": "application/x-www-form-urlencoded", "content-length": "0"},
        ),
    ],
)
def test_what_goes_along_by_itself(
    stack: Stack, deliver: Deliver, user_agent: str, call: str, method: str, body: str, added: dict[str, str]
) -> None:
    stack.set_function("hello")
    assert deliver(call, f"{stack.functions_url}/hello")["status_code"] == 200
    (request,) = stack.requests("hello")
    assert (request["method"], request["body"]) == (method, body)
    always = {"host": stack.receiver_url.removeprefix("http://"), "accept": "*/*", "user-agent": user_agent}
    assert request["headers"] == always | added


@pytest.mark.parametrize(("length", "expects"), [(2**20, None), (2**20 + 1, "100-continue")])
def test_a_body_above_a_megabyte_asks_first(stack: Stack, deliver: Deliver, length: int, expects: str | None) -> None:
    stack.set_function("hello")
    body = '"' + "x" * (length - 2) + '"'
    assert deliver(*_post(f"{stack.functions_url}/hello", body=body))["status_code"] == 200
    (request,) = stack.requests("hello")
    assert request["body"] == body
    assert request["headers"].get("expect") == expects


def test_credentials_in_the_url_become_a_header(stack: Stack, deliver: Deliver) -> None:
    stack.set_function("hello")
    deliver(*_post(f"{stack.functions_url}/hello".replace("://", "://us%40er:p%3Aw@")))
    (request,) = stack.requests("hello")
    assert request["path"] == "/functions/v1/hello"
    assert request["headers"]["authorization"] == "Basic " + b64encode(b"us@er:p:w").decode()


def test_a_redirect_is_followed_without_the_secret_for_strangers(
    stack: Stack, deliver: Deliver, answering: Answering
) -> None:
    stack.set_function("there", body="arrived")
    elsewhere = answering(f"HTTP/1.1 302 Found\r\nLocation: {stack.functions_url}/there\r\n\r\n".encode())
    row = deliver(*_post(elsewhere, headers='{"Authorization": "Bearer x", "X-Other": "y"}'))
    assert (row["status_code"], row["content"]) == (200, "arrived")
    (request,) = stack.requests("there")
    assert (request["method"], request["headers"]["x-other"]) == ("GET", "y")
    assert "authorization" not in request["headers"]


def test_a_redirect_within_the_host_keeps_secret_and_body_on_307(stack: Stack, deliver: Deliver) -> None:
    stack.set_function("here", status=307, headers={"Location": "/functions/v1/there"})
    stack.set_function("there", require={"authorization": "Bearer x"})
    row = deliver(*_post(f"{stack.functions_url}/here", body='{"a": 1}', headers='{"Authorization": "Bearer x"}'))
    assert row["status_code"] == 200
    assert [request["body"] for request in stack.requests()] == ['{"a": 1}', '{"a": 1}']


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_that_is_redirected_becomes_a_get(stack: Stack, deliver: Deliver, status: int) -> None:
    stack.set_function("here", status=status, headers={"Location": "/functions/v1/there"})
    stack.set_function("there")
    assert deliver(*_post(f"{stack.functions_url}/here", body='{"a": 1}'))["status_code"] == 200
    assert [(each["method"], each["body"]) for each in stack.requests()] == [("POST", '{"a": 1}'), ("GET", "")]


@pytest.mark.usefixtures("of_the_stand_in")
def test_the_headers_of_a_followed_redirect_are_those_of_all_its_answers(
    stack: Stack, deliver: Deliver, answering: Answering
) -> None:
    stack.set_function("there", body="arrived", headers={"X-Both": "last", "X-Last": "1"})
    row = deliver(
        *_post(
            answering(
                f"HTTP/1.1 302 Found\r\nLocation: {stack.functions_url}/there\r\nContent-Type: text/html\r\n"
                "X-Both: first\r\nX-First: 1\r\nContent-Length: 5\r\n\r\nmoved".encode()
            )
        )
    )
    assert (row["status_code"], row["content_type"], row["content"]) == (200, "application/json", "arrived")
    wanted = {
        "Location": f"{stack.functions_url}/there",
        "Content-Type": row["content_type"],
        "X-Both": "last",
        "X-First": "1",
        "X-Last": "1",
    }
    assert {name: row["headers"].get(name) for name in wanted} == wanted


@pytest.mark.usefixtures("of_the_stand_in")
def test_redirects_in_a_circle_end_at_curls_limit(stack: Stack, deliver: Deliver) -> None:
    stack.set_function("circle", status=302, headers={"Location": "/functions/v1/circle"})
    row = deliver(*_post(f"{stack.functions_url}/circle"))
    assert (row["status_code"], row["error_msg"]) == (None, "Number of redirects hit maximum amount")
    assert len(stack.requests("circle")) == 31


def test_only_http_is_followed(stack: Stack, deliver: Deliver) -> None:
    stack.set_function("away", status=302, headers={"Location": "ftp://127.0.0.1/file"})
    assert deliver(*_post(f"{stack.functions_url}/away"))["error_msg"] == "Unsupported protocol"
    assert deliver("net.http_get('ftp://127.0.0.1/file')")["error_msg"] == "Unsupported protocol"


def test_a_timeout_covers_the_whole_request(stack: Stack, deliver: Deliver) -> None:
    stack.set_function("slow", delay=5)
    row = deliver(*_post(f"{stack.functions_url}/slow", timeout_milliseconds=200))
    assert row["timed_out"] is True
    assert [row[name] for name in ("status_code", "content_type", "headers", "content")] == [None] * 4
    number = r"\d+\.\d{6}"
    assert re.fullmatch(
        rf"Timeout of 200 ms reached\. Total time: {number} ms \(DNS time: {number} ms, "
        rf"TCP/SSL handshake time: {number} ms, HTTP Request/Response time: {number} ms\)",
        row["error_msg"],
    )
    assert len(stack.requests("slow")) == 1


def test_a_refused_port(deliver: Deliver) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound but not listening
        row = deliver(*_post(f"http://127.0.0.1:{bound.getsockname()[1]}/"))
    assert (_error(row), row["timed_out"]) == ("Could not connect to server", False)


def test_an_unknown_host(deliver: Deliver) -> None:
    row = deliver(*_post("http://nowhere.invalid/", timeout_milliseconds=15000))
    assert (_error(row), row["timed_out"]) == ("Could not resolve hostname", False)


def test_a_dropped_connection(stack: Stack, deliver: Deliver) -> None:
    stack.set_function("drop", drop=True)
    row = deliver(*_post(f"{stack.functions_url}/drop"))
    assert (row["error_msg"], row["timed_out"]) == ("Server returned nothing (no headers, no data)", False)
    assert [request["status"] for request in stack.requests("drop")] == [None]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", "Server returned nothing (no headers, no data)"),
        (b"good morning\r\n\r\n", "Unsupported protocol"),
        (b"HTTP/3.0 200 OK\r\n\r\n", "Unsupported protocol"),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "Weird server reply"),
        (b"HTTP/1.1 200 OK\r\nX: \0\r\n\r\n", "Weird server reply"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "Transferred a partial file"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf", "Transferred a partial file"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno number\r\n",
            "Failure when receiving data from the peer",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * 2**17 + b"no number\r\n",
            "Failure when receiving data from the peer",
        ),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "Server returned nothing (no headers, no data)"),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nx",
            "Server returned nothing (no headers, no data)",
        ),
        (
            b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
            "A value or data field grew larger than allowed",
        ),
        (b"HTTP/1.1 302 Found\r\nLocation: http://h:99999/\r\n\r\n", "URL using bad/illegal format or missing URL"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[:60],
)
def test_a_broken_answer(deliver: Deliver, answering: Answering, answer: bytes, error: str) -> None:
    row = deliver(*_post(answering(answer)))
    assert (row["status_code"], row["content"], _error(row)) == (None, None, error)


def test_tls_is_verified(stack: Stack, deliver: Deliver) -> None:
    row = deliver(*_post(stack.receiver_url.replace("http:", "https:")))
    assert (row["status_code"], row["error_msg"]) == (None, "SSL connect error")


def test_a_repeated_header(deliver: Deliver, answering: Answering) -> None:
    row = deliver(*_post(answering(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Type: a/b\r\n\r\n")))
    assert row["headers"] == {"X-A": "2", "Content-Type": "a/b"}
    assert row["content_type"] == "a/b"


EVERY_BYTE = bytes(range(1, 256)) + b"\0\1\2"

_RAW = """
SELECT textsend(content) AS content, textsend(content_type) AS content_type,
       (SELECT array_agg(ARRAY[textsend(key), textsend(value)]) FROM jsonb_each_text(headers)) AS headers
  FROM net._http_response WHERE id = %s
"""


def _raw(connection: psycopg.Connection[DictRow], request_id: int) -> DictRow:
    """The bytes of a response's texts, which need be none in the database's encoding."""
    row = connection.execute(_RAW, (request_id,)).fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (EVERY_BYTE, EVERY_BYTE[:255]),
        *((bytes([byte]) * 3, bytes([byte]) * 3) for byte in (0x80, 0xC3, 0xED, 0xF5, 0xFF)),
        ("Gruß".encode("latin-1"), b"Gru\xdf"),
        ("Gruß".encode("utf-16"), b"\xff\xfeG"),
        ("Gruß€".encode()[:-1], "Gruß€".encode()[:-1]),
        ("Gruß€".encode(), "Gruß€".encode()),
        (gzip.compress(b"text", mtime=0), gzip.compress(b"text", mtime=0).split(b"\0")[0]),
        (b"\0hidden", None),
    ],
)
def test_a_body_is_stored_as_its_bytes_come_up_to_a_nul(
    login: psycopg.Connection[DictRow], respond: Respond, answering: Answering, body: bytes, content: bytes | None
) -> None:
    answered = respond(*_post(answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + body)))
    assert _raw(login, answered)["content"] == content


def test_what_is_stored_can_be_no_text(
    login: psycopg.Connection[DictRow], deliver: Deliver, answering: Answering
) -> None:
    with pytest.raises(UnicodeDecodeError):
        deliver(*_post(answering(b"HTTP/1.1 200 OK\r\n\r\nGru\xdf")))
    with pytest.raises(errors.CharacterNotInRepertoire):
        login.execute("SELECT convert_to(content, 'UTF8') FROM net._http_response ORDER BY id DESC LIMIT 1")


def test_headers_are_stored_as_their_bytes_come(
    login: psycopg.Connection[DictRow], respond: Respond, answering: Answering
) -> None:
    odd = bytes(byte for byte in range(1, 256) if byte not in b"\n\r")
    values = {b"X-%d" % place: b"a" + odd[place : place + 8] + b"z" for place in range(0, len(odd), 8)}
    values[b"Content-Type"] = b"te\xfft/" + "Gruß".encode("latin-1")
    lines = b"".join(b"%b: %b\r\n" % header for header in values.items())
    row = _raw(login, respond(*_post(answering(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n"))))
    assert dict(row["headers"]) == values
    assert row["content_type"] == values[b"Content-Type"]


@pytest.mark.usefixtures("of_the_stand_in")
def test_what_spoils_texts_is_for_the_worker_alone(login: psycopg.Connection[DictRow]) -> None:
    login.execute("SELECT net.wait_until_running()")
    unchecked = (
        "SELECT oid::regproc::text AS name FROM pg_proc "
        "WHERE prosrc = 'bytea_substr_no_len' AND prorettype = 'text'::regtype"
    )
    (found,) = login.execute(unchecked).fetchall()
    with pytest.raises(errors.InsufficientPrivilege):
        login.execute(f"SELECT {found['name']}('x'::bytea)".encode())


@pytest.mark.usefixtures("of_the_stand_in")
def test_a_request_that_cannot_be_sent_holds_nothing_up(stack: Stack, deliver: Deliver) -> None:
    stack.set_function("hello")
    row = deliver(*_post(f"{stack.functions_url}/hello", headers='{"X-Bad": "a\\nb"}'))
    assert row["error_msg"] == "the pg_net stand-in cannot send this request: ValueError"
    assert deliver(*_post(f"{stack.functions_url}/hello"))["status_code"] == 200


@pytest.mark.usefixtures("of_the_stand_in")
def test_a_timeout_out_of_range_is_answered_not_repeated(
    superuser: psycopg.Connection[DictRow], deliver: Deliver, stack: Stack
) -> None:
    stack.set_function("hello")
    superuser.execute(
        "INSERT INTO net.http_request_queue (id, method, url, timeout_milliseconds) VALUES (-1, 'GET', %s, 0)",
        (f"{stack.functions_url}/hello",),
    )
    assert deliver(*_post(f"{stack.functions_url}/hello"))["status_code"] == 200
    row = superuser.execute("SELECT error_msg FROM net._http_response WHERE id = -1").fetchone()
    assert row == {"error_msg": "timeout_milliseconds must be greater than 0"}
