"""The dynamic provider is asked for early, of a real monitor; the SDK's own server serves more calls than it comes with."""

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dill  # type: ignore[import-untyped]
import grpc
import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.dynamic import ConfigureRequest, ResourceProvider
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, resource_pb2_grpc
from pulumi.runtime.proto.resource_pb2 import ResourceInvokeRequest

from components.provider import sdk_internals

PATIENCE = 10
ROOT = Path(__file__).parents[4]


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


CALLS = 12
FEW = 4
"""As many as the SDK's server serves by itself."""


class Meeting(ResourceProvider):
    """Whose calls end once so many are being served."""

    def __init__(self, parties: int, asked: int) -> None:
        self.parties = parties
        self.asked = asked

    def configure(self, req: ConfigureRequest) -> None:
        self.barrier = threading.Barrier(self.parties)
        sdk_internals.serve_more(self.asked)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        self.barrier.wait(PATIENCE / 2)


@pytest.fixture
def served() -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The SDK's server for dynamic providers, in a process of its own, as the engine starts it."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PULUMI_PROJECT": "supabase-cron"}
    command = [sys.executable, "-u", "-m", "pulumi.dynamic", "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT, text=True) as process:
        assert process.stdout is not None
        try:
            with grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}") as channel:
                yield provider_pb2_grpc.ResourceProviderStub(channel)
        finally:
            process.terminate()


def deletions(
    served: provider_pb2_grpc.ResourceProviderStub, provider: Meeting, calls: int
) -> list[BaseException | None]:
    """The errors of so many calls at once, which find a server on which others have waited already."""
    properties = Struct()
    properties.update({"__provider": base64.b64encode(dill.dumps(provider)).decode()})
    with ThreadPoolExecutor(calls) as callers:
        asked = [provider_pb2.DeleteRequest(id=str(number), properties=properties) for number in range(calls)]
        return [each.exception() for each in [callers.submit(served.Delete, each) for each in asked]]


def test_the_sdks_server_serves_as_many_calls_as_it_is_asked_to(served: provider_pb2_grpc.ResourceProviderStub) -> None:
    assert deletions(served, Meeting(CALLS, CALLS), CALLS) == [None] * CALLS
    assert deletions(served, Meeting(CALLS, 1), CALLS) == [None] * CALLS, "and no fewer than before"


def test_without_that_it_serves_few(served: provider_pb2_grpc.ResourceProviderStub) -> None:
    """Why there is serve_more; where this fails, the SDK serves more by itself."""
    assert deletions(served, Meeting(FEW, 1), FEW) == [None] * FEW
    assert None not in deletions(served, Meeting(FEW + 1, 1), FEW + 1)


def test_where_nothing_is_as_in_the_sdks_server_nothing_is_changed() -> None:
    sdk_internals.serve_more(CALLS)
    asking = threading.Thread(target=sdk_internals.serve_more, args=(CALLS,))
    asking.start()
    asking.join(PATIENCE)
    assert not asking.is_alive()
