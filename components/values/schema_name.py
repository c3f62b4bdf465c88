"""Which names a schema of the project may have. Pure."""

import re

_TAKEN = {"information_schema", "cron", "net", "vault"} | {
    "auth",
    "extensions",
    "graphql",
    "graphql_public",
    "pgbouncer",
    "pgsodium",
    "pgsodium_masks",
    "realtime",
    "storage",
    "supabase_functions",
    "supabase_migrations",
}
"""Schemas of pg_cron, pg_net and Vault, and those that Supabase keeps for itself."""

_SCHEMA = re.compile(r"[^\W\d][\w-]*")


def schema_name(value: str) -> str:
    """Refuse schemas that are PostgreSQL's or the platform's, and names that statements could take for more."""
    if value.startswith("pg_") or value in _TAKEN:
        raise ValueError(f"{value!r} is a schema of PostgreSQL's or of the platform's own; choose another")
    if not _SCHEMA.fullmatch(value):
        raise ValueError(f"{value!r} is no name for a schema here; write letters, digits, '_' and '-'")
    return value
