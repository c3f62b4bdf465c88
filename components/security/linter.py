"""Applies rules of Supabase's database linter and related ones to the rows of sql/doctor/. Pure.

The linter itself runs in Supabase's dashboard. Here are the rules that objects of this project can trip.
"""

from components.security.doctor_finding import Judgement, RowsByQuery, Subject
from components.security.secret_readers import PLATFORM_LOGINS

MANAGED_SCHEMAS = (
    *("_analytics", "_realtime", "auth", "cron", "extensions", "graphql", "graphql_public", "information_schema"),
    *("net", "pgbouncer", "pgmq", "pgsodium", "pgsodium_masks", "pgtle", "realtime", "repack", "storage"),
    *("supabase_functions", "supabase_migrations", "tiger", "topology", "vault"),
)
"""Schemas that Supabase or extensions manage; the linter leaves them out as well."""

SENSITIVE_COLUMNS = (
    *("access_token", "api_key", "apikey", "auth_key", "bearer_token", "jwt", "passphrase", "password", "private_key"),
    *("refresh_token", "secret", "secret_key", "session_key", "session_token", "token"),
)
"""Column names of keys in lint 0023, which has others for personal data."""

EXTENSIONS = ("pg_cron", "pg_net", "supabase_vault")
"""The extensions that a stack may need."""


def lints(subject: Subject, rows: RowsByQuery) -> Judgement:
    """Report the project's objects as problems and extensions as notes, since Supabase manages extensions."""
    for row in rows["lints"]:
        yield (
            "problem",
            row["object"],
            f"trips lint {row['lint']} ({row['title']}) of Supabase's database linter; pulumi up puts it right, unless "
            "the object is none that this version of the project makes",
        )
    for row in rows["extensions"]:
        yield (
            "note",
            row["object"],
            f"trips lint {row['lint']} ({row['title']}) of Supabase's database linter; Supabase installs and updates "
            "its extensions itself",
        )


def creators(subject: Subject, rows: RowsByQuery) -> Judgement:
    """Report logins that may create functions on the jobs' search_path (PostgreSQL's documentation, 5.10.6)."""
    for row in rows["creators"]:
        yield (
            "note" if PLATFORM_LOGINS.issuperset(row["logins"]) else "problem",
            f"schema {row['schema']}",
            f"is on the search_path with which jobs of {subject.role} run, and {', '.join(row['logins'])} may create "
            "functions there, which a job may call instead of those that it means, with all rights of its owner; "
            f'REVOKE CREATE ON SCHEMA "{row["schema"]}" FROM PUBLIC, and from who has it by name',
        )


SAFE_PATH = "pg_catalog, pg_temp"
"""A search_path that no caller can exploit: PostgreSQL's own names first, a session's temporary names last."""


def search_paths(subject: Subject, rows: RowsByQuery) -> Judgement:
    """Report functions that use their caller's search_path (lint 0011), or one in which pg_temp is not the last.

    Supabase's linter accepts any search_path. But PostgreSQL searches pg_temp first, for types and tables, where the
    path leaves it out, as '' does.
    """
    for row in rows["search_path"]:
        lacks = (
            "sets no search_path (lint 0011, function_search_path_mutable)"
            if row["path"] is None
            else f"has the search_path {row['path']}, in which pg_temp is not the last"
        )
        if row["is_ours"]:
            yield (
                "problem",
                row["object"],
                f"is ours and {lacks}; run pulumi up, which puts the declared definition back",
            )
        else:
            yield (
                "note",
                row["object"],
                f"is SECURITY DEFINER and {lacks}, so its callers choose what its names mean, and can have code of "
                f"theirs run as {row['owner']}; qualify its names and ALTER FUNCTION {row['object']} SET search_path = "
                f"{SAFE_PATH}",
            )
