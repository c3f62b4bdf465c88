"""One queued request, sent as pg_net's libcurl would, and what becomes of it as a row of ``net._http_response``."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from devstack.pg_net import VERSION

# libcurl's texts, which pg_net writes into error_msg
UNRESOLVED = "Could not resolve hostname"
REFUSED = "Could not connect to server"
EMPTY = "Server returned nothing (no headers, no data)"
WEIRD = "Weird server reply"
PARTIAL = "Transferred a partial file"
BROKEN = "Failure when receiving data from the peer"
REDIRECTS = "Number of redirects hit maximum amount"
SCHEME = "Unsupported protocol"
BAD_URL = "URL using bad/illegal format or missing URL"
UNTRUSTED = "SSL peer certificate or SSH remote key was not OK"
TLS = "SSL connect error"

MAX_REDIRECTS = 30
"""libcurl's limit from 8.3 on."""

_MAX_HEADER_BYTES = 100 * 1024
"""libcurl's limit for a header line; aiohttp's own is far lower."""

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Request:
    """A row of ``net.http_request_queue``; ``headers`` are pairs, a None value among them."""

    id: int
    method: str
    url: str
    headers: Sequence[tuple[str, str | None]] = field(repr=False)
    body: bytes | None = field(repr=False)
    timeout_milliseconds: int


@dataclass(frozen=True)
class Outcome:
    """A row of ``net._http_response`` but for its id and time.

    What came over the wire are bytes in no encoding, without a NUL in them.
    """

    status_code: int | None = None
    content_type: bytes | None = None
    headers: dict[bytes, bytes] | None = None
    content: bytes | None = None
    timed_out: bool = False
    error_msg: str | None = None


def open_session() -> aiohttp.ClientSession:
    """A session for one round: nothing added, nothing remembered, no limit of its own, no proxy of the environment."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
        max_line_size=_MAX_HEADER_BYTES,
        max_field_size=_MAX_HEADER_BYTES,
    )


async def send(session: aiohttp.ClientSession, request: Request) -> Outcome:
    """Sends the request within its deadline, which covers everything, and never raises for what the other side does."""
    if request.timeout_milliseconds <= 0:
        return Outcome(error_msg="timeout_milliseconds must be greater than 0")
    started = time.monotonic()
    try:
        async with asyncio.timeout(request.timeout_milliseconds / 1000):
            return await _exchange(session, request)
    except TimeoutError:
        spent = (time.monotonic() - started) * 1000
        return Outcome(timed_out=True, error_msg=timeout_text(request.timeout_milliseconds, spent))
    except (aiohttp.ClientError, OSError) as exc:
        return Outcome(error_msg=error_text(exc))
    except Exception as exc:
        # What aiohttp refuses to send, a newline in a header for instance. No request may hold up the whole queue.
        return Outcome(error_msg=f"the pg_net stand-in cannot send this request: {type(exc).__name__}")


async def _exchange(session: aiohttp.ClientSession, request: Request) -> Outcome:
    async with session.request(
        request.method.upper(),
        URL(request.url, encoded=True),
        headers=request_headers(request),
        data=request.body,
        max_redirects=MAX_REDIRECTS + 1,
    ) as response:
        body = await response.read()
        return Outcome(
            status_code=response.status,
            content_type=_last(response.raw_headers, b"content-type"),
            headers={_until_nul(name): _until_nul(value) for name, value in response.raw_headers},
            content=_until_nul(body) or None,
        )


def request_headers(request: Request) -> CIMultiDict[str]:
    """The queued headers but for empty ones, which curl drops, and pg_net's User-Agent beside one that was given."""
    headers = CIMultiDict((name, value) for name, value in request.headers if value)
    headers.add("User-Agent", f"pg_net/{VERSION}")
    if request.method.upper() == "POST" and "Content-Type" not in headers:
        headers.add("Content-Type", _FORM)
    return headers


def timeout_text(limit: int, spent: float) -> str:
    """pg_net's sentence, times in milliseconds; the stand-in does not tell the steps apart."""
    return (
        f"Timeout of {limit} ms reached. Total time: {spent:f} ms "
        f"(DNS time: {0:f} ms, TCP/SSL handshake time: {0:f} ms, HTTP Request/Response time: {spent:f} ms)"
    )


def error_text(error: aiohttp.ClientError | OSError) -> str:
    """libcurl's text for what aiohttp met; the most specific kind first."""
    for kind, text in _ERROR_TEXTS:
        if isinstance(error, kind):
            return text
    return BROKEN


_ERROR_TEXTS: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, UNRESOLVED),
    (aiohttp.ClientConnectorCertificateError, UNTRUSTED),
    (aiohttp.ClientSSLError, TLS),
    (aiohttp.ClientConnectorError, REFUSED),
    (aiohttp.ServerDisconnectedError, EMPTY),
    (aiohttp.ClientPayloadError, PARTIAL),
    (aiohttp.TooManyRedirects, REDIRECTS),
    (aiohttp.ClientResponseError, WEIRD),
    (aiohttp.NonHttpUrlClientError, SCHEME),
    (aiohttp.InvalidURL, BAD_URL),
)


def _until_nul(value: bytes) -> bytes:
    """What C takes for the string."""
    return value.split(b"\0", 1)[0]


def _last(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    values = [value for key, value in headers if key.lower() == name]
    return _until_nul(values[-1]) if values else None
