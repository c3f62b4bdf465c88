"""The system packages: PostgreSQL, pg_cron and the tests' tools, installed with apt-get where they are missing."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from pathlib import Path

from devstack.binaries import OLDEST, chosen_bindir, find_binaries, installed
from devstack.errors import PackagesMissing
from devstack.stand_ins import described, install_missing

CREATE_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")
"""Where postgresql-common is told not to make and start a cluster of its own for a new server package."""

BROWSER = Path("/usr/bin/chromium")
"""Where Debian's chromium is, with which tests/integration/components/test_report_page.py looks at the report."""

TEST_PACKAGES = ("chromium", "libatomic1", "curl", "jq")
"""The browser, what the Node in Playwright's wheel is linked with, and what scripts of workflows are run with."""

_NO_CLUSTER = "create_main_cluster = false\n"

_SERVER = re.compile(r"^\s*Depends: postgresql-(\d+)$", re.MULTILINE)

Say = Callable[[str], None]


def install_packages(say: Say) -> None:
    """Installs what is missing: PostgreSQL, pg_cron and the stand-ins' extension files. Quick when nothing is.

    Raises:
        PackagesMissing: we are not root, there is no apt-get, or it failed.
    """
    try:
        binaries = find_binaries()
    except PackagesMissing:
        if chosen_bindir() is not None:
            raise
        _install_server(say)
        binaries = find_binaries()
    install_missing(binaries, say)
    extensions = " and ".join(described(binaries))
    say(f"PostgreSQL {binaries.major} with pg_cron, {extensions} is in {binaries.bindir}")


def install_test_packages(say: Say) -> None:
    """Installs what tests look and compare with, where it is missing. Quick when it is there.

    Raises:
        PackagesMissing: we are not root, there is no apt-get, or it failed.
    """
    if not BROWSER.exists() or find_library("atomic") is None or not all(map(shutil.which, ("curl", "jq"))):
        _may_install("one of Debian's chromium, curl and jq", "packages --tests")
        _install(say, *TEST_PACKAGES)
    if not BROWSER.exists():
        raise PackagesMissing(f"the package chromium left no {BROWSER}; install Debian's chromium yourself")
    say(f"the tests' browser is {BROWSER}; curl and jq are there")


def _may_install(what: str, command: str) -> None:
    """Raises PackagesMissing where apt-get is not there, or not ours to use; ``command`` is what root would run."""
    if shutil.which("apt-get") is None:
        raise PackagesMissing(f"there is no apt-get here; install {what} yourself")
    if os.geteuid() != 0:
        raise PackagesMissing(
            f"{what} is missing and only root can install it; run `sudo {sys.executable} -m devstack {command}`"
        )


def _install_server(say: Say) -> None:
    _may_install(f"PostgreSQL {OLDEST} or newer with pg_cron", "packages")
    major = _major(say)
    server, cron = f"postgresql-{major}", f"postgresql-{major}-cron"
    if major in {each.major for each in installed()}:
        _install(say, cron)
        return
    _install(say, "postgresql-common")
    with _without_cluster():
        _install(say, server, cron)


def _major(say: Say) -> int:
    """The installed server's version if there is one, else what the distribution's ``postgresql`` stands for."""
    for binaries in installed():
        return binaries.major
    major = server_version(_dependencies())
    if major is None:
        _update(say)
        major = server_version(_dependencies())
    if major is None or major < OLDEST:
        raise PackagesMissing(
            f"this distribution offers PostgreSQL {major or 'nowhere'}, and {OLDEST} or newer is needed; "
            "add PostgreSQL's own apt repository"
        )
    return major


def server_version(depends: str) -> int | None:
    """15 from the answer of ``apt-cache depends postgresql``; None if it names no server."""
    found = _SERVER.search(depends)
    return int(found[1]) if found else None


def _dependencies() -> str:
    return subprocess.run(
        ["apt-cache", "depends", "postgresql"], capture_output=True, text=True, check=False, env=_environment()
    ).stdout


def _install(say: Say, *packages: str) -> None:
    """Installs packages; package lists that are missing or too old are fetched once.

    Raises:
        PackagesMissing: apt-get failed; its last lines are in the text.
    """
    say(f"installing {' '.join(packages)} with apt-get")
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    if _apt(command) is None:
        return
    _update(say)
    said = _apt(command)
    if said is not None:
        raise PackagesMissing(f"apt-get could not install {' '.join(packages)}: {said}")


def _update(say: Say) -> None:
    say("fetching package lists with apt-get update")
    said = _apt(["apt-get", "update", "--quiet"])
    if said is not None:
        raise PackagesMissing(f"apt-get update failed: {said}")


def _apt(command: list[str]) -> str | None:
    """Runs apt-get; None if it succeeded, else the last lines of what it said."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=_environment(),
    )
    return None if done.returncode == 0 else " ".join(done.stdout.split("\n")[-6:]).strip()


def _environment() -> dict[str, str]:
    return {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


@contextmanager
def _without_cluster() -> Iterator[None]:
    """Keeps Debian from making and starting a cluster ``main``; its configuration is as before afterwards."""
    before = CREATE_CLUSTER.read_text(encoding="utf-8")
    CREATE_CLUSTER.write_text(f"{before}\n{_NO_CLUSTER}", encoding="utf-8")
    try:
        yield
    finally:
        CREATE_CLUSTER.write_text(before, encoding="utf-8")
