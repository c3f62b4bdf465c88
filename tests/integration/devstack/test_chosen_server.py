"""Another installation of PostgreSQL, named by DEVSTACK_PG_BINDIR, and one that has a pg_net of its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from devstack import DevstackError, Stack, pg_net
from devstack.binaries import Binaries, find_binaries

_LIBRARY = "auto_explain"
"""Of PostgreSQL itself; loaded beside pg_cron it does nothing, so that it can play the library of pg_net."""


@pytest.fixture
def installation() -> Iterator[Binaries]:
    """PostgreSQL once more, where its user can get at it: programs find their other files from where they lie."""
    ours = find_binaries()
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder)
        prefix.chmod(0o755)
        places = (ours.bindir, ours.library_folder, ours.extension_folder.parent)
        above = os.path.commonpath(places)
        bindir, libraries, share = (prefix / place.relative_to(above) for place in places)
        bindir.mkdir(parents=True)
        for program in ("initdb", "pg_config", "pg_ctl", "postgres"):
            shutil.copy(ours.bindir / program, bindir)
        _link_all(ours.library_folder, libraries)
        _link_all(ours.extension_folder.parent, share, but="extension")
        _link_all(ours.extension_folder, share / "extension")
        for stand_in in (share / "extension").glob("pg_net*"):
            stand_in.unlink()
        yield Binaries(bindir)


def _link_all(source: Path, target: Path, but: str = "") -> None:
    target.mkdir(parents=True)
    for each in source.iterdir():
        if each.name != but:
            (target / each.name).symlink_to(each)


@pytest.fixture
def chosen(root: Path, installation: Binaries, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("DEVSTACK_PG_BINDIR", str(installation.bindir))
    stack = Stack(root, "chosen")
    yield stack
    stack.clean()


def _ship_pg_net(binaries: Binaries) -> None:
    """What an installed pg_net looks like from outside. Its functions are the stand-in's, and nothing serves them."""
    shutil.copy(binaries.library_folder / f"{_LIBRARY}.so", binaries.library_folder / "pg_net.so")
    script = Path(pg_net.__file__).with_name(f"pg_net--{pg_net.VERSION}.sql")
    shutil.copy(script, binaries.extension_folder / "pg_net--0.20.4.sql")
    (binaries.extension_folder / "pg_net.control").write_text("default_version = '0.20.4'\nrelocatable = false\n")


def test_the_stand_in_serves_a_chosen_server_that_lacks_pg_net(chosen: Stack, installation: Binaries) -> None:
    chosen.up()
    assert chosen.settings.bindir == installation.bindir
    assert [part.state for part in chosen.status()] == ["running"] * 3
    assert (installation.extension_folder / f"pg_net--{pg_net.VERSION}.sql").is_file()
    with psycopg.connect(chosen.conninfo) as connection:
        assert connection.execute(_VERSION).fetchone() == (pg_net.VERSION,)


_VERSION = "SELECT extversion FROM pg_extension WHERE extname = 'pg_net'"


def test_a_pg_net_that_is_there_is_used_and_nothing_of_the_stand_in(chosen: Stack, installation: Binaries) -> None:
    _ship_pg_net(installation)
    chosen.up()
    assert [(part.part, part.state) for part in chosen.status()][1] == ("worker", "built in")
    assert not chosen.places.pid_file("worker").exists()
    assert not list(installation.extension_folder.glob("pg_net*standin*"))
    with psycopg.connect(chosen.superuser_conninfo, autocommit=True) as connection:
        assert connection.execute(_VERSION).fetchone() == ("0.20.4",)
        libraries = connection.execute("SHOW shared_preload_libraries").fetchone()
        assert libraries is not None
        assert "pg_net" in libraries[0].split(",")
        with pytest.raises(psycopg.errors.RaiseException, match="worker is not up"):
            connection.execute("SELECT net.check_worker_is_up()")
    chosen.down()
    chosen.up()
    assert [part.state for part in chosen.status()] == ["running", "built in", "running"]


def test_a_stack_keeps_its_server(chosen: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen.up()
    monkeypatch.setenv("DEVSTACK_PG_BINDIR", "/elsewhere/bin")
    with pytest.raises(DevstackError, match="and DEVSTACK_PG_BINDIR is /elsewhere/bin; clean it first"):
        chosen.up()
    monkeypatch.delenv("DEVSTACK_PG_BINDIR")
    chosen.up()
