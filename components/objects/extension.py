"""Extensions: identified by name, read from pg_extension.

An installed extension is adopted. It is dropped only where this stack has created it and says ``drop``, and never with
CASCADE: DROP EXTENSION pg_cron removes all jobs and their history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from psycopg import sql

from components.database.server_facts import Server
from components.database.transaction import Row
from components.errors import PreflightFailed
from components.objects.args import Args
from components.objects.object_kind import Difference, ObjectKind, Statements, statement

PRELOADED = frozenset({"pg_cron", "pg_net"})
"""The extensions that work only where their library is in shared_preload_libraries."""

SYSTEM_SCHEMA = "pg_catalog"
"""A schema that is always there; PostgreSQL refuses even CREATE SCHEMA IF NOT EXISTS for its reserved name."""


@dataclass(frozen=True, kw_only=True)
class ExtensionArgs(Args):
    """Without ``version`` the server's default is installed, without ``schema_name`` in the extension's own schema."""

    name: str
    version: str | None = None
    schema_name: str | None = None
    drop: bool = False


class LiveExtension(NamedTuple):
    """A row of pg_extension."""

    version: str
    schema: str


class ExtensionKind(ObjectKind[ExtensionArgs, LiveExtension]):
    """How extensions are read, compared and changed."""

    args = ExtensionArgs
    identified_by = ("name",)
    reading = "extensions"
    in_schema = False
    ignored_in_diff = frozenset({"drop", "schema_name"})

    def identity(self, args: ExtensionArgs) -> str:
        return args.name

    def title(self, args: ExtensionArgs) -> str:
        return f"extension {args.name!r}"

    def query(self, scope: None, identity: str | None = None) -> sql.Composable:
        query = sql.SQL(
            "SELECT e.extname::text AS name, e.extversion AS version, n.nspname::text AS schema "
            "FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace"
        )
        if identity is None:
            return query
        return query + sql.SQL(" WHERE e.extname = {}").format(sql.Literal(identity))

    def row_identity(self, row: Row) -> str:
        return str(row["name"])

    def parse(self, rows: Sequence[Row]) -> LiveExtension:
        (row,) = rows
        return LiveExtension(row["version"], row["schema"])

    def preflight(self, args: ExtensionArgs, server: Server) -> None:
        facts = server.extensions.get(args.name)
        if facts is None:
            raise PreflightFailed(
                f"extension {args.name!r} is not available on the server; install its package there "
                f"(on Debian: postgresql-{server.version // 10000}-{args.name.removeprefix('pg_')})"
            )
        if args.name == "pg_cron":
            _pg_cron_can_run(server)
        if facts.installed_version is not None:
            return
        if args.name in PRELOADED and server.preloaded is not None and args.name not in server.preloaded:
            raise PreflightFailed(_not_preloaded(args.name))
        if facts.needs_superuser and not server.is_superuser and not _has_supautils(server):
            raise PreflightFailed(
                f"extension {args.name!r} can be created by a superuser alone, and {server.role} is none; "
                f"let one run: CREATE EXTENSION {args.name}"
            )

    def differences(
        self, args: ExtensionArgs, live: LiveExtension, previous: ExtensionArgs | None = None
    ) -> list[Difference]:
        """The version alone, and only a declared one: an installed extension stays in its schema."""
        if args.version is None or args.version == live.version:
            return []
        return [Difference("version", args.version, live.version)]

    def plan(
        self, args: ExtensionArgs, live: LiveExtension | None, previous: ExtensionArgs | None = None
    ) -> Statements:
        """An extension that is not installed is created with its schema, an installed one updated."""
        name, version = sql.Identifier(args.name), sql.Literal(args.version)
        if live is None:
            parts = [sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(name)]
            schema: Statements = []
            if args.schema_name is not None:
                if args.schema_name != SYSTEM_SCHEMA:
                    create = sql.SQL("CREATE SCHEMA IF NOT EXISTS {}")
                    schema = statement(create.format(sql.Identifier(args.schema_name)))
                parts.append(sql.SQL("SCHEMA {}").format(sql.Identifier(args.schema_name)))
            if args.version is not None:
                parts.append(sql.SQL("VERSION {}").format(version))
            return schema + statement(sql.SQL(" ").join(parts))
        if self.differences(args, live):
            return statement(sql.SQL("ALTER EXTENSION {} UPDATE TO {}").format(name, version))
        return []

    def retained_on_delete(self, args: ExtensionArgs, outputs: Mapping[str, Any]) -> bool:
        return not (args.drop and outputs.get("created"))

    def drop(self, args: ExtensionArgs, live: LiveExtension) -> Statements:
        return statement(sql.SQL("DROP EXTENSION {}").format(sql.Identifier(args.name)))

    def invalidates_others(self, before: LiveExtension | None) -> bool:
        return True  # the facts of the server have changed, too

    def outputs(self, args: ExtensionArgs, live: LiveExtension, before: LiveExtension | None) -> dict[str, Any]:
        return {"installed_version": live.version, "installed_schema": live.schema, "created": before is None}

    def live_args(self, args: ExtensionArgs, live: LiveExtension) -> ExtensionArgs:
        return args if args.version is None else replace(args, version=live.version)


def _pg_cron_can_run(server: Server) -> None:
    if server.preloaded is not None and "pg_cron" not in server.preloaded:
        raise PreflightFailed(_not_preloaded("pg_cron"))
    if server.cron_database is not None and server.cron_database != server.database:
        raise PreflightFailed(
            f"extension 'pg_cron' serves the database {server.cron_database!r}, but the connection is to "
            f"{server.database!r}; connect to {server.cron_database!r}, or change cron.database_name and restart"
        )


def _not_preloaded(name: str) -> str:
    return f"extension {name!r} is not preloaded; add it to shared_preload_libraries and restart the server"


def _has_supautils(server: Server) -> bool:
    """Whether Supabase's supautils may be there, which runs CREATE EXTENSION as a superuser for others."""
    return server.preloaded is None or "supautils" in server.preloaded
