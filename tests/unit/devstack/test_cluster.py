from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from devstack.binaries import Binaries
from devstack.cluster import configuration, socket_conninfo
from devstack.settings import Settings

SETTINGS = Settings(
    defaults="new", postgres_port=54322, receiver_port=2, bindir=Path("/bin"), socket_folder=Path("/it's here/run")
)


@pytest.mark.parametrize(
    ("libraries", "preloaded"),
    [
        (set(), "pg_cron"),
        ({"pg_net", "pg_stat_statements"}, "pg_cron,pg_net,pg_stat_statements"),
        ({"supabase_vault"}, "pg_cron,supabase_vault"),
    ],
)
def test_the_configuration(monkeypatch: pytest.MonkeyPatch, libraries: set[str], preloaded: str) -> None:
    monkeypatch.setattr(Binaries, "has_library", lambda _, name: name in libraries)
    lines = configuration(SETTINGS, Binaries(Path("/bin"))).splitlines()
    assert f"shared_preload_libraries = '{preloaded}'" in lines
    assert "unix_socket_directories = '/it''s here/run'" in lines
    assert "cron.host = '/it''s here/run'" in lines
    assert "listen_addresses = '127.0.0.1,::1'" in lines
    assert "port = 54322" in lines


def test_the_superuser_comes_in_over_the_socket() -> None:
    parts = conninfo_to_dict(socket_conninfo(SETTINGS, "someone"))
    assert (parts["host"], parts["user"], parts["application_name"]) == ("/it's here/run", "supabase_admin", "someone")
    assert "password" not in parts
