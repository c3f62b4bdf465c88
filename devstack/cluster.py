"""The PostgreSQL server of a stack: made with initdb, started and stopped with pg_ctl, by an unprivileged user."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from devstack.binaries import Binaries
from devstack.errors import ServerFailed
from devstack.files import last_lines, write_private
from devstack.places import Places, fits_socket, may_enter, server_user
from devstack.ports import LOOPBACK
from devstack.settings import Settings

SUPERUSER = "supabase_admin"
"""Supabase's name of the bootstrap superuser."""

LOGIN = "postgres"
"""What people log in as at Supabase; not a superuser."""

DATABASE = "postgres"

START_SECONDS = 60
"""How long a start may take; recovery after a crash is part of it."""

STOP_SECONDS = 30

_PRELOADED = ("pg_net", "pg_stat_statements", "supabase_vault")

_SOCKET_PREFIX = "supabase-cron-"

_HBA = """\
# Written by devstack. Only the server's own user enters the socket's folder; pg_cron's jobs come in this way.
local all all trust
host  all all {loopback}/32 scram-sha-256
host  all all ::1/128      scram-sha-256
"""

_CONFIGURATION = """\
# Written by devstack at each start; change settings with ALTER SYSTEM instead.
listen_addresses = '{loopback},::1'
port = {port}
unix_socket_directories = {socket_folder}
unix_socket_permissions = 0700
password_encryption = scram-sha-256
max_connections = 60
shared_buffers = 64MB
max_wal_size = 256MB
synchronous_commit = off   # a crash may lose the last moments; nothing gets damaged
shared_preload_libraries = {libraries}
cron.database_name = '{database}'
cron.host = {socket_folder}
pg_net.ttl = '6 hours'     # pg_net's defaults, named so that ALTER SYSTEM knows them
pg_net.batch_size = 200
log_line_prefix = '%m [%p] %q%u@%d %a '
log_timezone = UTC
timezone = UTC
"""


