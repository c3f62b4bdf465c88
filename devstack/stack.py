"""A stack: server, worker and receiver under one name, brought up, looked at, stopped and removed."""

import contextlib
import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Unpack

import psycopg

from devstack import pg_net, vault
from devstack.binaries import Binaries, chosen_bindir, find_binaries
from devstack.bootstrap import bootstrap, follow_port
from devstack.cluster import LOGIN, SUPERUSER, Cluster, socket_conninfo, tcp_url
from devstack.errors import InvalidArgument, StackConflict
from devstack.files import write_private
from devstack.functions import (
    PREFIX,
    Function,
    FunctionChanges,
    Functions,
    changed,
    default_functions,
    read_functions,
    write_functions,
)
from devstack.places import Places, default_root
from devstack.ports import LOOPBACK, answers, choose, is_free
from devstack.processes import holder, start, stop, wait_ready
from devstack.settings import Defaults, Settings, read_settings, write_settings
from devstack.stand_ins import install_missing

RECEIVER_PORT = 54321
POSTGRES_PORT = 54322

Part = Literal["postgres", "worker", "receiver"]

PARTS: tuple[Part, ...] = ("postgres", "worker", "receiver")


@dataclass(frozen=True)
class PartStatus:
    """One part of a stack: whether it serves, and where."""

    part: Part
    state: Literal["running", "stopped", "built in"]
    pid: int | None = None
    port: int | None = None
    url: str | None = None

    @property
    def ok(self) -> bool:
        return self.state != "stopped"


def _silent(_: str) -> None:
    pass


