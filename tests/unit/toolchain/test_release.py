"""Pulumi's release, from a server on this machine that answers as its hosts do."""

import hashlib
import io
import tarfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from toolchain import release
from toolchain.errors import ToolchainError
from toolchain.release import NoRelease, Places, fetch
from toolchain.versions import ENGINE

NAME = f"pulumi-v{ENGINE}-linux-x64.tar.gz"
SUMS = f"pulumi-{ENGINE}-checksums.txt"


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as members:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(name)
            members.addfile(member, io.BytesIO(name.encode()))
    return made.getvalue()


WHOLE = archive(*(f"pulumi/{part}" for part in release.PARTS), "pulumi/pulumi-language-go", "../pulumi")


@pytest.fixture(autouse=True)
def linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")


@pytest.fixture
def files() -> dict[str, bytes]:
    """What the server has, by name."""
    sums = f"{'0' * 64}  pulumi-v{ENGINE}-linux-arm64.tar.gz\n{hashlib.sha256(WHOLE).hexdigest()}  {NAME}\n"
    return {NAME: WHOLE, SUMS: sums.encode()}


@pytest.fixture
def places(files: dict[str, bytes]) -> Iterator[Places]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path[1:])
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"") + ("promised" in files)))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield Places(url, url)
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_files_for_python_are_taken_and_can_run(tmp_path: Path, places: Places) -> None:
    made = fetch(tmp_path, places)
    assert {path.name: path.read_text() for path in made.iterdir()} == {
        part: f"pulumi/{part}" for part in release.PARTS
    }
    assert all(path.stat().st_mode & 0o111 for path in made.iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["release"], "the archive is gone, and nothing lies elsewhere"


def test_another_digest_is_no_reason_to_build(tmp_path: Path, places: Places, files: dict[str, bytes]) -> None:
    files[NAME] = archive("pulumi/pulumi")
    with pytest.raises(ToolchainError, match=r"has the SHA-256 digest \w{64}, and \w{64} was published: try again"):
        fetch(tmp_path, places)
    assert not (tmp_path / "release").exists()


@pytest.mark.parametrize("missing", [NAME, SUMS])
def test_what_is_not_there_is_no_release(tmp_path: Path, places: Places, files: dict[str, bytes], missing: str) -> None:
    del files[missing]
    with pytest.raises(NoRelease, match=f"{missing}: (HTTP Error 404: )?Not Found"):
        fetch(tmp_path, places)


def test_an_archive_that_ends_early_is_no_release(tmp_path: Path, places: Places, files: dict[str, bytes]) -> None:
    files["promised"] = b"a byte more than comes"
    with pytest.raises(NoRelease, match=rf"{NAME} ended after {len(WHOLE)} of {len(WHOLE) + 1} bytes"):
        fetch(tmp_path, places)


def test_an_archive_that_nobody_published_is_no_release(
    tmp_path: Path, places: Places, files: dict[str, bytes]
) -> None:
    files[SUMS] = f"{'0' * 64}  {NAME}.sbom\n".encode()
    with pytest.raises(NoRelease, match=f"has no line for {NAME}"):
        fetch(tmp_path, places)


def test_an_archive_of_another_form_is_said(tmp_path: Path, places: Places, files: dict[str, bytes]) -> None:
    files[NAME] = archive("pulumi/pulumi")
    files[SUMS] = f"{hashlib.sha256(files[NAME]).hexdigest()} *{NAME}\n".encode()
    with pytest.raises(
        ToolchainError, match=r"holds no file pulumi/pulumi-language-python: set SUPABASE_CRON_ENGINE_FROM"
    ):
        fetch(tmp_path, places)


def test_a_closed_way_out_is_no_release(tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:1"
    with pytest.raises(NoRelease, match=r"checksums.txt: .*refused"):
        fetch(tmp_path, Places(nobody, nobody))


@pytest.mark.parametrize(("system", "machine"), [("linux", "riscv64"), ("freebsd14", "amd64")])
def test_no_release_for_every_machine(monkeypatch: pytest.MonkeyPatch, system: str, machine: str) -> None:
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(NoRelease, match=f"there is no release for {system} on {machine}"):
        release.target()


def test_names_of_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert release.target() == "darwin-arm64"
