from pathlib import Path

import pytest

from devstack.errors import InvalidArgument
from devstack.places import REACHABLE, Places, default_root, fits_socket


@pytest.mark.parametrize("name", ["dev", "test-devstack", "a_1", "x" * 32])
def test_a_name_makes_a_folder(name: str) -> None:
    assert Places(Path("/stacks"), name).settings == Path("/stacks") / name / "settings.json"


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "-x", "Dev", "a b", "x" * 33, "dev\n"])
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(InvalidArgument, match="cannot name a stack"):
        Places(Path("/stacks"), name)


def test_elsewhere_differs_by_root_and_name_and_is_short_enough_for_a_socket() -> None:
    places = [Places(Path(root), name).server_elsewhere for root in ("/a", "/b") for name in ("dev", "x" * 32)]
    assert len(set(places)) == 4
    assert all(place.parent == REACHABLE and fits_socket(place / "run") for place in places)


def test_a_socket_folder_may_be_too_long() -> None:
    assert fits_socket(Path("/" + "x" * 87))
    assert not fits_socket(Path("/" + "x" * 88))


def test_the_root_can_be_moved_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVSTACK_HOME", "/elsewhere")
    assert default_root() == Path("/elsewhere")
    monkeypatch.delenv("DEVSTACK_HOME")
    assert default_root().name == ".devstack"
