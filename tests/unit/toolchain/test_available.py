"""What is built when, and that failures and interruptions leave nothing half-made."""

from pathlib import Path

import pytest

from toolchain import available, engine, folder, host, release
from toolchain.cache import Cache
from toolchain.command import Commands
from toolchain.errors import ToolchainError


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path), "PATH": "/none", "SUPABASE_CRON_ENGINE_FROM": "source"}


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands in for the builders; lists which of them ran."""
    ran: list[str] = []

    def make(name: str, work: Path) -> Path:
        ran.append(name)
        (work / name).mkdir()
        return work / name

    monkeypatch.setattr(host, "install", lambda _commands, work: make("host", work))
    monkeypatch.setattr(engine, "build", lambda _commands, _environ, _python, work: make("engine", work))
    monkeypatch.setattr(folder, "assemble", lambda _engine, _host, work: make("bin", work))
    return ran


def test_everything_is_built_once(environ: dict[str, str], built: list[str]) -> None:
    cache = Cache(environ)
    assert available.find(environ) is None
    assert available.ensure(environ) == cache.bin
    assert available.ensure(environ) == available.find(environ) == cache.bin
    assert built == ["host", "engine", "bin"]
    left = {path.name for path in cache.root.iterdir()}
    assert left == {"lock", "build.log", cache.host.name, cache.engine.name, cache.bin.name}


def test_only_what_is_missing_is_built(environ: dict[str, str], built: list[str]) -> None:
    Cache(environ).engine.mkdir(parents=True)
    available.ensure(environ)
    assert built == ["host", "bin"]


def test_who_only_asks_takes_what_is_there(environ: dict[str, str], built: list[str], tmp_path: Path) -> None:
    assert available.at_hand(environ) is None
    available.ensure(environ)
    assert available.at_hand(environ) == Cache(environ).bin
    (tmp_path / "pulumi").touch(mode=0o755)
    old = {**environ, "PATH": str(tmp_path)}
    assert available.at_hand(old) == tmp_path, "of whatever version"
    with pytest.raises(ToolchainError, match="no executable pulumi in /nowhere"):
        available.at_hand({**old, "SUPABASE_CRON_ENGINE": "/nowhere"})


@pytest.mark.parametrize("failure", [ToolchainError("no network"), KeyboardInterrupt()])
def test_an_unfinished_build_leaves_finished_parts_alone(
    environ: dict[str, str], built: list[str], monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    def fail(_commands: Commands, _environ: object, _python: Path, work: Path) -> Path:
        (work / "engine").mkdir()
        raise failure

    monkeypatch.setattr(engine, "build", fail)
    cache = Cache(environ)
    with pytest.raises(type(failure)):
        available.ensure(environ)
    assert built == ["host"]
    assert {path.name for path in cache.root.iterdir()} == {"lock", "build.log", cache.host.name}


def test_a_cache_that_cannot_be_written_is_a_sentence(tmp_path: Path, built: list[str]) -> None:
    (tmp_path / "file").touch()
    environ = {"XDG_CACHE_HOME": f"{tmp_path}/file", "PATH": "/none", "SUPABASE_CRON_ENGINE_FROM": "source"}
    with pytest.raises(ToolchainError, match=r"^making the engine in .* failed: .*Not a directory"):
        available.ensure(environ)
    assert built == []


@pytest.fixture
def downloaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands in for the download; its items are made folders, and the texts of ``NoRelease`` when it is told so."""
    answers: list[str] = []

    def fetch(work: Path) -> Path:
        if answers:
            raise release.NoRelease(answers.pop())
        (work / "release").mkdir()
        return work / "release"

    monkeypatch.setattr(release, "fetch", fetch)
    return answers


def test_a_release_comes_first_and_once(
    environ: dict[str, str], built: list[str], downloaded: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    del environ["SUPABASE_CRON_ENGINE_FROM"]
    cache = Cache(environ)
    assert available.ensure(environ) == available.ensure(environ) == available.at_hand(environ) == cache.release
    assert built == []
    assert available.find(environ | {"SUPABASE_CRON_ENGINE_FROM": "source"}) is None, "it was not built"
    assert capsys.readouterr().err == ""


def test_without_a_way_out_it_is_built(
    environ: dict[str, str], built: list[str], downloaded: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    del environ["SUPABASE_CRON_ENGINE_FROM"]
    downloaded.append("no way out")
    assert available.ensure(environ) == Cache(environ).bin
    assert "no release of pulumi 3." in capsys.readouterr().err
    assert available.ensure(environ) == Cache(environ).bin, "what was built is used, and nothing asked again"


def test_where_it_may_come_from_is_a_switch(environ: dict[str, str], built: list[str], downloaded: list[str]) -> None:
    downloaded.append("no way out")
    with pytest.raises(ToolchainError, match=r"^no release of pulumi 3\.\S+ to be had: no way out$"):
        available.ensure(environ | {"SUPABASE_CRON_ENGINE_FROM": "release"})
    assert built == []
    with pytest.raises(ToolchainError, match="SUPABASE_CRON_ENGINE_FROM is 'here': set it to release or source"):
        available.find(environ | {"SUPABASE_CRON_ENGINE_FROM": "here"})
