import os
import stat
import threading
from pathlib import Path

import pytest

from components.errors import Error
from cronctl.whole_file import write_whole


def test_a_file_is_replaced_in_one_step_and_readable(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("before")
    path.chmod(0o600)
    before = path.stat().st_ino
    write_whole(path, "über")
    assert path.read_text(encoding="utf-8") == "über"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert path.stat().st_ino != before
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    path.write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fchmod", full)
    with pytest.raises(Error, match=r"cannot write .*report.html: no space left on device; name another"):
        write_whole(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("real")
    write_whole(link, "text")
    assert link.is_symlink()
    assert (tmp_path / "real").read_text() == "text"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_whole(pipe, "text")
    reader.join(10)
    assert read == ["text"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


@pytest.mark.parametrize("place", ["nowhere/report.html", "."])
def test_where_nothing_can_be_written_one_sentence_says_so(place: str, tmp_path: Path) -> None:
    with pytest.raises(Error, match="cannot write"):
        write_whole(tmp_path / place, "text")
