"""The oracle of scripts: bash runs them with the real curl, whose requests a receiver on this machine writes down."""

import os
import re
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

CURL, BASH, JQ = shutil.which("curl"), shutil.which("bash"), shutil.which("jq")
OF_CURL_ITSELF = {"user-agent", "content-length", "host", "expect"}

WRAPPER = """#!{bash}
exec {curl} -q --connect-to ::127.0.0.1:{port} "${{@//https:\\/\\//http://}}"
"""


class Arrived(NamedTuple):
    """A request as it arrived: the address with its host, the headers in lower case but for curl's own, the body."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class Receiver(ThreadingHTTPServer):
    """It answers all requests alike, and keeps them."""

    status, answer = 200, b"{}"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.arrived: list[Arrived] = []


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def _any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in OF_CURL_ITSELF}
        url = f"https://{self.headers['Host']}{self.path}"
        self.server.arrived.append(Arrived(self.command, url, headers, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def value_of(name: str) -> str:
    """The value that a secret or a variable of this name has in the oracle."""
    return f"https://{name.lower().replace('_', '-')}.example" if name.endswith("URL") else f"value-of-{name}"


def replaced(script: str, expressions: Mapping[str, str]) -> str:
    """A script with its expressions replaced as GitHub does it, before a shell sees it."""

    def value(found: re.Match[str]) -> str:
        inside = found[1].strip()
        secret = re.fullmatch(r"(?:secrets|vars)\.(\w+)", inside)
        return expressions[inside] if inside in expressions else value_of(secret[1]) if secret else found[0]

    return re.sub(r"\$\{\{(.*?)\}\}", value, script, flags=re.DOTALL)


def run(
    script: str,
    environment: Mapping[str, str],
    server: Receiver,
    folder: Path,
    *,
    status: int,
    answer: str,
    shell: str = "",
) -> tuple[int, list[Arrived]]:
    """The exit status of a script, and what arrived of it."""
    server.arrived.clear()
    server.status, server.answer = status, answer.encode()
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    wrapper = tools / "curl"
    wrapper.write_text(WRAPPER.format(bash=BASH, curl=CURL, port=server.server_port))
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    quick = tools / "sleep"
    quick.write_text("#!/bin/sh\n")
    quick.chmod(quick.stat().st_mode | stat.S_IXUSR)
    place = folder / "script.sh"
    place.write_text(script)
    options = ["--noprofile", "--norc", "-eo", "pipefail"] if shell == "bash" else ["-e"]
    variables = {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder), **environment}
    done = subprocess.run(
        [str(BASH), *options, str(place)], cwd=folder, env=variables, capture_output=True, check=False, timeout=30
    )
    return done.returncode, list(server.arrived)
