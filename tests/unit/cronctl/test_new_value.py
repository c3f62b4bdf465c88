"""A generated value is written down as a whole, for its owner alone, or not at all."""

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from components.errors import Error
from cronctl.new_value import write

PLANTED = "planted-Zk3Jq8Vw2Xr7Ty5Ub9Nm4Lp6"


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file may grow, which a program is told as it is told of a full disk: by an error of write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    save = tmp_path / "key"
    write(save, PLANTED)
    assert (save.read_text(), save.stat().st_mode & 0o777) == (f"{PLANTED}\n", 0o600)


def test_what_is_there_is_left_alone(tmp_path: Path) -> None:
    save = tmp_path / "key"
    save.write_text("another")
    with pytest.raises(Error, match="File exists; nothing has changed") as refused:
        write(save, PLANTED)
    assert save.read_text() == "another"
    assert PLANTED not in str(refused.value)


def test_nothing_is_left_where_it_cannot_be_written(tmp_path: Path, full_disk: None) -> None:
    with pytest.raises(Error, match="nothing has changed") as refused:
        write(tmp_path / "key", PLANTED)
    assert list(tmp_path.iterdir()) == []
    assert PLANTED not in str(refused.value)
