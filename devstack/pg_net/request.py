"""One queued request, sent as pg_net's libcurl would, and what becomes of it as a row of ``net._http_response``."""

import asyncio
import string
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import aiohttp
from aiohttp import http_exceptions
from multidict import CIMultiDict
from yarl import URL

from devstack.pg_net import VERSION

# The texts of libcurl 8.6 and later, which pg_net writes into error_msg
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
TOO_LARGE = "A value or data field grew larger than allowed"

MAX_REDIRECTS = 30
"""libcurl's limit from 8.3 on."""

_MAX_HEADER_BYTES = 100 * 1024
"""libcurl's limit for a header line; aiohttp's own is far lower."""

_FORM = "application/x-www-form-urlencoded"

_EXPECT_ABOVE_BYTES = 1024 * 1024

_FOR_ONE_HOST = ("authorization", "cookie", "host")
"""Headers that do not go along when a redirect leads to another scheme, host or port."""


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


class _ClientRequest(aiohttp.ClientRequest):
    """aiohttp's request where it differs from curl's on the wire."""

    GET_METHODS = aiohttp.ClientRequest.GET_METHODS | {"DELETE"}  # no Content-Length where there is no body

    def update_expect_continue(self, expect: bool = False) -> None:
        """Sends the body at once; curl waits for the other side's consent, but no longer than a second."""


def open_session() -> aiohttp.ClientSession:
    """A session for one round: nothing added, nothing remembered, no limit of its own, no proxy of the environment."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=0),  # a kept one may be closed by now, unnoticed
        request_class=_ClientRequest,
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
    first = hop = with_credentials(request)
    headers: dict[bytes, bytes] = {}
    for _ in range(MAX_REDIRECTS + 1):
        async with session.request(
            hop.method.upper(),
            URL(hop.url, encoded=True),
            headers=request_headers(hop),
            data=hop.body,
            allow_redirects=False,
        ) as response:
            if response.status == 101:  # nobody asked for another protocol, so nothing of this one follows
                raise aiohttp.ServerDisconnectedError
            content = await _read(response)
        headers |= {_until_nul(name): _until_nul(value) for name, value in response.raw_headers}
        location = _last(response.raw_headers, b"location")
        if not location or not 300 <= response.status < 400:
            content_type = _last(response.raw_headers, b"content-type")
            return Outcome(response.status, content_type, headers, _until_nul(content) or None)
        hop = redirected(first, hop, response.status, location)
    raise aiohttp.TooManyRedirects(response.request_info, ())


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body; aiohttp itself leaves its reader waiting for ever when a later chunk is malformed."""
    protocol = response.connection and response.connection.protocol
    if protocol is not None and protocol.closed is not None:

        def tell(_: asyncio.Future[None]) -> None:
            if isinstance(error := protocol.exception(), http_exceptions.HttpProcessingError):
                response.content.set_exception(aiohttp.ClientConnectionError(str(error)))

        protocol.closed.add_done_callback(tell)
    return await response.read()


def with_credentials(request: Request) -> Request:
    """The request with its URL's user and password, if it has any, in a header, unless that is given."""
    url = URL(request.url, encoded=True)
    if url.raw_user is None and url.raw_password is None:
        return request
    headers = list(request.headers)
    if "authorization" not in _given(request):
        basic = b64encode(f"{url.user or ''}:{url.password or ''}".encode()).decode()
        headers.append(("Authorization", f"Basic {basic}"))
    return replace(request, url=str(url.with_user(None)), headers=headers)


def redirected(first: Request, hop: Request, status: int, location: bytes) -> Request:
    """What follows an answer to ``hop`` with a Location; ``first`` is what all began with.

    Raises:
        aiohttp.InvalidURL: the Location is none.
    """
    begin = URL(first.url, encoded=True)
    try:
        url = URL(hop.url, encoded=True).join(URL(quote(location, safe=string.punctuation), encoded=True))
        same = (url.scheme, url.host, url.port) == (begin.scheme, begin.host, begin.port)
    except ValueError as exc:
        raise aiohttp.InvalidURL(location.decode("utf-8", "replace")) from exc
    forgets = status in (301, 302, 303)
    return with_credentials(
        replace(
            first,
            method="GET" if forgets and hop.method.upper() == "POST" else hop.method,
            url=str(url),
            headers=[each for each in first.headers if same or each[0].lower() not in _FOR_ONE_HOST],
            body=None if forgets else hop.body,
        )
    )


def request_headers(request: Request) -> CIMultiDict[str]:
    """The queued headers but for empty ones, and what curl and pg_net add.

    An empty header is not sent and keeps curl's of that name away. pg_net's User-Agent stands beside a given one.
    """
    added = {"Accept": "*/*"}
    if request.method.upper() == "POST" or request.body is not None:
        added["Content-Type"] = _FORM
    if len(request.body or b"") > _EXPECT_ABOVE_BYTES:
        added["Expect"] = "100-continue"
    given = _given(request)
    headers = [(name, value) for name, value in request.headers if value and value.strip()]
    headers.append(("User-Agent", f"pg_net/{VERSION}"))
    headers += [(name, value) for name, value in added.items() if name.lower() not in given]
    spellings: dict[str, str] = {}  # aiohttp takes a name in another case for a new value of the same header
    return CIMultiDict((spellings.setdefault(name.lower(), name), value) for name, value in headers)


def _given(request: Request) -> set[str]:
    return {name.lower() for name, value in request.headers if value is not None}


def timeout_text(limit: int, spent: float) -> str:
    """pg_net's sentence, times in milliseconds; the stand-in does not tell the steps apart."""
    return (
        f"Timeout of {limit} ms reached. Total time: {spent:f} ms "
        f"(DNS time: {0:f} ms, TCP/SSL handshake time: {0:f} ms, HTTP Request/Response time: {spent:f} ms)"
    )


def error_text(error: aiohttp.ClientError | OSError) -> str:
    """libcurl's text for what aiohttp met; the most specific kind first."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__) is not None:
        causes.append(cause)
    root = causes[-1]
    if isinstance(root, http_exceptions.BadHttpMessage) and "chunk" in root.message.partition("\n\n")[0].lower():
        return BROKEN  # aiohttp has no class of its own for it; after the blank line it shows the bytes
    for kind, text in _ERROR_TEXTS:
        if any(isinstance(each, kind) for each in causes):
            return text
    return BROKEN


_ERROR_TEXTS: tuple[tuple[type[BaseException], str], ...] = (
    (http_exceptions.LineTooLong, TOO_LARGE),
    (http_exceptions.BadStatusLine, SCHEME),
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
