import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, cast

import aiohttp
import pytest
from yarl import URL

from devstack.pg_net import APPLICATION_NAME, VERSION, request
from devstack.pg_net.request import (
    Request,
    error_text,
    redirected,
    request_headers,
    timeout_text,
    with_credentials,
)
from devstack.pg_net.worker import Connection, Restart, Wakes


def _request(method: str, *headers: tuple[str, str | None]) -> Request:
    return Request(1, method, "http://h/", headers, None, 1000)


USER_AGENT = ("User-Agent", f"pg_net/{VERSION}")
ACCEPT = ("Accept", "*/*")


@pytest.mark.parametrize(
    ("queued", "sent"),
    [
        (_request("GET", ("A", "1"), ("Empty", ""), ("Blank", "  "), ("Null", None)), [("A", "1"), USER_AGENT, ACCEPT]),
        (
            _request("POST", ("content-type", "application/json")),
            [("content-type", "application/json"), USER_AGENT, ACCEPT],
        ),
        (_request("GET", ("User-Agent", "mine")), [("User-Agent", "mine"), USER_AGENT, ACCEPT]),
        (_request("GET", ("accept", "a/b")), [("accept", "a/b"), USER_AGENT]),
        (_request("POST", ("accept", ""), ("Content-Type", "")), [USER_AGENT]),
        (_request("GET", ("Accept", None)), [USER_AGENT, ACCEPT]),
    ],
)
def test_headers_go_out_as_queued_with_those_of_curl_beside(queued: Request, sent: list[tuple[str, str]]) -> None:
    assert list(request_headers(queued).items()) == sent


def test_a_name_in_another_case_is_another_value_of_it() -> None:
    assert request_headers(_request("GET", ("user-agent", "mine"))).getall("User-Agent") == ["mine", USER_AGENT[1]]


FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("method", "body", "content_type"),
    [("post", None, FORM), ("delete", b"{}", FORM), ("get", b"{}", FORM), ("delete", None, None), ("get", None, None)],
)
def test_what_a_body_without_a_type_is_to_curl(method: str, body: bytes | None, content_type: str | None) -> None:
    assert request_headers(replace(_request(method), body=body)).get("Content-Type") == content_type


@pytest.mark.parametrize(
    ("url", "headers", "sent_url", "sent_headers"),
    [
        ("http://h/x", [], "http://h/x", []),
        ("http://u:p@h:1/x?y", [], "http://h:1/x?y", [("Authorization", "Basic dTpw")]),
        ("http://u@h/", [], "http://h/", [("Authorization", "Basic dTo=")]),
        ("http://u:p@h/", [("authorization", "Bearer x")], "http://h/", [("authorization", "Bearer x")]),
        ("http://u:p@h/", [("authorization", "")], "http://h/", [("authorization", "")]),
    ],
)
def test_credentials_of_a_url(
    url: str, headers: list[tuple[str, str]], sent_url: str, sent_headers: list[tuple[str, str]]
) -> None:
    sent = with_credentials(Request(1, "GET", url, headers, None, 1000))
    assert (sent.url, list(sent.headers)) == (sent_url, sent_headers)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        (b"/x y/../z", "http://h/z"),
        (b"b?c", "http://h/p/b?c"),
        (b"?c", "http://h/p/a?c"),
        (b"//other/x", "http://other/x"),
        (b"https://h:444/", "https://h:444/"),
        (b"/a b\xff%zz", "http://h/a%20b%FF%zz"),
        (b"ftp://h/x", "ftp://h/x"),
    ],
)
def test_where_a_redirect_leads(location: bytes, url: str) -> None:
    first = Request(1, "GET", "http://h/p/a", [], None, 1000)
    assert redirected(first, first, 302, location).url == url


@pytest.mark.parametrize("location", [b"http://h:99999/", b"http://[::1/"])
def test_a_redirect_that_leads_nowhere(location: bytes) -> None:
    first = _request("GET")
    with pytest.raises(aiohttp.InvalidURL):
        redirected(first, first, 302, location)


@pytest.mark.parametrize(
    ("method", "status", "becomes", "keeps"),
    [
        *(("post", status, "GET", False) for status in (301, 302, 303)),
        *(("DELETE", status, "DELETE", False) for status in (301, 302, 303)),
        *((method, status, method, True) for method in ("POST", "DELETE") for status in (300, 307, 308)),
    ],
)
def test_what_a_redirect_makes_of_a_request(method: str, status: int, becomes: str, keeps: bool) -> None:
    first = Request(1, method, "http://h/", [("Content-Type", "a/b")], b"x", 1000)
    second = redirected(first, first, status, b"/x")
    assert (second.method, second.body) == (becomes, b"x" if keeps else None)
    assert list(second.headers) == [("Content-Type", "a/b")]


