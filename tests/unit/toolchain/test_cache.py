"""Where parts lie, under which names, and that they get there whole."""

import subprocess
import sys
from pathlib import Path

import pytest

from toolchain import cache
from toolchain.cache import Cache, digest, locked, publish, root, workshop


def test_root_follows_the_xdg_specification(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    below = Path("supabase-cron", "toolchain")
    assert root({"XDG_CACHE_HOME": "/var/cache/ann"}) == "/var/cache/ann" / below
    assert root({"XDG_CACHE_HOME": "relative"}) == "/home/ann/.cache" / below
    assert root({"XDG_CACHE_HOME": ""}) == root({}) == "/home/ann/.cache" / below


def test_digest_depends_on_every_part_and_on_its_borders(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    before = digest("a", file)
    assert before == digest("a", file)
    assert len({before, digest("b", file), digest(file, "a"), digest("ab", ""), digest("a", "b")}) == 5
    file.write_text("two")
    assert digest("a", file) != before


def test_a_changed_language_host_leaves_the_built_engine_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path)}
    before = Cache(environ)
    changed = tmp_path / "language_host"
    changed.mkdir()
    (changed / "requirements.txt").write_text("")
    monkeypatch.setattr(cache, "HOST_PACKAGE", changed)
    after = Cache(environ)
    assert after.engine == before.engine
    assert after.host != before.host
    assert after.bin != before.bin


def test_a_workshop_is_gone_afterwards_with_what_predecessors_left(tmp_path: Path) -> None:
    left = tmp_path / "work-killed"
    left.mkdir()
    (left / "half-made").touch()
    with pytest.raises(RuntimeError), workshop(tmp_path) as work:
        assert not left.exists()
        (work / "half-made").touch()
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_publish_moves_the_folder_as_a_whole(tmp_path: Path) -> None:
    with workshop(tmp_path) as work:
        made = work / "bin"
        made.mkdir()
        (made / "pulumi").touch()
        publish(made, tmp_path / "bin-1")
    assert [path.name for path in tmp_path.rglob("*")] == ["bin-1", "pulumi"]


def test_the_second_of_two_builds_says_that_it_waits_and_waits(tmp_path: Path) -> None:
    second = (
        "import sys; from pathlib import Path; from toolchain.cache import locked\n"
        "with locked(Path(sys.argv[1]), lambda: print('waiting', flush=True)): print('working', flush=True)"
    )
    command = [sys.executable, "-c", second, str(tmp_path)]
    with locked(tmp_path, lambda: pytest.fail("nobody else is there")):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=cache.SOURCES.parent)
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
    assert process.communicate(timeout=10)[0] == "working\n"
