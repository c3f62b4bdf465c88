"""A stack: server, worker and receiver under one name, brought up, looked at, stopped and removed."""

import contextlib
import fcntl
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, Unpack

from devstack import pg_net, vault
from devstack.binaries import Binaries
from devstack.bootstrap import bootstrap, follow_port
from devstack.cluster import LOGIN, SUPERUSER, Cluster, tcp_url
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
from devstack.part_status import PARTS, Part, PartStatus, part_statuses, worker_is_connected
from devstack.places import Places, default_root
from devstack.ports import LOOPBACK, answers, choose, is_free
from devstack.processes import holder, start, stop, wait_ready
from devstack.settings import Defaults, Settings, ports_of_others, read_settings, write_settings
from devstack.stack_settings import settings_for
from devstack.stand_ins import install_missing


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
            settings = settings_for(self.name, self.places, self._cluster, defaults, self._say)
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
        return part_statuses(settings, self.places, self._cluster.pid())

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
        wait_ready(pid_file, log, lambda: worker_is_connected(settings))
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
        chosen = choose(port, ports_of_others(self.places) | {settings.postgres_port, settings.receiver_port})
        self._say(f"port {port} is taken by another process; using {chosen} instead")
        settings = settings.model_copy(update={field: chosen})
        write_settings(self.places.settings, settings)
        return settings

    def _down(self) -> None:
        for part in ("worker", "receiver"):  # the worker's last round still gets its answers
            if stop(self.places.pid_file(part)):
                self._say(f"stopped the {part}")
        if self._cluster.stop():
            self._say("stopped PostgreSQL")

    def _read_settings(self) -> Settings | None:
        return read_settings(self.places.settings)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One command at a time changes the stacks of a root; others wait."""
        self.places.root.mkdir(parents=True, exist_ok=True)
        with self.places.lock.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