def test_secrets_go_to_the_first_host_alone() -> None:
    secrets = [("Authorization", "x"), ("cookie", "y"), ("Host", "z")]
    first = Request(1, "GET", "http://h/", [*secrets, ("X", "1")], None, 1000)
    for location in (b"http://other/", b"http://h:81/", b"https://h/"):
        away = redirected(first, first, 302, location)
        assert list(away.headers) == [("X", "1")]
        assert list(redirected(first, away, 302, b"http://h/back").headers) == [*secrets, ("X", "1")]


def test_the_sentence_of_a_timeout() -> None:
    assert timeout_text(50, 51.2) == (
        "Timeout of 50 ms reached. Total time: 51.200000 ms (DNS time: 0.000000 ms, "
        "TCP/SSL handshake time: 0.000000 ms, HTTP Request/Response time: 51.200000 ms)"
    )


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (aiohttp.ServerDisconnectedError(), request.EMPTY),
        (aiohttp.ClientPayloadError(), request.PARTIAL),
        (aiohttp.InvalidURL("x"), request.BAD_URL),
        (aiohttp.NonHttpUrlRedirectClientError("ftp://x"), request.SCHEME),
        (aiohttp.ClientConnectorCertificateError(cast(Any, None), Exception()), request.UNTRUSTED),
        (aiohttp.ClientOSError(104, "Connection reset by peer"), request.BROKEN),
        (ConnectionResetError(), request.BROKEN),
        (aiohttp.ClientError("anything"), request.BROKEN),
    ],
)
def test_the_texts_are_curls(error: aiohttp.ClientError | OSError, text: str) -> None:
    assert error_text(error) == text


def test_a_request_does_not_show_its_secrets() -> None:
    shown = repr(Request(1, "POST", "http://h/", [("Authorization", "planted")], b"planted", 1))
    assert "planted" not in shown


def test_the_stored_url_is_not_encoded_again() -> None:
    assert str(URL("http://h/a%2Fb?c=%7Bd%7D", encoded=True)) == "http://h/a%2Fb?c=%7Bd%7D"


def test_the_version_cannot_be_taken_for_the_real_one() -> None:
    assert VERSION.endswith("-standin")
    assert "--" not in VERSION
    assert APPLICATION_NAME.startswith("pg_net ")


class _Server:
    """Stands for the connection: hands out one batch of payloads at each look, and waits when there is none."""

    def __init__(self, *batches: Sequence[str]) -> None:
        self.batches = list(batches)
        self.executed: list[str] = []

    async def notifies(self, timeout: float | None, stop_after: int) -> AsyncIterator[Any]:
        assert stop_after == 1
        if not self.batches:
            assert timeout is not None, "waits for ever"
            await asyncio.sleep(timeout)
            return
        for payload in self.batches.pop(0):
            yield type("Notify", (), {"payload": payload})

    async def execute(self, query: str) -> None:
        self.executed.append(query)


def _wakes(*batches: Sequence[str]) -> tuple[Wakes, _Server]:
    server = _Server(*batches)
    return Wakes(cast(Connection, server)), server


def test_rounds_begin_at_once_then_with_a_wake() -> None:
    wakes, server = _wakes(["wake", "wake"])

    async def run() -> None:
        await wakes.wait()
        assert server.batches
        await wakes.wait()
        assert not server.batches

    asyncio.run(run())


def test_only_the_first_wake_cuts_a_pause_short() -> None:
    wakes, server = _wakes(["wake"], ["wake"])

    async def run() -> tuple[float, float]:
        await wakes.wait()
        loop = asyncio.get_running_loop()
        start = loop.time()
        await wakes.pause(0.2)
        first = loop.time() - start
        await wakes.pause(0.2)
        return first, loop.time() - start - first

    first, second = asyncio.run(run())
    assert first < 0.1
    assert second >= 0.19
    assert not server.batches


def test_a_restart_reads_the_configuration_and_ends_the_session() -> None:
    wakes, server = _wakes(["wake", "restart"])

    async def run() -> None:
        await wakes.wait()
        with pytest.raises(Restart):
            await wakes.wait()

    asyncio.run(run())
    assert server.executed == ["SELECT pg_reload_conf()"]
