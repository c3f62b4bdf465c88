"""A stack's life: made, repeated, mended, stopped, moved out of the way, removed; and Supabase's layout in it."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors
from psycopg.rows import DictRow

from devstack import DevstackError, Stack
from devstack.cli import main
from devstack.ports import is_free
from devstack.processes import stop

Connection = psycopg.Connection[DictRow]
WaitFor = Callable[..., Any]


@pytest.fixture(scope="module")
def old(root: Path) -> Iterator[Stack]:
    """A second stack beside the first, in the world of before 2026."""
    stack = Stack(root, "old-world")
    stack.up(defaults="old")
    yield stack
    stack.clean()


def _pids(stack: Stack) -> dict[str, int | None]:
    return {part.part: part.pid for part in stack.status()}


def test_up_again_changes_nothing(root: Path, stack: Stack) -> None:
    said: list[str] = []
    before, settings = _pids(stack), stack.places.settings.read_text()
    Stack(root, "test-devstack", said.append).up()
    assert all(part.ok for part in stack.status())
    assert (_pids(stack), stack.places.settings.read_text(), said) == (before, settings, [])


def test_what_died_is_started_again_and_the_rest_is_left_alone(stack: Stack, wait_for: WaitFor) -> None:
    before = _pids(stack)
    receiver = before["receiver"]
    assert receiver is not None
    os.kill(receiver, signal.SIGKILL)
    wait_for(lambda: [part.part for part in stack.status() if not part.ok] == ["receiver"])
    stack.up()
    after = _pids(stack)
    assert after["receiver"] not in (None, receiver)
    assert {**after, "receiver": 0} == {**before, "receiver": 0}


def test_each_part_is_on_its_own(stack: Stack) -> None:
    for pid in _pids(stack).values():
        assert pid is not None
        assert os.getsid(pid) != os.getsid(0)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        assert int(fields[1]) != os.getpid()
        assert {str(Path(f"/proc/{pid}/fd/0").readlink())} == {"/dev/null"}


def test_all_listens_on_loopback_alone(stack: Stack) -> None:
    settings = stack.settings
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing; tells the address that others see us at
        outside = probe.getsockname()[0]
    assert outside != "127.0.0.1"
    for port in (settings.postgres_port, settings.receiver_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((outside, port), timeout=2).close()


def test_the_files_are_for_the_owner_alone(stack: Stack) -> None:
    for path in (stack.places.settings, stack.places.functions, stack.places.requests):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (stack.places.data, stack.settings.socket_folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_over_tcp_the_password_decides(stack: Stack) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(stack.conninfo, password="wrong").close()


def test_the_roles_are_those_of_supabase(login: Connection) -> None:
    rows = login.execute(
        "SELECT rolname, rolsuper AS super, rolcanlogin AS login, rolbypassrls AS bypass, rolinherit AS inherit, "
        "rolcreaterole AND rolcreatedb AND rolreplication AS creates FROM pg_roles "
        "WHERE rolname !~ '^pg_' ORDER BY rolname"
    ).fetchall()
    assert {row.pop("rolname"): "".join(str(int(value)) for value in row.values()) for row in rows} == {
        # super, login, bypass, inherit, creates
        "anon": "00010",
        "authenticated": "00010",
        "authenticator": "01000",
        "postgres": "01111",
        "service_role": "00110",
        "supabase_admin": "11111",
    }


def test_the_memberships_and_settings_are_those_of_supabase(login: Connection) -> None:
    rows = login.execute(
        "SELECT member::regrole::text || ' ' || roleid::regrole::text AS pair FROM pg_auth_members "
        "WHERE member > 16383 ORDER BY 1"
    )
    assert [row["pair"] for row in rows] == [
        "authenticator anon",
        "authenticator authenticated",
        "authenticator service_role",
        "postgres anon",
        "postgres authenticated",
        "postgres pg_monitor",
        "postgres pg_read_all_data",
        "postgres pg_signal_backend",
        "postgres service_role",
    ]
    assert login.execute("SHOW search_path").fetchone() == {"search_path": '"$user", public, extensions'}
    assert login.execute("SHOW pgrst.db_schemas").fetchone() == {"pgrst.db_schemas": "public,graphql_public"}
    login.execute("SELECT pg_reload_conf()")


def test_every_login_has_a_password_of_its_own(stack: Stack) -> None:
    for role in ("postgres", "authenticator", "supabase_admin"):
        with psycopg.connect(stack.conninfo_as(role)) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (role,)
    with pytest.raises(DevstackError, match="'anon' has no login here"):
        stack.conninfo_as("anon")


_NEW_OBJECTS = """
CREATE TABLE public.probe (id int);
CREATE SEQUENCE public.probe_seq;
CREATE FUNCTION public.probe_function() RETURNS int LANGUAGE sql RETURN 1;
"""

_PRIVILEGES = """
SELECT has_table_privilege('anon', 'public.probe', 'SELECT, INSERT, UPDATE, DELETE') AS data,
       has_table_privilege('anon', 'public.probe', 'TRUNCATE') AS truncate,
       has_sequence_privilege('anon', 'public.probe_seq', 'USAGE, SELECT') AS sequence,
       (SELECT proacl::text LIKE '%%anon=X%%' FROM pg_proc WHERE proname = 'probe_function') AS function
