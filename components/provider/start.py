"""The dynamic provider's process, which starts while the program still imports what it is made of.

Otherwise the engine starts it for a program's first resource, and everything waits while it imports pulumi.
"""

import threading
from contextlib import suppress
from typing import Any

import grpc
from pulumi.runtime.proto.resource_pb2 import ResourceInvokeRequest
from pulumi.runtime.settings import get_monitor

FUNCTION = "pulumi-python:dynamic:start"
"""A function of the dynamic provider's package that there is not."""

THREAD = "start-provider"
"""The name of the thread that asks for it."""


def start_provider() -> None:
    """Let the engine start the dynamic provider, and return at once.

    The engine starts a package's provider for the first that is asked of it. Pulumi's dynamic one answers that it has
    no functions (3.272: pulumi/dynamic/__main__.py, ``Invoke``), which changes nothing and is told to nobody.
    """
    threading.Thread(target=_ask, args=(get_monitor(),), name=THREAD, daemon=True).start()


def _ask(monitor: Any) -> None:  # noqa: ANN401 - a stub, which grpc generates without types
    with suppress(grpc.RpcError):
        monitor.Invoke(ResourceInvokeRequest(tok=FUNCTION))
