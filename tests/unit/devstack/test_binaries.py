from pathlib import Path

import pytest

from devstack.binaries import find_binaries, installed, major_version, parse_pg_config
from devstack.errors import PackagesMissing
from devstack.packages import server_version


def _server(prefix: Path, version: str, *, cron: bool) -> Path:
    """A folder that looks like an installed server, with a pg_config that answers."""
    home = prefix / version
    for folder in ("bin", "lib", "share/extension"):
        (home / folder).mkdir(parents=True)
    (home / "bin/initdb").touch()
    config = home / "bin/pg_config"
    config.write_text(
        f"#!/bin/sh\necho 'VERSION = PostgreSQL {version}.4 (Debian)'\n"
        f"echo 'SHAREDIR = {home}/share'\necho 'PKGLIBDIR = {home}/lib'\n"
    )
    config.chmod(0o755)
    if cron:
        (home / "lib/pg_cron.so").touch()
        (home / "share/extension/pg_cron.control").touch()
    return home / "bin"


def test_the_newest_usable_version_comes_first(tmp_path: Path) -> None:
    for version in ("9", "13", "15", "17"):
        _server(tmp_path, version, cron=version == "15")
    (tmp_path / "18/bin").mkdir(parents=True)
    found = installed(tmp_path)
    assert [each.major for each in found] == [17, 15]
    assert [each.has_extension("pg_cron") for each in found] == [False, True]


def test_a_server_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = _server(tmp_path, "16", cron=True)
    monkeypatch.setenv("DEVSTACK_PG_BINDIR", str(chosen))
    assert find_binaries().bindir == chosen
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEVSTACK_PG_BINDIR", "16/bin/")  # the server's programs run in another folder
    assert find_binaries().bindir == chosen


@pytest.mark.parametrize(("version", "cron"), [("14", True), ("16", False)])
def test_a_chosen_server_must_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, cron: bool) -> None:
    monkeypatch.setenv("DEVSTACK_PG_BINDIR", str(_server(tmp_path, version, cron=cron)))
    with pytest.raises(PackagesMissing, match=f"PostgreSQL {version} with"):
        find_binaries()
    monkeypatch.setenv("DEVSTACK_PG_BINDIR", str(tmp_path))
    with pytest.raises(PackagesMissing, match="has no pg_config and initdb"):
        find_binaries()


def test_pg_config_is_understood() -> None:
    assert parse_pg_config("BINDIR = /a b\nCFLAGS = -D x = y\nnoise\n") == {"BINDIR": "/a b", "CFLAGS": "-D x = y"}


@pytest.mark.parametrize(
    ("version", "major"), [("PostgreSQL 15.18 (Debian 15.18-0+deb12u1)", 15), ("PostgreSQL 18beta1", 18), ("what", 0)]
)
def test_the_major_version(version: str, major: int) -> None:
    assert major_version(version) == major


@pytest.mark.parametrize(
    ("depends", "major"),
    [
        ("postgresql\n  Depends: postgresql-17\n  Suggests: postgresql-doc\n", 17),
        ("postgresql\n  Depends: <x>\n", None),
        ("", None),
    ],
)
def test_the_distributions_version(depends: str, major: int | None) -> None:
    assert server_version(depends) == major
