"""Makes the engine available: the machine's own, the cached one, Pulumi's release, or one built now."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from . import engine, folder, host, installed, release
from .cache import Cache, locked, publish, workshop
from .command import Commands
from .errors import ToolchainError
from .progress import say
from .versions import ENGINE, OLDEST_ENGINE


def find(environ: Mapping[str, str]) -> Path | None:
    """The folder of an engine that is there already. Raises ``ToolchainError`` when a forced one is not."""
    cache = Cache(environ)
    return installed.forced(environ) or installed.on_path(environ, cache.root) or _cached(cache, environ)


def at_hand(environ: Mapping[str, str]) -> Path | None:
    """The same for those who only ask an engine and deploy nothing: whatever the version of the one on PATH is."""
    cache = Cache(environ)
    on_path = shutil.which("pulumi", path=environ.get("PATH", ""))
    return installed.forced(environ) or (Path(on_path).parent if on_path else None) or _cached(cache, environ)


def ensure(environ: Mapping[str, str]) -> Path:
    """The folder of an engine, which is downloaded or built where there is none. Raises ``ToolchainError``."""
    return find(environ) or _make(Cache(environ), environ)


def _cached(cache: Cache, environ: Mapping[str, str]) -> Path | None:
    folders = {"release": cache.release, "source": cache.bin}
    return next((folders[source] for source in release.sources(environ) if folders[source].is_dir()), None)


def _make(cache: Cache, environ: Mapping[str, str]) -> Path:
    try:
        with locked(cache.root, lambda: say("waiting for another build")), workshop(cache.root) as work:
            found = _cached(cache, environ)  # it may be there by now
            if found is None and "release" in release.sources(environ):
                found = _download(cache, environ, work)
            if found is None:
                try:
                    _build(cache, environ, work)
                finally:
                    say("clearing up")
                found = cache.bin
    except OSError as error:
        raise ToolchainError(f"making the engine in {cache.root} failed: {error}") from error
    return found


def _download(cache: Cache, environ: Mapping[str, str], work: Path) -> Path | None:
    """Put Pulumi's release in the cache; None, which is said, when there is no way to it and it need not be."""
    try:
        publish(release.fetch(work), cache.release)
    except release.NoRelease as reason:
        if "source" not in release.sources(environ):
            raise ToolchainError(f"no release of pulumi {ENGINE} to be had: {reason}") from reason
        say(f"no release of pulumi {ENGINE} to be had: {reason}")
        return None
    return cache.release


def _build(cache: Cache, environ: Mapping[str, str], work: Path) -> None:
    """Build the parts that the cache lacks, each published as soon as it is whole."""
    commands = Commands(cache.log, environ)
    if not cache.host.is_dir():
        publish(host.install(commands, work), cache.host)
    if not cache.engine.is_dir():
        say(f"PATH has no pulumi {OLDEST_ENGINE} or newer with its Python host: building {ENGINE} in {cache.root}")
        publish(engine.build(commands, environ, cache.host / "bin" / "python", work), cache.engine)
    publish(folder.assemble(cache.engine, cache.host, work), cache.bin)
