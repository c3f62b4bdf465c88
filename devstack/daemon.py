"""What the stack's two daemons share: hold the pid file, log, and end on SIGTERM or when their folder is gone."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path

from devstack.errors import DevstackError
from devstack.processes import abandoned, hold


def run_daemon(pid_file: Path, main: Coroutine[None, None, None]) -> None:
    """Runs ``main`` until it ends, is told to stop, or the pid file is removed.

    Raises:
        SystemExit: status 1, when another process holds the pid file.
    """
    os.chdir("/")
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        held = hold(pid_file)
    except DevstackError as exc:
        main.close()
        sys.exit(str(exc))
    with held:
        asyncio.run(_until_stopped(main, abandoned(pid_file, held)))


async def _until_stopped(*coroutines: Coroutine[None, None, None]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    tasks = [asyncio.create_task(each) for each in (*coroutines, _wait(stopped))]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    for task in done:
        task.result()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
