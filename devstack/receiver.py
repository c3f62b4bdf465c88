"""The receiver: plays ``/functions/v1/*`` on loopback, checks credentials, records every request, answers as told.

``python -m devstack.receiver FOLDER`` runs it for the stack in that folder.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web

from devstack.daemon import run_daemon
from devstack.errors import InvalidArgument
from devstack.files import append_private
from devstack.functions import PREFIX, Function, read_functions, refusal
from devstack.places import Places
from devstack.ports import LOOPBACK
from devstack.settings import read_settings

MAX_BODY_BYTES = 64 * 2**20

_NOT_FOUND = {"code": "NOT_FOUND", "message": "Requested function was not found"}


async def serve(places: Places, port: int) -> None:
    """Serves until it is cancelled."""
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[_PLACES] = places
    app.router.add_route("*", "/{path:.*}", _handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


_PLACES = web.AppKey("places", Places)


async def _handle(request: web.Request) -> web.StreamResponse:
    arrived = datetime.now(UTC)
    places = request.app[_PLACES]
    body = await request.read()
    headers = {name.lower(): value for name, value in request.headers.items()}
    name = function_name(request.path)
    try:
        function = read_functions(places.functions).get(name) if name else None
    except InvalidArgument as exc:
        function = Function(status=HTTPStatus.INTERNAL_SERVER_ERROR, body={"message": str(exc)})
    answer = answer_for(function, headers)
    line = record(
        request,
        name=name,
        headers=headers,
        body=body,
        arrived=arrived,
        status=None if answer.drop else answer.status,
    )
    append_private(places.requests, json.dumps(line, ensure_ascii=False) + "\n")
    await asyncio.sleep(answer.delay)
    if answer.drop:
        if request.transport is not None:
            request.transport.close()
        return web.Response()
    return response(answer)


def function_name(path: str) -> str | None:
    """``name`` of ``/functions/v1/name`` and of whatever is below it, else None."""
    if not path.startswith(f"{PREFIX}/"):
        return None
    return path.removeprefix(f"{PREFIX}/").split("/", 1)[0] or None


def answer_for(function: Function | None, headers: dict[str, str]) -> Function:
    """How to answer: as the function is told, or with Supabase's 404 and 401."""
    if function is None:
        return Function(status=HTTPStatus.NOT_FOUND, body=_NOT_FOUND)
    refused = refusal(function, headers)
    if refused is not None:
        return Function(status=HTTPStatus.UNAUTHORIZED, body={"code": int(HTTPStatus.UNAUTHORIZED), "message": refused})
    return function


def record(
    request: web.BaseRequest,
    *,
    name: str | None,
    headers: dict[str, str],
    body: bytes,
    arrived: datetime,
    status: int | None,
) -> dict[str, Any]:
    """The request as a line of the log: ``json`` is the parsed body or None, ``status`` None if it gets no answer."""
    text = body.decode("utf-8", "replace")
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    return {
        "time": arrived.isoformat(),
        "function": name,
        "method": request.method,
        "path": request.raw_path,
        "headers": headers,
        "body": text,
        "json": parsed,
        "status": status,
    }


def response(answer: Function) -> web.Response:
    """The answer as HTTP."""
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
    headers = {"Content-Type": "application/json", **answer.headers}
    return web.Response(status=answer.status, body=text.encode(), headers=headers)


def main(folder: Path) -> None:
    """Runs the receiver until it is told to stop."""
    places = Places(folder.parent, folder.name)
    settings = read_settings(places.settings)
    if settings is None:
        sys.exit(f"{folder} holds no stack; make one with `python -m devstack up`")
    run_daemon(places.pid_file("receiver"), serve(places, settings.receiver_port))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
