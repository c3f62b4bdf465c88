import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import aiohttp
import pytest
from yarl import URL

from devstack.pg_net import APPLICATION_NAME, VERSION, request
from devstack.pg_net.request import Request, error_text, request_headers, timeout_text
from devstack.pg_net.worker import Connection, Restart, Wakes


def _request(method: str, *headers: tuple[str, str | None]) -> Request:
    return Request(1, method, "http://h/", headers, None, 1000)


@pytest.mark.parametrize(
    ("queued", "sent"),
    [
        (_request("GET", ("A", "1"), ("Empty", ""), ("Null", None)), [("A", "1")]),
        (_request("POST", ("content-type", "application/json")), [("content-type", "application/json")]),
        (_request("GET", ("User-Agent", "mine")), [("User-Agent", "mine")]),
    ],
)
def test_headers_go_out_as_queued_with_the_user_agent_beside(queued: Request, sent: list[tuple[str, str]]) -> None:
    assert list(request_headers(queued).items()) == [*sent, ("User-Agent", f"pg_net/{VERSION}")]


def test_a_post_without_a_type_is_a_form_to_curl() -> None:
    assert request_headers(_request("post"))["Content-Type"] == "application/x-www-form-urlencoded"


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