class Cluster:
    """The server of one stack; its login's rights and objects are :mod:`devstack.bootstrap`'s."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def exists(self) -> bool:
        return (self._places.data / "PG_VERSION").exists()

    def pid(self) -> int | None:
        """The postmaster's pid, or None."""
        try:
            pid = int((self._places.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if self._is_ours(pid) else None

    def _is_ours(self, pid: int) -> bool:
        """Whether the process works in our data folder, as a server does, so that no other is taken for it."""
        try:
            return Path(f"/proc/{pid}/cwd").samefile(self._places.data)
        except OSError:
            return False

    def serves(self, settings: Settings) -> bool:
        """Whether the server runs; waits while it starts or recovers.

        Raises:
            ServerFailed: it runs but does not accept connections for too long.
        """
        deadline = time.monotonic() + START_SECONDS
        while (pid := self.pid()) is not None:
            try:
                psycopg.connect(socket_conninfo(settings)).close()
            except psycopg.OperationalError as exc:
                if time.monotonic() > deadline:
                    raise ServerFailed(
                        f"PostgreSQL, process {pid}, accepts no connection; bring the stack down and up again: "
                        f"{' '.join(str(exc).split())}"
                    ) from exc
                time.sleep(0.05)
            else:
                return True
        return False

    def create(self, binaries: Binaries) -> None:
        """Makes the server's folder and the cluster in it; what a broken attempt left is replaced.

        Raises:
            ServerFailed: initdb failed, for the reason in the text.
        """
        places, user = self._places, server_user()
        self.remove()
        home = self._home()
        home.mkdir(parents=True)
        if home != places.server_here:
            home.parent.chmod(0o755)  # whatever our umask is, the server's user must get in
            places.server_here.symlink_to(home)
        if user is not None:
            shutil.chown(home, user, user)
        unfinished = home / "data.new"
        self._run(
            [
                *(binaries.bindir / "initdb", "-D", unfinished, "-U", SUPERUSER, "--no-sync"),
                *("--locale=C.UTF-8", "--encoding=UTF8", "--auth=reject"),
            ]
        )
        self._write(unfinished / "pg_hba.conf", _HBA.format(loopback=LOOPBACK))
        with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude 'devstack.conf'\n")
        unfinished.rename(places.data)

    def choose_socket_folder(self) -> Path:
        """A folder for the socket that the kernel accepts; :meth:`start` makes it."""
        beside = self._home() / "run"
        if fits_socket(beside):
            return beside
        return Path(tempfile.gettempdir()) / f"{_SOCKET_PREFIX}{secrets.token_hex(6)}"

    def start(self, settings: Settings) -> None:
        """Starts the server and returns when it accepts connections.

        Raises:
            ServerFailed: it did not start; the text holds the end of its log.
        """
        binaries = Binaries(settings.bindir)
        self._make_socket_folder(settings.socket_folder)
        self._write(self._places.data / "devstack.conf", configuration(settings, binaries))
        command: list[str | Path] = [
            *(binaries.bindir / "pg_ctl", "start", "-w", "-s", "-t", str(START_SECONDS)),
            *("-D", self._places.data.resolve(), "-l", self._places.server_log.resolve()),
        ]
        # Processes of a server that was killed hold on to its shared memory for a moment.
        tries = 20 if (self._places.data / "postmaster.pid").exists() else 1
        while tries:
            tries -= 1
            try:
                self._run(command)
            except ServerFailed:
                if not tries:
                    log = self._places.server_log
                    raise ServerFailed(f"PostgreSQL did not start; the end of {log}:\n{last_lines(log, 8)}") from None
                time.sleep(0.25)
            else:
                return

    def keep_key(self, name: str) -> None:
        """Makes a random key of 32 bytes in the data folder, readable by the server alone, unless it is there."""
        path = self._places.data / name
        if not path.exists():
            unfinished = path.with_name(f"{name}.new")
            self._write(unfinished, secrets.token_hex(32) + "\n")
            unfinished.rename(path)

    def stop(self) -> bool:
        """Stops the server, ending its sessions, and answers whether it ran.

        Raises:
            ServerFailed: it did not stop in time.
        """
        pid = self.pid()
        if pid is None:
            return False
        os.kill(pid, signal.SIGINT)  # fast shutdown; what pg_ctl does, but it must be the process we looked at
        deadline = time.monotonic() + STOP_SECONDS
        while self._is_ours(pid):  # it removes its pid file some time before it ends
            if time.monotonic() > deadline:
                raise ServerFailed(f"PostgreSQL, process {pid}, did not stop within {STOP_SECONDS} s")
            time.sleep(0.02)
        return True

    def remove_socket_folder(self, folder: Path) -> None:
        """Removes a socket folder that :meth:`choose_socket_folder` had to put elsewhere."""
        if folder.name.startswith(_SOCKET_PREFIX):
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self) -> None:
        """Removes the stopped server's folders, wherever they are."""
        places = self._places
        for folder in (places.server_elsewhere, places.server_here):
            if folder.is_symlink():
                folder.unlink()
            elif folder.exists():
                shutil.rmtree(folder)

    def _home(self) -> Path:
        """The server's own folder: beside the stack's other files if the server's user can get there."""
        places = self._places
        return places.server_here if may_enter(places.folder, server_user()) else places.server_elsewhere

    def _make_socket_folder(self, folder: Path) -> None:
        user = server_user()
        folder.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            shutil.chown(folder, user, user)

    def _write(self, path: Path, text: str) -> None:
        write_private(path, text)
        user = server_user()
        if user is not None:
            shutil.chown(path, user, user)

    def _run(self, command: list[str | Path]) -> None:
        """Runs one of PostgreSQL's programs as the server's user, without a trace of our environment.

        Raises:
            ServerFailed: it failed; the text is what it said.
        """
        user = server_user()
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            # A file, not a pipe: the server inherits it, and a pipe would keep us waiting for its end.
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                user=user,
                group=user,
                extra_groups=[] if user else None,
                start_new_session=True,
                check=False,
            )
            if done.returncode != 0:
                output.seek(0)
                said = " ".join(output.read().split())
                raise ServerFailed(f"{Path(command[0]).name} failed with status {done.returncode}: {said}")


def configuration(settings: Settings, binaries: Binaries) -> str:
    """The text of ``devstack.conf``; what Supabase preloads beside pg_cron is preloaded where the server has it."""
    libraries = ["pg_cron", *(name for name in _PRELOADED if binaries.has_library(name))]
    return _CONFIGURATION.format(
        loopback=LOOPBACK,
        port=settings.postgres_port,
        socket_folder=_quoted(str(settings.socket_folder)),
        libraries=_quoted(",".join(libraries)),
        database=DATABASE,
    )


def socket_conninfo(settings: Settings, application_name: str = "devstack") -> str:
    """The superuser's conninfo over the socket, which asks for no password."""
    return make_conninfo(
        host=str(settings.socket_folder),
        port=settings.postgres_port,
        user=SUPERUSER,
        dbname=DATABASE,
        application_name=application_name,
        connect_timeout=5,
    )


def tcp_url(settings: Settings, role: str) -> str:
    """The conninfo of one of the logins as a URL; no character in it needs an escape."""
    password = settings.passwords[role]
    return f"postgresql://{role}:{password}@{LOOPBACK}:{settings.postgres_port}/{DATABASE}?sslmode=disable"


def _quoted(value: str) -> str:
    """A string of postgresql.conf."""
    return "'" + value.replace("'", "''") + "'"
