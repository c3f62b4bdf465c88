"""A TCP proxy on loopback that puts a distance between the bench and its server, and counts the round trips.

A round trip is a message of the client's that the server answers, and one more for the connection itself.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.conninfo import conninfo_to_dict, make_conninfo

CHUNK = 65536


class Proxy:
    """Listens on ``port``; every chunk arrives half of ``rtt`` (seconds) later. ``trips`` may be set back to 0."""

    def __init__(self, host: str, port: int, rtt: float) -> None:
        self._target = host, port
        self._rtt = rtt
        self.port = 0
        self.trips = 0

    async def serve(self, ready: threading.Event) -> None:
        """Serve until :meth:`stop`; ``port`` is known once ``ready`` is set."""
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await self._stopped.wait()

    def stop(self) -> None:
        """End :meth:`serve`, from another thread."""
        self._loop.call_soon_threadsafe(self._stopped.set)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.trips += 1
        await asyncio.sleep(self._rtt)  # TCP's own handshake, which on loopback takes no time
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        answered = asyncio.Event()
        answered.set()
        try:
            await asyncio.gather(
                self._forward(reader, far_writer, answered, asks=True),
                self._forward(far_reader, writer, answered, asks=False),
            )
        except asyncio.CancelledError:
            pass  # the proxy ends
        finally:
            far_writer.close()
            writer.close()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answered: asyncio.Event, *, asks: bool
    ) -> None:
        """Pass on what comes from one side; the server's first chunk after one of the client's ends a round trip."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sender = asyncio.create_task(self._deliver(queue, writer))
        loop = asyncio.get_running_loop()
        try:
            while data := await reader.read(CHUNK):
                if asks:
                    answered.clear()
                elif not answered.is_set():
                    answered.set()
                    self.trips += 1
                queue.put_nowait((loop.time() + self._rtt / 2, data))
        except ConnectionError:
            pass
        queue.put_nowait((loop.time() + self._rtt / 2, b""))
        await sender

    async def _deliver(self, queue: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if not data:
                    break
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()


@contextmanager
def proxied(conninfo: str, rtt: float) -> Iterator[tuple[str, Proxy]]:
    """A server ``rtt`` seconds away until the end of the block: its conninfo by way of a proxy, and the proxy."""
    near = conninfo_to_dict(conninfo)
    proxy = Proxy(str(near["host"]), int(near["port"] or 0), rtt)
    ready = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(proxy.serve(ready)), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield make_conninfo(conninfo, port=proxy.port), proxy
    finally:
        proxy.stop()
        thread.join(5)
