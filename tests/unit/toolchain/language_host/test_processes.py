"""No process outlives the engine, and cancelling ends programs."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import toolchain
from toolchain.language_host.processes import Programs, output, start

ROOT = Path(toolchain.__file__).parent.parent


def wait_until_gone(pid: str) -> None:
    end = time.monotonic() + 10
    while Path("/proc", pid).exists():
        assert time.monotonic() < end, f"process {pid} still runs"
        time.sleep(0.02)


def test_a_plugin_ends_with_its_children_when_nobody_reads_its_output() -> None:
    plugin = (
        "import subprocess, time\n"
        "from toolchain.language_host.processes import end_with_engine, lead_group\n"
        "lead_group()\n"
        "child = subprocess.Popen(['sleep', '60'])\n"
        "print(child.pid, flush=True)\n"
        "end_with_engine()\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", plugin], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        child = process.stdout.readline().strip()
        time.sleep(0.2)
        assert process.poll() is None
        process.stdout.close()
        assert process.wait(10) == -9
    wait_until_gone(child)


def test_cancel_ends_running_programs_and_later_ones() -> None:
    programs = Programs()
    codes: list[int] = []

    def run() -> None:
        codes.append(programs.run(["sleep", "60"], cwd="/", env=dict(os.environ)))

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.2)
    programs.cancel()
    thread.join(10)
    run()
    assert codes == [-15, -15]
    assert programs.cancelled


def test_output_keeps_the_streams_apart() -> None:
    process = start(["sh", "-c", "echo out; echo err >&2; exit 7"], cwd="/", env=dict(os.environ))
    pieces = list(output(process))
    assert sorted(pieces) == [("stderr", b"err\n"), ("stdout", b"out\n")]
    assert process.returncode == 7


def test_messages_load_without_the_sdk_around_them() -> None:
    script = (
        "import sys\n"
        "from toolchain.language_host.messages import load_messages_only\n"
        "load_messages_only()\n"
        "from pulumi.runtime.proto import language_pb2\n"
        "print('pulumi.resource' in sys.modules, language_pb2.RunResponse(bail=True).bail)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False True\n"
