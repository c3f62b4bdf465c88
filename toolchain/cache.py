"""The user's cache: where built parts lie, under which names, and how they get there whole."""

import fcntl
import hashlib
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .versions import ENGINE

SOURCES = Path(__file__).parent
ENGINE_MODULE = SOURCES / "engine"
HOST_PACKAGE = SOURCES / "language_host"


class Cache:
    """The folders of this version of the toolchain, for one user on one kind of machine.

    Each name ends in a digest of what the part is made of, so a folder that exists is complete and current. ``engine``
    is slow to build and depends on little; ``host`` follows the language host's sources; ``bin`` joins the two.
    ``release`` is Pulumi's own, with a language host of its own.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.root = root(environ)
        engine = digest(sys.platform, platform.machine(), *(ENGINE_MODULE / name for name in ("go.mod", "go.sum")))
        host = digest(
            sys.version, sys.base_prefix, *sorted(HOST_PACKAGE.glob("*.py")), HOST_PACKAGE / "requirements.txt"
        )
        self.engine = self.root / f"engine-{ENGINE}-{engine}"
        self.host = self.root / f"host-{host}"
        self.bin = self.root / f"bin-{ENGINE}-{digest(engine, host, SOURCES / 'folder.py')}"
        self.release = self.root / f"release-{ENGINE}-{sys.platform}-{platform.machine()}"
        self.log = self.root / "build.log"


def root(environ: Mapping[str, str]) -> Path:
    """The cache's folder, by the XDG base directory specification (which ignores relative paths)."""
    base = environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "supabase-cron" / "toolchain"


def digest(*parts: str | Path) -> str:
    """A short name for what ``parts`` hold: texts, and files by name and content."""
    total = hashlib.sha256()
    for part in parts:
        piece = part.name.encode() + b"\0" + part.read_bytes() if isinstance(part, Path) else part.encode()
        total.update(hashlib.sha256(piece).digest())
    return total.hexdigest()[:12]


@contextmanager
def locked(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the one lock of ``folder``; ``waiting`` is called when somebody else holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def workshop(folder: Path) -> Iterator[Path]:
    """A temporary folder inside ``folder``, gone afterwards whatever happens; to be used under the lock.

    What a killed predecessor left is removed first: the lock says that nobody works there.
    """
    for left in folder.glob("work-*"):
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix="work-", dir=folder))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def publish(made: Path, place: Path) -> None:
    """Put the finished folder ``made`` in its ``place``, at once and whole."""
    made.replace(place)
