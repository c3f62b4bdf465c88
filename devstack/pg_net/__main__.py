"""``python -m devstack.pg_net FOLDER``: the worker of the stack in this folder, as a daemon of the dev stack."""

import sys
from pathlib import Path

from devstack.cluster import socket_conninfo
from devstack.daemon import run_daemon
from devstack.pg_net import APPLICATION_NAME
from devstack.pg_net.worker import run
from devstack.places import Places
from devstack.settings import read_settings


def main(folder: Path) -> None:
    """Runs the worker until it is told to stop."""
    places = Places(folder.parent, folder.name)
    settings = read_settings(places.settings)
    if settings is None:
        sys.exit(f"{folder} holds no stack; make one with `python -m devstack up`")

    def conninfo() -> str:
        """Read anew, since the server's port may change in the worker's lifetime."""
        return socket_conninfo(read_settings(places.settings) or settings, APPLICATION_NAME)

    run_daemon(places.pid_file("worker"), run(conninfo))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
