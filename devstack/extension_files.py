"""The files of a stand-in: put where the server looks for extensions, for those that the server lacks."""

import os
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from devstack.binaries import Binaries
from devstack.errors import PackagesMissing


@dataclass(frozen=True)
class StandIn:
    """An extension of ours under the name of one of Supabase's; it is SQL alone and has no library.

    Args:
        name: the extension's name.
        version: its version, recognisable as not the real one's.
        package: the Python package beside whose code its control file and its SQL lie.
    """

    name: str
    version: str
    package: str

    def is_real(self, binaries: Binaries) -> bool:
        """Whether the server ships the extension itself: its library, and a control file that is not a stand-in's."""
        return binaries.has_extension(self.name) and not _is_stand_in(self._control(binaries))

    def is_half_real(self, binaries: Binaries) -> bool:
        """Whether the server has the library, which would serve, but not the control file that goes with it."""
        return binaries.has_library(self.name) and not self.is_real(binaries)

    def is_installed(self, binaries: Binaries) -> bool:
        """Whether the stand-in's files are there as they are here."""
        return all(_same(binaries.extension_folder / name, content) for name, content in self._files().items())

    def install(self, binaries: Binaries) -> bool:
        """Copies the stand-in's files if they differ, and answers whether it had to.

        Raises:
            PackagesMissing: the folder is not ours to write.
        """
        if self.is_installed(binaries):
            return False
        folder = binaries.extension_folder
        if not os.access(folder, os.W_OK):
            raise PackagesMissing(
                f"the {self.name} stand-in must be copied to {folder}, which this user may not write; "
                "run `sudo python -m devstack packages` once, with this same python"
            )
        for name, content in self._files().items():
            unfinished = folder / f".{name}.{os.getpid()}"
            unfinished.write_bytes(content)
            unfinished.chmod(0o644)
            unfinished.replace(folder / name)
        return True

    def _control(self, binaries: Binaries) -> Path:
        return binaries.extension_folder / f"{self.name}.control"

    def _files(self) -> dict[str, bytes]:
        names = (f"{self.name}.control", f"{self.name}--{self.version}.sql")
        return {name: files(self.package).joinpath(name).read_bytes() for name in names}


def _is_stand_in(control: Path) -> bool:
    return "-standin'" in control.read_text(encoding="utf-8")


def _same(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:
        return False
