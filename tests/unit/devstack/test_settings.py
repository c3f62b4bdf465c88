import stat
from pathlib import Path

import pytest

from devstack.cluster import tcp_url
from devstack.errors import StackConflict
from devstack.settings import LOGINS, Settings, read_settings, write_settings


@pytest.fixture
def settings() -> Settings:
    return Settings(
        defaults="new", postgres_port=1, receiver_port=2, bindir=Path("/bin"), socket_folder=Path("/run/sockets")
    )


def test_what_is_written_is_read_and_is_the_owners_alone(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "settings.json"
    write_settings(path, settings)
    assert read_settings(path) == settings
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_no_file_is_no_stack(tmp_path: Path) -> None:
    assert read_settings(tmp_path / "settings.json") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"defaults": "older"}'])
def test_a_damaged_file_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    with pytest.raises(StackConflict, match="is damaged at"):
        read_settings(path)


def test_passwords_are_random_per_stack_and_role_and_not_shown(settings: Settings) -> None:
    other = settings.model_copy(
        update={"passwords": Settings.model_validate(settings.model_dump(exclude={"passwords"})).passwords}
    )
    assert len({*settings.passwords.values(), *other.passwords.values()}) == 2 * len(LOGINS)
    assert not any(password in repr(settings) for password in settings.passwords.values())


def test_the_url_names_login_port_and_no_tls(settings: Settings) -> None:
    url = tcp_url(settings, "postgres")
    assert url == f"postgresql://postgres:{settings.passwords['postgres']}@127.0.0.1:1/postgres?sslmode=disable"
