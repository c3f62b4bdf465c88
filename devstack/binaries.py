"""PostgreSQL's programs on this machine: the newest of version 15 or later that has pg_cron."""

import os
import re
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from devstack.errors import PackagesMissing

PREFIX = Path("/usr/lib/postgresql")
"""Debian's place, a folder a major version; whatever else is on PATH has no pg_cron beside it."""

OLDEST = 15


@dataclass(frozen=True)
class Binaries:
    """One installation of the server."""

    bindir: Path

    @cached_property
    def _config(self) -> dict[str, str]:
        try:
            output = subprocess.run([self.bindir / "pg_config"], capture_output=True, text=True, check=True).stdout
        except FileNotFoundError:
            raise PackagesMissing(
                f"PostgreSQL's programs are no longer in {self.bindir}; install them again or clean the stack"
            ) from None
        return parse_pg_config(output)

    @property
    def major(self) -> int:
        return major_version(self._config["VERSION"])

    @property
    def extension_folder(self) -> Path:
        return Path(self._config["SHAREDIR"]) / "extension"

    @property
    def library_folder(self) -> Path:
        return Path(self._config["PKGLIBDIR"])

    def has_extension(self, name: str) -> bool:
        """Whether the extension's control file and library are there."""
        return (self.extension_folder / f"{name}.control").is_file() and self.has_library(name)

    def has_library(self, name: str) -> bool:
        return (self.library_folder / f"{name}.so").is_file()


def parse_pg_config(output: str) -> dict[str, str]:
    """The lines ``NAME = value`` of pg_config as a dict."""
    return dict(line.split(" = ", 1) for line in output.splitlines() if " = " in line)


def major_version(version: str) -> int:
    """15 of ``PostgreSQL 15.18 (Debian 15.18-0+deb12u1)``, 0 if it is not understood."""
    found = re.match(r"PostgreSQL (\d+)", version)
    return int(found[1]) if found else 0


def installed(prefix: Path = PREFIX) -> list[Binaries]:
    """Every server of a usable version below ``prefix``, newest first, with or without pg_cron."""
    found = [
        Binaries(initdb.parent) for initdb in prefix.glob("*/bin/initdb") if (initdb.parent / "pg_config").exists()
    ]
    return sorted((each for each in found if each.major >= OLDEST), key=lambda each: each.major, reverse=True)


def chosen_bindir() -> Path | None:
    """The bin folder that ``DEVSTACK_PG_BINDIR`` names."""
    chosen = os.environ.get("DEVSTACK_PG_BINDIR")
    return Path(chosen).absolute() if chosen else None


def find_binaries() -> Binaries:
    """The server to use: that of ``DEVSTACK_PG_BINDIR``, else the newest installed one with pg_cron.

    Raises:
        PackagesMissing: there is none, or the chosen one is too old or lacks pg_cron.
    """
    if (chosen := chosen_bindir()) is not None:
        return _checked(chosen)
    for binaries in installed():
        if binaries.has_extension("pg_cron"):
            return binaries
    raise PackagesMissing(
        f"found no PostgreSQL {OLDEST} or newer with pg_cron below {PREFIX}; "
        "`python -m devstack packages` installs both, or set DEVSTACK_PG_BINDIR to the server's bin folder"
    )


def _checked(bindir: Path) -> Binaries:
    if not (bindir / "pg_config").exists() or not (bindir / "initdb").exists():
        raise PackagesMissing(f"DEVSTACK_PG_BINDIR is {bindir}, which has no pg_config and initdb; name a bin folder")
    binaries = Binaries(bindir)
    has_cron = binaries.has_extension("pg_cron")
    if binaries.major < OLDEST or not has_cron:
        raise PackagesMissing(
            f"DEVSTACK_PG_BINDIR is {bindir}, PostgreSQL {binaries.major} {'with' if has_cron else 'without'} pg_cron; "
            f"name one of {OLDEST} or newer with it"
        )
    return binaries
