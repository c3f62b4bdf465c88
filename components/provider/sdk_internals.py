"""All uses of Pulumi's Python SDK beyond its public interface, as of version 3.272.

The docstring of each function names the internals that it depends on.
"""

import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import grpc
from pulumi.output import Unknown
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env
from pulumi.runtime.proto.resource_pb2 import ResourceInvokeRequest
from pulumi.runtime.settings import get_monitor

NO_FUNCTION = "pulumi-python:dynamic:start"
"""The name of a function that the dynamic provider's package does not have."""

STARTING_THREAD = "start-provider"
"""The name of the thread that asks for NO_FUNCTION."""


def start_provider() -> None:
    """Let the engine start the dynamic provider in the background, while the program imports its modules.

    Otherwise the engine starts that process for the program's first resource, and all resources wait while it imports
    pulumi. The engine starts a package's provider for the first request to it. Pulumi's dynamic provider answers that
    it has no functions (pulumi/dynamic/__main__.py, ``Invoke``); the answer changes nothing and is not shown.
    """
    threading.Thread(target=_ask, args=(get_monitor(),), name=STARTING_THREAD, daemon=True).start()


def _ask(monitor: Any) -> None:  # noqa: ANN401 - a stub, which grpc generates without types
    with suppress(grpc.RpcError):
        monitor.Invoke(ResourceInvokeRequest(tok=NO_FUNCTION))


def stack_values() -> tuple[Mapping[str, str], frozenset[str]]:
    """The stack's configuration: all values in clear by key, and the keys of the encrypted ones.

    The language host passes them in the environment, as PULUMI_CONFIG and PULUMI_CONFIG_SECRET_KEYS. ``pulumi.Config``
    returns one key at a time, so a misspelt key would go unnoticed.
    """
    return get_config_env(), frozenset(get_config_secret_keys_env())


def has_unknowns(value: object) -> bool:
    """Whether an input holds an ``Unknown``, which a preview passes for an output of a resource not made yet."""
    if isinstance(value, Mapping):
        return any(has_unknowns(part) for part in value.values())
    if isinstance(value, list):
        return any(has_unknowns(part) for part in value)
    return isinstance(value, Unknown)


def answer_with(sentence: Callable[[BaseException], str | None]) -> None:
    """Let the SDK's server report an exception by ``sentence``, or by its traceback where that returns None.

    The server aborts with ``traceback.format_exc()`` (pulumi/dynamic/__main__.py, ``_abort_with_traceback``), which is
    a page of SDK frames in the user's terminal. Nothing is replaced where ``__main__`` does not import ``traceback``.
    """
    served = sys.modules.get("__main__")
    if getattr(served, "traceback", None) is traceback:
        served.traceback = _Sentences(sentence)  # type: ignore[union-attr]


def serve_more(callers: int) -> None:
    """Let the SDK's server that is calling serve so many calls at once, where it serves fewer.

    It works on four (pulumi/dynamic/__main__.py, ``main``), while the engine works on four objects for each core. Its
    threads belong to a ThreadPoolExecutor, to which each has a weak reference as its first argument
    (concurrent/futures/thread.py, ``_worker``). The executor makes no more of them by itself while calls wait: it
    takes each end of a call for an idle thread. Nothing is changed where it has other internals.
    """
    arguments = getattr(threading.current_thread(), "_args", ())
    reference = arguments[0] if arguments else None
    executor = reference() if isinstance(reference, weakref.ref) else None
    if isinstance(executor, ThreadPoolExecutor):
        with suppress(AttributeError):
            executor._max_workers = max(executor._max_workers, callers)
            while executor._idle_semaphore.acquire(blocking=False):
                pass
            for _ in range(callers):  # each makes a thread, if there are fewer than these
                executor._adjust_thread_count()


class _Sentences:
    """Stands in for the module ``traceback`` in the SDK's server."""

    def __init__(self, sentence: Callable[[BaseException], str | None]) -> None:
        self._sentence = sentence

    def format_exc(self) -> str:
        """The sentence of the exception that is being handled, or its traceback."""
        exc = sys.exception()
        sentence = None if exc is None else self._sentence(exc)
        return traceback.format_exc() if sentence is None else sentence
