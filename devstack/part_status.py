"""Whether the parts of a stack serve, and where: the server, the worker and the receiver."""

from dataclasses import dataclass
from typing import Literal

import psycopg

from devstack import pg_net
from devstack.binaries import Binaries
from devstack.cluster import socket_conninfo
from devstack.functions import PREFIX
from devstack.places import Places
from devstack.ports import LOOPBACK, answers
from devstack.processes import holder
from devstack.settings import Settings

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


def part_statuses(settings: Settings, places: Places, server: int | None) -> list[PartStatus]:
    """Every part's state, found out anew; ``server`` is the pid of the cluster's server, if it runs."""
    return [_server_status(settings, server), _worker_status(settings, places), _receiver_status(settings, places)]


def _server_status(settings: Settings, pid: int | None) -> PartStatus:
    state: Literal["running", "stopped"] = "running" if pid and answers(settings.postgres_port) else "stopped"
    return PartStatus("postgres", state, pid, settings.postgres_port)


def _worker_status(settings: Settings, places: Places) -> PartStatus:
    if pg_net.STAND_IN.is_real(Binaries(settings.bindir)):
        return PartStatus("worker", "built in")
    pid = holder(places.pid_file("worker"))
    return PartStatus("worker", "running" if pid and worker_is_connected(settings) else "stopped", pid)


def _receiver_status(settings: Settings, places: Places) -> PartStatus:
    pid = holder(places.pid_file("receiver"))
    state: Literal["running", "stopped"] = "running" if pid and answers(settings.receiver_port) else "stopped"
    url = f"http://{LOOPBACK}:{settings.receiver_port}{PREFIX}"
    return PartStatus("receiver", state, pid, settings.receiver_port, url)


def worker_is_connected(settings: Settings) -> bool:
    """Whether the worker has its session."""
    query = "SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE application_name = %s)"
    try:
        with psycopg.connect(socket_conninfo(settings)) as connection:
            row = connection.execute(query, (pg_net.APPLICATION_NAME,)).fetchone()
            return bool(row and row[0])
    except psycopg.OperationalError:
        return False
