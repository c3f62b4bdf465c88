"""Downloads Pulumi's own release of the engine, where there is a way out to it, and holds it against its checksum."""

import hashlib
import platform
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import NamedTuple

from .errors import ToolchainError
from .progress import Step
from .versions import ENGINE

SOURCE = "SUPABASE_CRON_ENGINE_FROM"
"""Environment variable with where a missing engine comes from: ``release``, ``source``; unset, the first that works."""

PARTS = ("pulumi", "pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")
"""Files of the archive's folder ``pulumi`` that Python programs need: the rest is for other languages."""

PATIENCE = 10.0
"""Seconds without an answer after which the way out counts as closed."""

CHUNK = 1 << 20
"""Bytes that are read between two looks at the clock."""


class Places(NamedTuple):
    """Where the archive and the checksums lie: with two hosts, so that who can change one cannot change both."""

    archives: str = "https://get.pulumi.com/releases/sdk"
    checksums: str = f"https://github.com/pulumi/pulumi/releases/download/v{ENGINE}"


OFFICIAL = Places()


class NoRelease(Exception):
    """There is no release to be had from here; the text says why."""


def sources(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Where an engine may come from, in the order in which it is tried. Raises ``ToolchainError`` for another value."""
    chosen = environ.get(SOURCE, "")
    known = ("release", "source")
    if chosen and chosen not in known:
        raise ToolchainError(
            f"{SOURCE} is {chosen!r}: set it to release or source, or unset it for the first that works"
        )
    return (chosen,) if chosen else known


def fetch(work: Path, places: Places = OFFICIAL) -> Path:
    """Make a folder with ``pulumi`` and its Python host inside ``work``, from the release for this machine.

    Raises ``NoRelease`` when it cannot be reached, ``ToolchainError`` when what came is not what was published.
    """
    name = f"pulumi-v{ENGINE}-{target()}.tar.gz"
    expected = checksum(name, places)
    archive = work / name
    with Step(f"downloading pulumi {ENGINE}", places.archives) as step:
        found = _download(f"{places.archives}/{name}", archive, step)
    if found != expected:
        raise ToolchainError(
            f"{places.archives}/{name} has the SHA-256 digest {found}, and {expected} was published: "
            f"try again, or set {SOURCE}=source to build the engine"
        )
    made = work / "release"
    made.mkdir()
    with tarfile.open(archive) as members:
        for part in PARTS:
            _extract(members, part, made / part, name)
    archive.unlink()
    return made


def target() -> str:
    """This machine in the names of the archives: ``linux-x64``. Raises ``NoRelease`` where there is none."""
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine().lower())
    if machine is None or sys.platform not in ("linux", "darwin"):
        raise NoRelease(f"there is no release for {sys.platform} on {platform.machine()}")
    return f"{sys.platform}-{machine}"


def checksum(name: str, places: Places) -> str:
    """The published SHA-256 digest of the archive ``name``, in hexadecimal. Raises ``NoRelease``."""
    url = f"{places.checksums}/pulumi-{ENGINE}-checksums.txt"
    with _open(url) as answer:
        listed = _read(answer, url).decode(errors="replace")
    for line in listed.splitlines():
        digest, _, file = line.partition(" ")
        if file.strip().removeprefix("*") == name:
            return digest.lower()
    raise NoRelease(f"{url} has no line for {name}")


def _open(url: str) -> HTTPResponse:
    try:
        answer: HTTPResponse = urllib.request.urlopen(url, timeout=PATIENCE)  # noqa: S310 -- of Places
    except (OSError, HTTPException) as error:
        raise NoRelease(f"{url}: {getattr(error, 'reason', None) or error}") from error
    return answer


def _read(answer: HTTPResponse, url: str) -> bytes:
    try:
        return answer.read(CHUNK)
    except (OSError, HTTPException) as error:
        raise NoRelease(f"{url}: {error}") from error


def _download(url: str, archive: Path, step: Step) -> str:
    """Write what ``url`` has to ``archive``; its SHA-256 digest."""
    total = hashlib.sha256()
    with _open(url) as answer, archive.open("wb") as file:
        size = int(answer.headers.get("Content-Length") or 0)
        while piece := _read(answer, url):
            total.update(piece)
            file.write(piece)
            step.tick(f"{file.tell() >> 20} of {size >> 20} MB")
        if size and file.tell() != size:
            raise NoRelease(f"{url} ended after {file.tell()} of {size} bytes")
    return total.hexdigest()


def _extract(members: tarfile.TarFile, part: str, place: Path, name: str) -> None:
    """Write one file of the archive to ``place``, which no path in the archive has a say in."""
    try:
        source = members.extractfile(f"pulumi/{part}")
    except KeyError:
        source = None
    if source is None:
        raise ToolchainError(f"{name} holds no file pulumi/{part}: set {SOURCE}=source to build the engine")
    with source, place.open("wb") as file:
        shutil.copyfileobj(source, file)
    place.chmod(0o755)
