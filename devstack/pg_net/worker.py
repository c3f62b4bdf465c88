"""The worker's rounds, shaped as pg_net's: one transaction takes a batch, runs all of it, and writes the answers.

So a batch's responses become visible together, when its slowest request ends, and a round that dies is repeated in
full: at least once across a crash, at most once otherwise.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import psycopg
from psycopg import sql

from devstack.pg_net.request import Request, open_session, send

CHANNEL = "pg_net"

ROUND_SECONDS = 1.0
"""From the start of a round to the next one while there is work. pg_net pauses a second after the round instead, and
takes far less time for a round."""

LATE_SECONDS = 0.1
"""What a round may start late, by the timer or the machine, for the next one to keep to the beat all the same."""

RECONNECT_SECONDS = 0.5

_SETTINGS = """
SELECT coalesce(current_setting('pg_net.ttl', true), '6 hours'),
       coalesce(current_setting('pg_net.batch_size', true)::int, 200)
"""

_EXPIRE = """
DELETE FROM net._http_response
 WHERE ctid = ANY (ARRAY(
     SELECT ctid FROM net._http_response WHERE created < now() - %s::interval ORDER BY created LIMIT %s))
"""

_TAKE = """
WITH batch AS (SELECT ctid FROM net.http_request_queue ORDER BY id LIMIT %s),
     taken AS (
         DELETE FROM net.http_request_queue AS queue USING batch WHERE queue.ctid = batch.ctid
         RETURNING id, method, url, headers, body, timeout_milliseconds)
SELECT id, method::text, url,
       ARRAY(SELECT ARRAY[key, value]
               FROM jsonb_each_text(CASE jsonb_typeof(headers) WHEN 'object' THEN headers END)),
       body, timeout_milliseconds
  FROM taken
 ORDER BY id
"""

# pg_net writes what came over the wire from C, where nothing validates it, and so does an internal function. Only a
# superuser can make one, and it is this session's alone: nobody else gets a way to spoil a text.
_BYTES_AS_TEXT = """
CREATE FUNCTION pg_temp.as_text(bytes bytea, start int DEFAULT 1) RETURNS text
    LANGUAGE internal IMMUTABLE STRICT AS 'bytea_substr_no_len';
REVOKE EXECUTE ON FUNCTION pg_temp.as_text FROM PUBLIC;
CREATE FUNCTION pg_temp.as_object(names_and_values bytea[]) RETURNS jsonb
    LANGUAGE sql IMMUTABLE STRICT
AS $$
    SELECT jsonb_object(ARRAY(
        SELECT pg_temp.as_text(part) FROM unnest(names_and_values) WITH ORDINALITY AS parts (part, place) ORDER BY place
    ))
$$;
"""

_ANSWER = """
INSERT INTO net._http_response (id, status_code, content_type, headers, content, timed_out, error_msg)
VALUES (%s, %s, pg_temp.as_text(%s), pg_temp.as_object(%s), pg_temp.as_text(%s), %s, %s)
"""

_log = logging.getLogger(__name__)

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class Restart(Exception):
    """``net.worker_restart()`` was called."""


class Wakes:
    """pg_net's wake flag: set by the first wake, cleared when rounds begin, so that of many wakes one counts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._set = True  # whatever waits from before the worker's time is served at its start

    async def wait(self) -> None:
        """Returns at the next wake, at once if there was one, and clears the flag."""
        while not self._set:
            await self._listen(None)
        self._set = False

    async def pause(self, seconds: float) -> None:
        """Lets ``seconds`` pass; a first wake since the flag was cleared cuts them short, later ones do not."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            was_set = self._set
            await self._listen(left)
            if self._set and not was_set:
                return

    async def _listen(self, timeout: float | None) -> None:
        payloads = [each.payload async for each in self._connection.notifies(timeout=timeout, stop_after=1)]
        if "restart" in payloads:
            await self._connection.execute("SELECT pg_reload_conf()")
            raise Restart
        self._set = self._set or bool(payloads)


async def run(conninfo: Callable[[], str]) -> None:
    """Serves the database for ever; connects again, to where it is then, whenever the connection is lost."""
    connected = False
    while True:
        try:
            async with await Connection.connect(conninfo(), autocommit=True) as connection:
                _log.info("connected, process %s of the server", connection.info.backend_pid)
                connected = True
                await serve(connection)
        except Restart:
            _log.info("restarted on request")
        except psycopg.OperationalError as exc:
            if connected:
                _log.warning("connection lost, trying again: %s", _sentence(exc))
            connected = False
            await asyncio.sleep(RECONNECT_SECONDS)
        except psycopg.Error as exc:
            _log.error("round rolled back, to be repeated: %s", _sentence(exc))
            await asyncio.sleep(ROUND_SECONDS)


async def serve(connection: Connection) -> None:
    """Rounds while there is work, then sleep until woken.

    Raises:
        psycopg.Error: the connection is lost, or a round failed and is rolled back.
        Restart: somebody asked for it.
    """
    # The real worker's statements run inside the server, where neither setting sees them and what they carry.
    await connection.execute("SET log_statement = 'none'")
    await connection.execute("SET log_min_duration_statement = -1")
    await connection.execute(_BYTES_AS_TEXT)
    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
    wakes = Wakes(connection)
    while True:
        await wakes.wait()
        due = time.monotonic() + ROUND_SECONDS
        while await _round_or_idle(connection):
            await wakes.pause(due - time.monotonic())
            now = time.monotonic()
            due = (due if 0 <= now - due < LATE_SECONDS else now) + ROUND_SECONDS


async def _round_or_idle(connection: Connection) -> int:
    running = asyncio.create_task(work_round(connection))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await running  # who stops the worker gets the round finished first, as from pg_net
        raise
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as exc:
        _log.warning("idle until the next wake: %s", _sentence(exc))
        return 0


async def work_round(connection: Connection) -> int:
    """One round in one transaction; returns how many responses expired and requests were taken."""
    async with connection.transaction():
        ((ttl, batch_size),) = await (await connection.execute(_SETTINGS)).fetchall()
        expired = (await connection.execute(_EXPIRE, (ttl, batch_size))).rowcount
        taken = await connection.execute(_TAKE, (batch_size,), binary=True)
        requests = [Request(*row) for row in await taken.fetchall()]
        if requests:
            await _answer_all(connection, requests)
    return expired + len(requests)


async def _answer_all(connection: Connection, requests: list[Request]) -> None:
    try:
        async with open_session() as session, asyncio.TaskGroup() as group:
            for request in requests:
                group.create_task(_answer(connection, session, request))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None  # the first insert that failed; the rest follow from it


async def _answer(connection: Connection, session: aiohttp.ClientSession, request: Request) -> None:
    outcome = await send(session, request)
    await connection.execute(
        _ANSWER,
        (
            request.id,
            outcome.status_code,
            outcome.content_type,
            None if outcome.headers is None else [part for header in outcome.headers.items() for part in header],
            outcome.content,
            outcome.timed_out,
            outcome.error_msg,
        ),
    )


def _sentence(error: psycopg.Error) -> str:
    return " ".join(str(error).split())
