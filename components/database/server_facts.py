"""Facts of the connected server, which every preflight needs; one reading serves an engine run."""

from collections.abc import Iterable
from typing import NamedTuple, get_args

from psycopg import sql

from components.database.transaction import Row
from components.sql import load_sql
from components.values.choices import ExtensionName


class ExtensionFacts(NamedTuple):
    """One extension: its installed version, the version that CREATE EXTENSION would install, and who may create it."""

    name: str
    installed_version: str | None
    default_version: str | None
    needs_superuser: bool


class Server(NamedTuple):
    """The server, the role of the connection, and its privileges on pg_cron and Vault.

    ``version`` is server_version_num. ``preloaded``, ``cron_database`` and ``cron_timezone`` are None where the role
    may not read the server's settings (that takes pg_read_all_settings, which Supabase's postgres has through
    pg_monitor); pg_cron has no ``cron_timezone`` before 1.5.
    """

    version: int
    role: str
    is_superuser: bool
    database: str
    preloaded: tuple[str, ...] | None
    cron_database: str | None
    unfit_settings: tuple[str, ...]
    roles: frozenset[str]
    missing_cron_privileges: tuple[str, ...]
    missing_vault_privileges: tuple[str, ...]
    extensions: dict[str, ExtensionFacts]
    cron_timezone: str | None = None

    @property
    def unfit(self) -> str | None:
        """A sentence that says why this role can neither deploy nor run any job, or None."""
        if "default_transaction_read_only" in self.unfit_settings:
            return (
                f"every transaction of {self.role} is read-only (default_transaction_read_only is on), so nothing can "
                "be deployed and no job can run; reset it (Supabase sets it where the disk is full: make room first)"
            )
        if "standard_conforming_strings" in self.unfit_settings:
            return (
                f"{self.role} has standard_conforming_strings off, so jobs would read a backslash otherwise; run: "
                f"ALTER ROLE {self.role} RESET standard_conforming_strings"
            )
        return None

    def extension_version(self, name: str) -> str | None:
        """The installed version or, without one, the version that would be installed; None where there is neither."""
        facts = self.extensions.get(name)
        return (facts.installed_version or facts.default_version) if facts else None


SERVER_QUERY = load_sql("server").format(extensions=sql.Literal(list(get_args(ExtensionName))))
"""The query for the row of :func:`parse_server`; it reads the system catalogs alone."""


def parse_server(rows: Iterable[Row]) -> Server:
    """The one row of SERVER_QUERY as a Server."""
    (row,) = rows
    preloaded = row["preloaded"]
    return Server(
        version=row["version"],
        role=row["role"],
        is_superuser=row["is_superuser"],
        database=row["database"],
        preloaded=None if preloaded is None else tuple(name.strip() for name in preloaded.split(",") if name.strip()),
        cron_database=row["cron_database"],
        unfit_settings=tuple(row["unfit_settings"]),
        roles=frozenset(row["roles"]),
        missing_cron_privileges=tuple(row["missing_cron_privileges"]),
        missing_vault_privileges=tuple(row["missing_vault_privileges"]),
        extensions={facts["name"]: ExtensionFacts(**facts) for facts in row["extensions"]},
        cron_timezone=row["cron_timezone"],
    )
