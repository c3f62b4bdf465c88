"""The stand-in's extension files: put where the server looks for extensions, unless it has the real pg_net."""

import os
from importlib.resources import files
from pathlib import Path

from devstack.binaries import Binaries
from devstack.errors import PackagesMissing
from devstack.pg_net import VERSION

_FILES = ("pg_net.control", f"pg_net--{VERSION}.sql")


def is_real(binaries: Binaries) -> bool:
    """Whether the server ships pg_net itself; the stand-in has no library."""
    return binaries.has_extension("pg_net")


def is_installed(binaries: Binaries) -> bool:
    """Whether the stand-in's files are there as they are here."""
    return all(_same(binaries.extension_folder / name, _content(name)) for name in _FILES)


def install(binaries: Binaries) -> bool:
    """Copies the stand-in's files if they differ, and answers whether it had to.

    Raises:
        PackagesMissing: the folder is not ours to write.
    """
    if is_installed(binaries):
        return False
    folder = binaries.extension_folder
    if not os.access(folder, os.W_OK):
        raise PackagesMissing(
            f"the pg_net stand-in must be copied to {folder}, which this user may not write; "
            "run `sudo python -m devstack packages` once, with this same python"
        )
    for name in _FILES:
        unfinished = folder / f".{name}.{os.getpid()}"
        unfinished.write_bytes(_content(name))
        unfinished.chmod(0o644)
        unfinished.replace(folder / name)
    return True


def _content(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()


def _same(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False
