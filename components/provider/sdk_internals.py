"""What of Pulumi's Python SDK is no public interface, all in one place. Read at version 3.272.

Each function says what it leans on, and what happens where that is another one day.
"""

import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import grpc
from pulumi.output import Unknown
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env
from pulumi.runtime.proto.resource_pb2 import ResourceInvokeRequest
from pulumi.runtime.settings import get_monitor

NO_FUNCTION = "pulumi-python:dynamic:start"
"""A function of the dynamic provider's package that there is not."""

STARTING_THREAD = "start-provider"
"""The name of the thread that asks for it."""


def start_provider() -> None:
    """Let the engine start the dynamic provider while the program still imports what it is made of; return at once.

    Otherwise the engine starts it for a program's first resource, and everything waits while it imports pulumi. The
    engine starts a package's provider for the first that is asked of it. Pulumi's dynamic one answers that it has no
    functions (pulumi/dynamic/__main__.py, ``Invoke``), which changes nothing and is told to nobody.
    """
    threading.Thread(target=_ask, args=(get_monitor(),), name=STARTING_THREAD, daemon=True).start()


def _ask(monitor: Any) -> None:  # noqa: ANN401 - a stub, which grpc generates without types
    with suppress(grpc.RpcError):
        monitor.Invoke(ResourceInvokeRequest(tok=NO_FUNCTION))


def stack_values() -> tuple[Mapping[str, str], frozenset[str]]:
    """All keys of the stack's configuration with their values in clear, and the keys of those that are encrypted.

    The language host's contract: PULUMI_CONFIG and PULUMI_CONFIG_SECRET_KEYS in the environment. ``pulumi.Config``
    gives one key at a time, so that a misspelt one is never noticed.
    """
    return get_config_env(), frozenset(get_config_secret_keys_env())


def has_unknowns(value: object) -> bool:
    """Whether an input holds what is not known before another resource is made, which previews pass as ``Unknown``."""
    if isinstance(value, Mapping):
        return any(has_unknowns(part) for part in value.values())
    if isinstance(value, list):
        return any(has_unknowns(part) for part in value)
    return isinstance(value, Unknown)


def answer_with(sentence: Callable[[BaseException], str | None]) -> None:
    """Let the SDK's server answer an exception with its sentence; where there is none, with its traceback.

    It aborts with ``traceback.format_exc()`` (pulumi/dynamic/__main__.py, ``_abort_with_traceback``), which is a page
    of SDK frames in the user's terminal. Where it does otherwise one day, nothing is changed.
    """
    served = sys.modules.get("__main__")
    if getattr(served, "traceback", None) is traceback:
        served.traceback = _Sentences(sentence)  # type: ignore[union-attr]


class _Sentences:
    """Stands in for the module ``traceback`` in the SDK's server."""

    def __init__(self, sentence: Callable[[BaseException], str | None]) -> None:
        self._sentence = sentence

    def format_exc(self) -> str:
        """The sentence of the exception at hand, or its traceback."""
        exc = sys.exception()
        said = None if exc is None else self._sentence(exc)
        return traceback.format_exc() if said is None else said