"""


@pytest.mark.parametrize(
    ("world", "role", "opened"),
    [
        ("new", "postgres", {"data": False, "truncate": True, "sequence": False, "function": None}),
        ("new", "supabase_admin", {"data": True, "truncate": True, "sequence": True, "function": True}),
        ("old", "postgres", {"data": True, "truncate": True, "sequence": True, "function": True}),
        ("old", "supabase_admin", {"data": True, "truncate": True, "sequence": True, "function": True}),
    ],
)
def test_default_privileges_in_both_worlds(
    stack: Stack, old: Stack, world: str, role: str, opened: dict[str, bool | None]
) -> None:
    chosen = {"new": stack, "old": old}[world]
    with psycopg.connect(chosen.conninfo_as(role), row_factory=psycopg.rows.dict_row) as connection:
        connection.execute(_NEW_OBJECTS)
        assert connection.execute(_PRIVILEGES).fetchone() == opened
        connection.rollback()


def test_a_stack_keeps_its_world(old: Stack) -> None:
    assert old.settings.defaults == "old"
    old.up()
    with pytest.raises(DevstackError, match="has the old default privileges; clean it first"):
        old.up(defaults="new")


def test_the_login_uses_cron_as_at_supabase(login: Connection) -> None:
    with login.transaction(force_rollback=True):
        job = login.execute("SELECT cron.schedule('probe', '0 0 1 1 *', 'SELECT 1') AS id").fetchone()
        login.execute("SELECT cron.alter_job(%(id)s, active := false)", job)
        assert login.execute("SELECT active FROM cron.job WHERE jobid = %(id)s", job).fetchone() == {"active": False}
        with pytest.raises(errors.InsufficientPrivilege), login.transaction():
            login.execute("UPDATE cron.job SET active = true")
        login.execute("DELETE FROM cron.job_run_details")


def test_down_and_up_keep_ports_data_and_jobs_which_run_over_the_socket(stack: Stack, wait_for: WaitFor) -> None:
    stack.set_function("hello")
    with psycopg.connect(stack.conninfo, autocommit=True) as connection:
        call = f"SELECT net.http_post('{stack.functions_url}/hello')"
        connection.execute("SELECT cron.schedule('at start', '@reboot', %s)", (call,))
    settings = stack.settings
    stack.down()
    assert [part.state for part in stack.status()] == ["stopped"] * 3
    assert is_free(settings.postgres_port)
    stack.down()
    stack.up()
    assert stack.settings == settings
    wait_for(lambda: stack.requests("hello"))
    with psycopg.connect(stack.conninfo, autocommit=True) as connection:
        runs = "SELECT username, status FROM cron.job_run_details"
        wait_for(lambda: connection.execute(runs).fetchall() == [("postgres", "succeeded")])
        connection.execute("SELECT cron.unschedule('at start')")


def test_a_taken_port_is_left_and_jobs_follow(old: Stack) -> None:
    with psycopg.connect(old.conninfo) as connection:
        connection.execute("SELECT cron.schedule('probe', '0 0 1 1 *', 'SELECT 1')")
    before = old.settings
    old.down()
    with socket.create_server(("127.0.0.1", before.postgres_port)):
        old.up()
    after = old.settings
    assert after.postgres_port != before.postgres_port
    assert after.model_copy(update={"postgres_port": before.postgres_port}) == before
    with psycopg.connect(old.conninfo) as connection:
        row = connection.execute("SELECT nodename, nodeport FROM cron.job").fetchone()
    assert row == (str(after.socket_folder), after.postgres_port)


def test_a_folder_removed_by_hand_ends_the_daemons_and_leaves_data_that_clean_removes(
    root: Path, old: Stack, wait_for: WaitFor
) -> None:
    server, *daemons = _pids(old).values()
    elsewhere = old.places.server_elsewhere
    old.places.folder.rename(root / "aside")
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in daemons))
    if elsewhere.exists():
        with pytest.raises(DevstackError, match="holds the data of a stack whose settings are gone"):
            old.up()
    else:  # the data went with the folder
        (root / "aside").rename(old.places.folder)
    old.clean()
    wait_for(lambda: not Path(f"/proc/{server}").exists())
    assert not old.places.folder.exists()
    assert not elsewhere.exists()
    assert [part.state for part in old.status()] == ["stopped"] * 3
    with pytest.raises(DevstackError, match="there is no stack 'old-world'"):
        old.conninfo  # noqa: B018


@pytest.fixture
def devstack(
    root: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs the command line here; returns exit status, stdout and stderr."""
    monkeypatch.setenv("DEVSTACK_HOME", str(root))

    def run(*words: str, name: str = stack.name) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["devstack", *words, "--name", name])
        with pytest.raises(SystemExit) as ended:
            main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run


