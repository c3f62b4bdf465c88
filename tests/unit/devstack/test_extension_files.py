"""The stand-ins' files: real ones are left alone, ours are copied where they differ."""

import stat
from pathlib import Path

import pytest

from devstack.binaries import Binaries
from devstack.errors import PackagesMissing
from devstack.extension_files import StandIn
from devstack.stand_ins import STAND_INS, described, install_missing


@pytest.fixture
def binaries(tmp_path: Path) -> Binaries:
    """A server's folders and a pg_config that tells them."""
    for folder in ("bin", "lib", "share/extension"):
        (tmp_path / folder).mkdir(parents=True)
    config = tmp_path / "bin/pg_config"
    config.write_text(f"#!/bin/sh\necho 'SHAREDIR = {tmp_path}/share'\necho 'PKGLIBDIR = {tmp_path}/lib'\n")
    config.chmod(0o755)
    return Binaries(tmp_path / "bin")


def _ship(binaries: Binaries, name: str) -> None:
    """The server's own extension."""
    (binaries.library_folder / f"{name}.so").touch()
    (binaries.extension_folder / f"{name}.control").write_text("real")


@pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda each: each.name)
def test_a_stand_in_is_copied_once_and_again_when_it_differs(binaries: Binaries, stand_in: StandIn) -> None:
    assert (stand_in.is_real(binaries), stand_in.is_installed(binaries)) == (False, False)
    assert [stand_in.install(binaries), stand_in.install(binaries)] == [True, False]
    control = binaries.extension_folder / f"{stand_in.name}.control"
    script = binaries.extension_folder / f"{stand_in.name}--{stand_in.version}.sql"
    assert set(binaries.extension_folder.iterdir()) == {control, script}
    assert [stat.S_IMODE(path.stat().st_mode) for path in (control, script)] == [0o644, 0o644]
    assert f"default_version = '{stand_in.version}'" in control.read_text().splitlines()
    assert "stand-in" in script.read_text().splitlines()[0]
    script.write_text("of an earlier version")
    assert not stand_in.is_installed(binaries)
    assert [stand_in.install(binaries), stand_in.is_installed(binaries)] == [True, True]


def test_what_the_server_ships_is_left_alone(binaries: Binaries) -> None:
    said: list[str] = []
    _ship(binaries, "supabase_vault")
    install_missing(binaries, said.append)
    assert said == [f"copied the pg_net stand-in's extension files to {binaries.extension_folder}"]
    assert (binaries.extension_folder / "supabase_vault.control").read_text() == "real"
    assert described(binaries) == ["the pg_net stand-in", "supabase_vault"]


@pytest.mark.parametrize("stand_in", STAND_INS, ids=lambda each: each.name)
def test_what_the_server_ships_takes_the_place_of_a_stand_in(binaries: Binaries, stand_in: StandIn) -> None:
    stand_in.install(binaries)
    _ship(binaries, stand_in.name)
    assert stand_in.is_real(binaries)
    install_missing(binaries, lambda _: None)
    assert (binaries.extension_folder / f"{stand_in.name}.control").read_text() == "real"


@pytest.mark.parametrize("installed", [False, True])
def test_half_of_a_real_extension_is_refused(binaries: Binaries, installed: bool) -> None:
    stand_in = next(each for each in STAND_INS if each.name == "pg_net")
    if installed:
        stand_in.install(binaries)
    (binaries.library_folder / "pg_net.so").touch()
    assert not stand_in.is_real(binaries)
    with pytest.raises(PackagesMissing, match=r"has pg_net\.so, but .* lacks the control file that belongs to it"):
        install_missing(binaries, lambda _: None)


def test_who_may_not_write_there_is_told_the_command(binaries: Binaries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everywhere
    with pytest.raises(
        PackagesMissing, match=r"the pg_net stand-in must be copied to .* `sudo python -m devstack packages`"
    ):
        install_missing(binaries, lambda _: None)