class Stack:
    """One stack by name, for tests and for the command line.

    Args:
        root: the folder that holds stacks, ``DEVSTACK_HOME`` or the project's ``.devstack`` by default.
        name: lower-case letters, digits, - and _.
        say: where to report what is done, a sentence at a time.

    Raises:
        InvalidArgument: a name that cannot be used.
    """

    def __init__(self, root: Path | None = None, name: str = "dev", say: Callable[[str], None] = _silent) -> None:
        self.places = Places(root or default_root(), name)
        self.name = name
        self._say = say
        self._cluster = Cluster(self.places)

    # Life

    def up(self, defaults: Defaults | None = None) -> None:
        """Makes what is missing and starts what does not run; safe to repeat, quick when all runs.

        Args:
            defaults: Supabase's default privileges, see :data:`devstack.settings.Defaults`; None for what the stack
                has, ``new`` for a stack that is made.

        Raises:
            DevstackError: a part cannot be made or started, or the stack has the other defaults.
        """
        with self._locked():
            settings = self._settings_for(defaults)
            binaries = Binaries(settings.bindir)
            install_missing(binaries, self._say)
            self._start_receiver(settings)  # first, since jobs may run as soon as the server does
            settings = self._start_server(self.settings)
            if not vault.STAND_IN.is_real(binaries):
                self._cluster.keep_key(vault.KEY_FILE)
            self._bootstrap(settings)
            if not pg_net.STAND_IN.is_real(binaries):
                self._start_worker(settings)

    def down(self) -> None:
        """Stops what runs; data stays.

        Raises:
            DevstackError: a part does not end.
        """
        with self._locked():
            self._down()

    def clean(self) -> None:
        """Stops what runs and removes all of the stack.

        Raises:
            DevstackError: a part does not end.
        """
        with self._locked():
            self._down()
            with contextlib.suppress(StackConflict):  # damaged settings are one reason to clean
                if (settings := self._read_settings()) is not None:
                    self._cluster.remove_socket_folder(settings.socket_folder)
            self._cluster.remove()
            if self.places.folder.exists():
                shutil.rmtree(self.places.folder)
                self._say(f"removed {self.places.folder}")

    def status(self) -> list[PartStatus]:
        """Every part's state, found out anew.

        Raises:
            StackConflict: the settings cannot be read.
        """
        settings = self._read_settings()
        if settings is None:
            return [PartStatus(part, "stopped") for part in PARTS]
        return [self._server_status(settings), self._worker_status(settings), self._receiver_status(settings)]

    # What it offers

    @property
    def conninfo(self) -> str:
        """Supabase's login ``postgres``, not a superuser, as a URL."""
        return self.conninfo_as(LOGIN)

    @property
    def superuser_conninfo(self) -> str:
        """The bootstrap superuser, which nobody has at Supabase, as a URL."""
        return self.conninfo_as(SUPERUSER)

    def conninfo_as(self, role: str) -> str:
        """The conninfo of one of :data:`devstack.settings.LOGINS`, as a URL.

        Raises:
            InvalidArgument: the role is none of them.
            StackConflict: the stack does not exist.
        """
        settings = self.settings
        if role not in settings.passwords:
            raise InvalidArgument(f"{role!r} has no login here; there are {', '.join(settings.passwords)}")
        return tcp_url(settings, role)

    @property
    def receiver_url(self) -> str:
        """What a Supabase project's address would be."""
        return f"http://{LOOPBACK}:{self.settings.receiver_port}"

    @property
    def functions_url(self) -> str:
        """Where the functions are."""
        return f"{self.receiver_url}{PREFIX}"

    def environment(self) -> dict[str, str]:
        """The variables that point this project's program and cronctl at the stack."""
        return {
            "SUPABASE_CRON_DATABASE_URL": self.conninfo,
            "SUPABASE_CRON_SECRET_SUPABASE_URL": self.receiver_url,
            "SUPABASE_CRON_SECRET_EDGE_FUNCTION_URL": self.functions_url,
        }

    def log(self, part: Part) -> Path:
        """Where a part writes its log."""
        return self.places.server_log if part == "postgres" else self.places.log(part)

    @property
    def settings(self) -> Settings:
        """The stack's settings.

        Raises:
            StackConflict: the stack does not exist, or its settings are damaged.
        """
        settings = self._read_settings()
        if settings is None:
            raise StackConflict(
                f"there is no stack {self.name!r} in {self.places.root}; "
                f"make it with `python -m devstack up --name {self.name}`"
            )
        return settings

    # The receiver's functions and requests

    def functions(self) -> Functions:
        """What the receiver's functions expect and answer now."""
        return read_functions(self.places.functions)

    def set_function(self, name: str, **changes: Unpack[FunctionChanges]) -> Function:
        """Changes a function (a new one demands nothing) from the next request on.

        Args:
            name: the function.
            changes: fields of :class:`devstack.functions.Function`.

        Raises:
            InvalidArgument: a field or value that a function cannot have.
        """
        functions = self.functions()
        functions[name] = changed(functions.get(name, Function()), changes)
        write_functions(self.places.functions, functions)
        return functions[name]

    def reset_functions(self, name: str | None = None) -> None:
        """Makes one function, or all, what they are by default; one that is not there by default goes away."""
        functions = default_functions()
        if name is not None:
            kept = {key: value for key, value in self.functions().items() if key != name}
            functions = kept | ({name: functions[name]} if name in functions else {})
        write_functions(self.places.functions, functions)

    def requests(self, function: str | None = None) -> list[dict[str, Any]]:
        """The recorded requests, oldest first; fields as in :func:`devstack.receiver.record`."""
        if not self.places.requests.exists():
            return []
        lines = self.places.requests.read_text(encoding="utf-8").split("\n")
        found = [json.loads(line) for line in lines if line]
        return [each for each in found if function in (None, each["function"])]

    def clear_requests(self) -> None:
        """Forgets the recorded requests."""
        write_private(self.places.requests, "")

    # Parts

    def _settings_for(self, defaults: Defaults | None) -> Settings:
        settings = self._read_settings()
        if settings is None:
            return self._new_settings(defaults or "new")
        if defaults not in (None, settings.defaults):
            raise StackConflict(
                f"the stack {self.name!r} has the {settings.defaults} default privileges; "
                f"clean it first, or bring up another --name with the {defaults} ones"
            )
        if (chosen := chosen_bindir()) not in (None, settings.bindir):
            raise StackConflict(
                f"the stack {self.name!r} has the server in {settings.bindir}, and DEVSTACK_PG_BINDIR is {chosen}; "
                f"clean it first, or bring up another --name with the other server"
            )
        return settings

    def _new_settings(self, defaults: Defaults) -> Settings:
        if self.places.server_elsewhere.exists():
            raise StackConflict(
                f"{self.places.server_elsewhere} holds the data of a stack whose settings are gone; "
                f"remove it with `python -m devstack clean --name {self.name}`"
            )
        binaries = find_binaries()
        self.places.folder.mkdir(exist_ok=True)
        taken = self._ports_of_others()
        settings = Settings(
            defaults=defaults,
            postgres_port=choose(POSTGRES_PORT, taken),
            receiver_port=choose(RECEIVER_PORT, taken),
            bindir=binaries.bindir,
            socket_folder=self._cluster.choose_socket_folder(),
        )
        write_settings(self.places.settings, settings)
        write_functions(self.places.functions, default_functions())
        write_private(self.places.requests, "")
        self._say(f"made the stack {self.name!r} in {self.places.folder}, with the {defaults} default privileges")
        return settings

    def _start_server(self, settings: Settings) -> Settings:
        if self._cluster.serves(settings):
            return settings
        if not self._cluster.exists():
            self._say(f"making a PostgreSQL cluster with {settings.bindir / 'initdb'}")
            self._cluster.create(Binaries(settings.bindir))
        settings = self._with_free_port(settings, "postgres_port")
        self._cluster.start(settings)
        follow_port(settings)
        self._say(f"started PostgreSQL on {LOOPBACK}:{settings.postgres_port}")
        return settings

    def _bootstrap(self, settings: Settings) -> None:
        if made := bootstrap(settings):
            self._say(f"made as at Supabase: {', '.join(made)}")

    def _start_worker(self, settings: Settings) -> None:
        pid_file, log = self.places.pid_file("worker"), self.places.log("worker")
        lives = holder(pid_file) is not None  # then it connects again by itself
        if not lives:
            start("devstack.pg_net", self.places.folder, log)
        wait_ready(pid_file, log, lambda: _is_connected(settings))
        if not lives:
            self._say("started the worker of the pg_net stand-in")

    def _start_receiver(self, settings: Settings) -> None:
        pid_file, log = self.places.pid_file("receiver"), self.places.log("receiver")
        if holder(pid_file) is not None:
            return
        port = self._with_free_port(settings, "receiver_port").receiver_port
        start("devstack.receiver", self.places.folder, log)
        wait_ready(pid_file, log, lambda: answers(port))
        self._say(f"started the receiver on http://{LOOPBACK}:{port}{PREFIX}")

    def _with_free_port(self, settings: Settings, field: Literal["postgres_port", "receiver_port"]) -> Settings:
        port: int = getattr(settings, field)
        if is_free(port):
            return settings
        chosen = choose(port, self._ports_of_others() | {settings.postgres_port, settings.receiver_port})
        self._say(f"port {port} is taken by another process; using {chosen} instead")
        settings = settings.model_copy(update={field: chosen})
        write_settings(self.places.settings, settings)
        return settings

    def _ports_of_others(self) -> set[int]:
        ports: set[int] = set()
        for path in self.places.root.glob("*/settings.json"):
            if path != self.places.settings:
                with contextlib.suppress(StackConflict):
                    other = read_settings(path)
                    ports |= {other.postgres_port, other.receiver_port} if other else set()
        return ports

    def _down(self) -> None:
        for part in ("worker", "receiver"):  # the worker's last round still gets its answers
            if stop(self.places.pid_file(part)):
                self._say(f"stopped the {part}")
        if self._cluster.stop():
            self._say("stopped PostgreSQL")

    def _server_status(self, settings: Settings) -> PartStatus:
        pid = self._cluster.pid()
        state: Literal["running", "stopped"] = "running" if pid and answers(settings.postgres_port) else "stopped"
        return PartStatus("postgres", state, pid, settings.postgres_port)

    def _worker_status(self, settings: Settings) -> PartStatus:
        if pg_net.STAND_IN.is_real(Binaries(settings.bindir)):
            return PartStatus("worker", "built in")
        pid = holder(self.places.pid_file("worker"))
        return PartStatus("worker", "running" if pid and _is_connected(settings) else "stopped", pid)

    def _receiver_status(self, settings: Settings) -> PartStatus:
        pid = holder(self.places.pid_file("receiver"))
        state: Literal["running", "stopped"] = "running" if pid and answers(settings.receiver_port) else "stopped"
        url = f"http://{LOOPBACK}:{settings.receiver_port}{PREFIX}"
        return PartStatus("receiver", state, pid, settings.receiver_port, url)

    def _read_settings(self) -> Settings | None:
        return read_settings(self.places.settings)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One command at a time changes the stacks of a root; others wait."""
        self.places.root.mkdir(parents=True, exist_ok=True)
        with self.places.lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _is_connected(settings: Settings) -> bool:
    """Whether the worker has its session."""
    query = "SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE application_name = %s)"
    try:
        with psycopg.connect(socket_conninfo(settings)) as connection:
            row = connection.execute(query, (pg_net.APPLICATION_NAME,)).fetchone()
            return bool(row and row[0])
    except psycopg.OperationalError:
        return False