CommandLine = Callable[..., tuple[int, str, str]]


def test_data_goes_to_stdout_and_talk_to_stderr(stack: Stack, devstack: CommandLine) -> None:
    assert devstack("up") == (0, "", f"devstack: the stack {stack.name!r} is up\n")
    assert devstack("url") == (0, f"{stack.conninfo}\n", "")
    assert devstack("url", "--superuser") == (0, f"{stack.superuser_conninfo}\n", "")
    assert f"export SUPABASE_CRON_SECRET_SUPABASE_URL={stack.receiver_url}\n" in devstack("env")[1]


def test_status_tells_by_its_exit_status_too(stack: Stack, devstack: CommandLine) -> None:
    status, text, _ = devstack("status", "--json")
    assert (status, [part["state"] for part in json.loads(text)]) == (0, ["running"] * 3)
    assert devstack("status")[0] == 0
    stop(stack.places.pid_file("receiver"))
    status, text, _ = devstack("status")
    assert (status, text.splitlines()[2].split()[:2]) == (1, ["receiver", "stopped"])
    assert devstack("status", name="other")[0] == 1


def test_a_function_can_be_told_by_hand(stack: Stack, devstack: CommandLine) -> None:
    words = (
        "--status",
        "202",
        "--body",
        "so",
        "--header",
        "X-A: b",
        "--require",
        "apikey: k",
        "--delay",
        "0.5",
        "--drop",
    )
    assert devstack("receiver", "set", "hello", *words)[0] == 0
    assert json.loads(devstack("receiver", "show", "hello")[1])["hello"] == {
        "require": {"apikey": "k"},
        "status": 202,
        "body": "so",
        "headers": {"X-A": "b"},
        "delay": 0.5,
        "drop": True,
    }
    assert devstack("receiver", "reset", "hello")[0] == 0
    assert "hello" not in stack.functions()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("receiver", "show", "nothing"), "devstack: the receiver knows no function 'nothing'"),
        (("receiver", "set", "hello", "--status", "99"), "devstack: the function cannot answer so: status: "),
        (("receiver", "set", "hello", "--header", "nothing"), "devstack: 'nothing' is no header"),
        (("up", "--defaults", "old"), "devstack: the stack 'test-devstack' has the new default privileges"),
    ],
)
def test_a_failure_is_one_sentence(devstack: CommandLine, words: tuple[str, ...], sentence: str) -> None:
    status, out, err = devstack(*words)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(sentence)


def test_logs(root: Path, stack: Stack) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "devstack", "logs", "worker", "--name", stack.name],
        capture_output=True,
        text=True,
        env={**os.environ, "DEVSTACK_HOME": str(root)},
        check=True,
    )
    assert "connected" in shown.stdout
