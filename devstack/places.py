"""Where a stack's things lie: names, folders and the one place that the server's user can reach."""

import hashlib
import os
import pwd
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from devstack.errors import InvalidArgument, PackagesMissing

PROJECT = Path(__file__).resolve().parent.parent

REACHABLE = Path("/var/lib/postgresql/supabase-cron")
"""Where data goes that the server's user could not reach inside the project; Debian's package makes the parent."""

SOCKET_PATH_LIMIT = 104
"""Bytes that a socket's path must stay below: sockaddr_un holds 108 on Linux and 104 elsewhere."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def default_root() -> Path:
    """The folder that holds all stacks: ``DEVSTACK_HOME``, else ``.devstack`` in the project."""
    home = os.environ.get("DEVSTACK_HOME")
    return Path(home) if home else PROJECT / ".devstack"


def server_user() -> str | None:
    """The system user the server runs as: ``postgres`` if we are root, else None for ourselves.

    PostgreSQL refuses to run as root.

    Raises:
        PackagesMissing: we are root and the user does not exist.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise PackagesMissing(
            "the system user postgres does not exist; `python -m devstack packages` installs PostgreSQL with it"
        ) from None


@dataclass(frozen=True)
class Places:
    """The paths of one stack, known from its root and name alone.

    Raises:
        InvalidArgument: the name is not lower-case letters, digits, - and _, or longer than 32.
    """

    root: Path
    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidArgument(
                f"{self.name!r} cannot name a stack; use up to 32 lower-case letters, digits, - and _, such as dev"
            )
        object.__setattr__(self, "root", self.root.absolute())

    @property
    def folder(self) -> Path:
        return self.root / self.name

    @property
    def lock(self) -> Path:
        return self.root / ".lock"

    @property
    def settings(self) -> Path:
        return self.folder / "settings.json"

    @property
    def functions(self) -> Path:
        return self.folder / "functions.json"

    @property
    def requests(self) -> Path:
        return self.folder / "requests.jsonl"

    @property
    def server_here(self) -> Path:
        """The server's own folder, of its user, or a symlink to :attr:`server_elsewhere`."""
        return self.folder / "postgres"

    @property
    def server_elsewhere(self) -> Path:
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return REACHABLE / f"{digest}-{self.name}"

    @property
    def server(self) -> Path:
        """The server's folder as it is: elsewhere too when the link to it was removed with the stack's folder."""
        gone = not self.server_here.exists() and self.server_elsewhere.exists()
        return self.server_elsewhere if gone else self.server_here

    @property
    def data(self) -> Path:
        return self.server / "data"

    @property
    def server_log(self) -> Path:
        return self.server / "postgres.log"

    def pid_file(self, part: str) -> Path:
        return self.folder / f"{part}.pid"

    def log(self, part: str) -> Path:
        return self.folder / f"{part}.log"


def may_enter(folder: Path, user: str | None) -> bool:
    """Whether ``user`` (None: ourselves) can traverse ``folder`` and all above it; the kernel knows best."""
    return (
        subprocess.run(
            ["test", "-x", str(folder)],
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd="/",
            check=False,
        ).returncode
        == 0
    )


def fits_socket(folder: Path) -> bool:
    """Whether a server's socket in ``folder`` has a path that the kernel accepts."""
    return len(os.fsencode(folder / ".s.PGSQL.65535")) < SOCKET_PATH_LIMIT
