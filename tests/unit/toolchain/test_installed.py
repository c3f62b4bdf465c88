"""Which engine on PATH is good enough."""

from pathlib import Path

import pytest

from toolchain import installed
from toolchain.errors import ToolchainError

CACHE = Path("/nowhere/cache")


def executable(path: Path, prints: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {prints}\n")
    path.chmod(0o755)
    return path


def engine(folder: Path, version: str) -> Path:
    executable(folder / "pulumi-language-python")
    return executable(folder / "pulumi", version).parent


def test_a_recent_engine_with_its_language_host_is_taken(tmp_path: Path) -> None:
    assert installed.on_path({"PATH": f"/none:{engine(tmp_path, 'v3.300.1')}"}, CACHE) == tmp_path


@pytest.mark.parametrize("version", ["v3.1.0", "", "mist"])
def test_an_old_or_speechless_engine_is_not(tmp_path: Path, version: str) -> None:
    assert installed.on_path({"PATH": str(engine(tmp_path, version))}, CACHE) is None


def test_an_engine_without_its_language_host_is_not(tmp_path: Path) -> None:
    executable(tmp_path / "pulumi", "v3.300.1")
    assert installed.on_path({"PATH": str(tmp_path)}, CACHE) is None
    assert installed.on_path({"PATH": "/none"}, CACHE) is None
    assert installed.on_path({}, CACHE) is None


def test_the_language_host_may_be_beside_the_real_file_or_elsewhere_on_path(tmp_path: Path) -> None:
    real, links, elsewhere = tmp_path / "real", tmp_path / "links", tmp_path / "elsewhere"
    links.mkdir()
    (links / "pulumi").symlink_to(engine(real, "v3.300.1") / "pulumi")
    assert installed.on_path({"PATH": str(links)}, CACHE) == links

    (real / "pulumi-language-python").unlink()
    assert installed.on_path({"PATH": str(links)}, CACHE) is None
    executable(elsewhere / "pulumi-language-python")
    assert installed.on_path({"PATH": f"{links}:{elsewhere}"}, CACHE) == links


def test_an_engine_of_our_own_cache_is_passed_over(tmp_path: Path) -> None:
    own = engine(tmp_path / "cache" / "bin-old", "v3.300.1")
    other = engine(tmp_path / "other", "v3.300.1")
    assert installed.on_path({"PATH": str(own)}, tmp_path / "cache") is None
    assert installed.on_path({"PATH": f"{own}:{other}"}, tmp_path / "cache") == other


def test_a_forced_engine_is_taken_as_it_is(tmp_path: Path) -> None:
    executable(tmp_path / "pulumi", "v1.0.0")
    assert installed.forced({installed.OVERRIDE: str(tmp_path)}) == tmp_path
    assert installed.forced({installed.OVERRIDE: ""}) is None
    assert installed.forced({}) is None


def test_a_forced_folder_without_an_engine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match=r"^no executable pulumi in .*: correct or unset SUPABASE_CRON_ENGINE$"):
        installed.forced({installed.OVERRIDE: str(tmp_path)})
