"""What goes into a build: the Go that is good enough, the room, the folder that comes out."""

import shutil
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest

from toolchain import engine, folder, go
from toolchain.errors import ToolchainError

Usage = namedtuple("Usage", "total used free")


def fake_go(directory: Path, version: str) -> Path:
    """A `go` that answers with its version when it was told to stay itself."""
    path = directory / "go"
    path.write_text(f'#!/bin/sh\n[ "$GOTOOLCHAIN" = local ] && echo {version}\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(("version", "taken"), [("go1.26.6", True), ("go1.30", True), ("go1.19.8", False), ("", False)])
def test_the_machines_go_is_taken_when_new_enough_by_itself(tmp_path: Path, version: str, taken: bool) -> None:
    found = fake_go(tmp_path, version)
    assert go.on_path({"PATH": str(tmp_path)}) == (found if taken else None)


def test_a_machine_without_go(tmp_path: Path) -> None:
    assert go.on_path({"PATH": str(tmp_path)}) is None


def test_all_that_go_writes_stays_in_the_workshop(tmp_path: Path) -> None:
    variables = go.variables(tmp_path)
    for name in ("GOCACHE", "GOMODCACHE", "GOPATH", "GOTMPDIR", "TMPDIR"):
        assert Path(variables[name]).is_relative_to(tmp_path)


def test_a_full_disk_is_said_before_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.check_space(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100 << 30, 98 << 30, 2 << 30))
    with pytest.raises(ToolchainError, match=r"needs 5 GB of disk for a while, but .* has 2\.0 GB free: make room"):
        engine.check_space(tmp_path)


def test_the_folder_holds_the_engine_itself_and_scripts_that_pass_arguments_on(tmp_path: Path) -> None:
    built, host, work = (tmp_path / name for name in ("built engine", "host", "work"))
    for made in (built, host / "bin", work):
        made.mkdir(parents=True)
    (built / "pulumi").write_text("the engine")
    python = host / "bin" / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)

    made = folder.assemble(built, host, work)

    assert not (made / "pulumi").is_symlink()
    assert (made / "pulumi").samefile(built / "pulumi")
    for name, module, launcher in (
        ("pulumi-language-python", "language_host", "pulumi-language-python-exec"),
        ("pulumi-resource-pulumi-python", "language_host.provider", "pulumi-resource-pulumi-python"),
    ):
        said = subprocess.run([made / name, "a b", "$c"], capture_output=True, text=True, check=True).stdout
        assert said.splitlines() == ["-I", "-u", "-m", module, str(built / launcher), "a b", "$c"]
