import os
from pathlib import Path

import pytest

from devstack import packages
from devstack.errors import PackagesMissing
from devstack.packages import install_packages, install_test_packages


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A machine without PostgreSQL, whose apt-get writes down what it is told and installs nothing."""
    said: list[str] = []

    def missing() -> None:
        raise PackagesMissing("still missing")

    def apt(command: list[str]) -> None:
        said.append(" ".join(word for word in command if not word.startswith("--")))
        if "postgresql-17" in command:
            said.append(packages.CREATE_CLUSTER.read_text().splitlines()[-1])

    monkeypatch.delenv("DEVSTACK_PG_BINDIR", raising=False)
    monkeypatch.setattr(packages, "find_binaries", missing)
    monkeypatch.setattr(packages, "installed", list)
    monkeypatch.setattr(packages, "_apt", apt)
    monkeypatch.setattr(packages, "_dependencies", lambda: "postgresql\n  Depends: postgresql-17\n")
    monkeypatch.setattr(packages, "CREATE_CLUSTER", tmp_path / "createcluster.conf")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/apt-get")
    packages.CREATE_CLUSTER.write_text("#create_main_cluster = true\n")
    return said


def test_the_distributions_server_is_installed_without_a_cluster_of_its_own(commands: list[str]) -> None:
    with pytest.raises(PackagesMissing, match="still missing"):
        install_packages(lambda _: None)
    assert commands == [
        "apt-get install postgresql-common",
        "apt-get install postgresql-17 postgresql-17-cron",
        "create_main_cluster = false",
    ]
    assert packages.CREATE_CLUSTER.read_text() == "#create_main_cluster = true\n"


def test_lists_that_are_missing_are_fetched_once(commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(["", "postgresql\n  Depends: postgresql-17\n"])
    monkeypatch.setattr(packages, "_dependencies", lambda: next(answers))
    with pytest.raises(PackagesMissing, match="still missing"):
        install_packages(lambda _: None)
    assert commands[0] == "apt-get update"


def test_a_distribution_that_is_too_old_is_said(commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_dependencies", lambda: "postgresql\n  Depends: postgresql-13\n")
    with pytest.raises(PackagesMissing, match="offers PostgreSQL 13, and 15 or newer is needed"):
        install_packages(lambda _: None)
    assert commands == []


def test_who_is_not_root_is_told_the_command(commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PackagesMissing, match=r"only root can install it; run `sudo .*python.* -m devstack packages`"):
        install_packages(lambda _: None)
    assert commands == []


def test_without_apt_get_the_user_is_asked(commands: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(PackagesMissing, match="there is no apt-get here"):
        install_packages(lambda _: None)
    assert commands == []


def test_what_tests_need_is_installed_where_it_is_missing(
    commands: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "chromium"
    monkeypatch.setattr(packages, "BROWSER", browser)
    with pytest.raises(PackagesMissing, match="the package chromium left no"):
        install_test_packages(lambda _: None)
    assert commands == ["apt-get install chromium libatomic1 curl jq"]
    browser.touch()
    install_test_packages(lambda _: None)
    assert commands == ["apt-get install chromium libatomic1 curl jq"]


def test_who_is_not_root_is_told_how_to_get_what_tests_need(
    commands: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "BROWSER", tmp_path / "chromium")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PackagesMissing, match=r"run `sudo .*python.* -m devstack packages --tests`"):
        install_test_packages(lambda _: None)
    assert commands == []
