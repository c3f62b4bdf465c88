"""Makes the engine available: the machine's own, the cached one, or one built now."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from . import engine, folder, host, installed
from .cache import Cache, locked, publish, workshop
from .command import Commands
from .errors import ToolchainError
from .progress import say
from .versions import ENGINE, OLDEST_ENGINE


def find(environ: Mapping[str, str]) -> Path | None:
    """The folder of an engine that is there already. Raises ``ToolchainError`` when a forced one is not."""
    cache = Cache(environ)
    found = installed.forced(environ) or installed.on_path(environ, cache.root)
    return found or (cache.bin if cache.bin.is_dir() else None)


def at_hand(environ: Mapping[str, str]) -> Path | None:
    """The same for those who only ask an engine and deploy nothing: whatever the version of the one on PATH is."""
    cache = Cache(environ)
    on_path = shutil.which("pulumi", path=environ.get("PATH", ""))
    found = installed.forced(environ) or (Path(on_path).parent if on_path else None)
    return found or (cache.bin if cache.bin.is_dir() else None)


def ensure(environ: Mapping[str, str]) -> Path:
    """The folder of an engine, which is built where there is none. Raises ``ToolchainError``."""
    return find(environ) or _make(Cache(environ), environ)


def _make(cache: Cache, environ: Mapping[str, str]) -> Path:
    try:
        with locked(cache.root, lambda: say("waiting for another build")), workshop(cache.root) as work:
            if not cache.bin.is_dir():  # it may be there by now
                try:
                    _build(cache, environ, work)
                finally:
                    say("clearing up")
    except OSError as error:
        raise ToolchainError(f"making the engine in {cache.root} failed: {error}") from error
    return cache.bin


def _build(cache: Cache, environ: Mapping[str, str], work: Path) -> None:
    """Build the parts that the cache lacks, each published as soon as it is whole."""
    commands = Commands(cache.log, environ)
    if not cache.host.is_dir():
        publish(host.install(commands, work), cache.host)
    if not cache.engine.is_dir():
        say(f"PATH has no pulumi {OLDEST_ENGINE} or newer with its Python host: building {ENGINE} in {cache.root}")
        publish(engine.build(commands, environ, cache.host / "bin" / "python", work), cache.engine)
    publish(folder.assemble(cache.engine, cache.host, work), cache.bin)
