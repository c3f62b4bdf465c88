"""A small real HTTP server on loopback for probes: answers as it is told, and remembers what it was asked."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Answer(NamedTuple):
    """What the server answers; ``delay`` is in seconds."""

    status: int = 200
    body: str | bytes = "{}"
    location: str | None = None
    delay: float = 0


class Asked(NamedTuple):
    path: str
    bearer: str
    headers: Mapping[str, str]
    body: bytes


class Endpoint:
    """``answer`` decides by path and bearer; ``url`` is where it listens."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Answer] = lambda _: Answer()

    def accept(self, *bearers: str) -> None:
        """Answer 200 to these and 401 to all others."""
        self.answer = lambda asked: Answer() if asked.bearer in bearers else Answer(401)

    def bearers(self) -> list[str]:
        return [asked.bearer for asked in self.asked]


@contextmanager
def serving() -> Iterator[Endpoint]:
    """A server until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
            length = int(self.headers.get("Content-Length") or 0)
            asked = Asked(self.path, bearer, dict(self.headers), self.rfile.read(length))
            endpoint.asked.append(asked)
            answer = endpoint.answer(asked)
            time.sleep(answer.delay)
            self.send_response(answer.status)
            if answer.location:
                self.send_header("Location", answer.location)
            body = answer.body if isinstance(answer.body, bytes) else answer.body.encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that the library asks for

        def log_message(self, *_: object) -> None:
            """Quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 1024  # pg_net sends 200 at once, and 5 would wait

    server = Server(("127.0.0.1", 0), Handler)
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
