"""The dynamic provider is asked for early, of a real monitor."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import resource_pb2_grpc
from pulumi.runtime.proto.resource_pb2 import ResourceInvokeRequest

from components.provider import sdk_internals

PATIENCE = 10


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Answers as the engine does for a provider without functions, as soon as it may."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_answer = threading.Event()
        self.answered = threading.Event()

    def Invoke(self, request: ResourceInvokeRequest, context: Any) -> None:  # noqa: N802 - the protocol's name
        self.asked.append(request.tok)
        self.may_answer.wait(PATIENCE)
        self.answered.set()
        context.abort(grpc.StatusCode.UNKNOWN, "Invoke is not implemented by the dynamic provider")


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    servicer = Monitor()
    server = grpc.server(ThreadPoolExecutor(1))
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = resource_pb2_grpc.ResourceMonitorStub(channel)
        monkeypatch.setattr(sdk_internals, "get_monitor", lambda: stub)
        yield servicer
    server.stop(None)


def test_the_program_goes_on_while_the_provider_starts_and_its_answer_is_no_error(
    monitor: Monitor, capfd: pytest.CaptureFixture[str]
) -> None:
    sdk_internals.start_provider()
    (asking,) = (thread for thread in threading.enumerate() if thread.name == sdk_internals.STARTING_THREAD)
    assert not monitor.answered.is_set()
    monitor.may_answer.set()
    asking.join(PATIENCE)
    assert not asking.is_alive()
    assert monitor.asked == ["pulumi-python:dynamic:start"]
    assert capfd.readouterr() == ("", "")
