"""What an import reads of a database: the jobs, pg_net's functions, and the functions that stand for secrets.

Queries and what becomes of their rows; the connection is the caller's.
"""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg import sql

from components.database.connection import Database
from components.errors import PreflightFailed, StatementFailed
from components.importing.call import CronRow, KeptRow, Server, Signature
from components.importing.functions import FunctionRow, readers
from components.importing.sql_text import Unparsed, kind, statements
from components.leaks.exposed_key import planted_keys
from components.objects.stack_mark import mark

_PLANNED = {"select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"}

_OF_VALUES = "22"
"""The class of the SQLSTATEs whose sentences quote values."""

_WHO = sql.SQL("""
SELECT current_user AS role, current_database() AS database, j.oid IS NOT NULL AS has_cron,
    coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(j.oid, 'SELECT'), false) AS may_read
FROM (VALUES ('cron', 'job')) AS looked_for (schema, name)
LEFT JOIN pg_namespace AS n ON n.nspname = looked_for.schema
LEFT JOIN pg_class AS j ON j.relnamespace = n.oid AND j.relname = looked_for.name
""")
_JOBS = sql.SQL(
    "SELECT jobid, to_jsonb(j) ->> 'jobname' AS name, schedule, command, database, username AS role, active "
    "FROM cron.job AS j ORDER BY jobid"
)
_PATH_OF_JOBS = sql.SQL(
    "SELECT set_config(name, reset_val, true) FROM pg_catalog.pg_settings WHERE name = 'search_path'"
)
"""Lets what follows in the transaction see names as the role's jobs do."""

_SIGNATURES = sql.SQL("""
SELECT n.nspname AS schema, p.proname AS name, p.proargnames[:p.pronargs] AS parameters,
    coalesce((
        SELECT array_agg(pg_get_function_arg_default(p.oid, place) ORDER BY place)
        FROM generate_series(1, p.pronargs) AS place
    ), '{}') AS defaults,
    pg_function_is_visible(p.oid) AS visible
FROM pg_extension AS e
JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e'
JOIN pg_proc AS p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE e.extname = 'pg_net' AND p.proname IN ('http_get', 'http_post', 'http_delete')
""")
_FUNCTIONS = sql.SQL("""
SELECT n.nspname AS schema, p.proname AS name, p.proargnames[1] AS argument, p.pronargs AS arguments,
    l.lanname AS language, p.prosrc AS source, pg_function_is_visible(p.oid) AS visible
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_language AS l ON l.oid = p.prolang
WHERE p.prokind = 'f' AND NOT p.proretset AND p.prorettype IN ('text'::regtype, 'varchar'::regtype)
    AND (p.pronargs = 0 OR (p.pronargs = 1 AND p.proargtypes[0] IN ('text'::regtype, 'varchar'::regtype)))
    AND l.lanname IN ('sql', 'plpgsql') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND p.prosrc ~* 'secret' AND NOT EXISTS (
        SELECT FROM pg_proc AS other
        WHERE other.pronamespace = p.pronamespace AND other.proname = p.proname AND other.oid <> p.oid)
""")


_HAS_STORE = sql.SQL(
    "SELECT coalesce((SELECT array_agg(attname::text) @> '{{key,value}}' FROM pg_attribute "
    "WHERE attrelid = to_regclass({})::oid AND NOT attisdropped), false) "
    "AND coalesce(obj_description(to_regclass({})::oid, 'pg_class'), '') NOT LIKE {} AS has_rows"
)
_KEPT = sql.SQL(
    "SELECT key::text, value::text ILIKE 'placeholder%' AS is_placeholder, "
    "value::text <> btrim(value::text, E' \\t\\r\\n\"\\'') AS is_padded FROM {}.cron_secrets ORDER BY 1"
)


def read_server(database: Database) -> Server:
    """What a database says of itself. Raises PreflightFailed where it has no jobs to read, or another Error."""
    (who,) = database.read(_WHO)
    if not who["has_cron"]:
        raise PreflightFailed(
            f"the database {who['database']} has no pg_cron, so it has no jobs to import; name the one that has, which "
            "cron.database_name says"
        )
    if not who["may_read"]:
        raise PreflightFailed(
            f"the role {who['role']} may not read cron.job; connect as postgres, or as the role that schedules the jobs"
        )
    _, signatures, functions = database.read_together([_PATH_OF_JOBS, _SIGNATURES, _FUNCTIONS])
    return Server(
        who["role"], who["database"], tuple(map(_signature, signatures)), readers(map(_function_row, functions))
    )


def read_kept(database: Database, schema: str) -> list[KeptRow]:
    """The rows of a table of secrets that no stack manages, without their values; none where there is no such table.

    Raises an Error.
    """
    table = sql.Literal(sql.Identifier(schema, "cron_secrets").as_string())
    try:
        (there,) = database.read(_HAS_STORE.format(table, table, sql.Literal(f"{mark('')}%")))
        rows = database.read(_KEPT.format(sql.Identifier(schema))) if there["has_rows"] else []
    except StatementFailed:  # the role may not look
        return []
    return [KeptRow(**row) for row in rows]


def _signature(row: Mapping[str, Any]) -> Signature:
    named = zip(row["parameters"], row["defaults"], strict=True)
    defaults = {name: default for name, default in named if default is not None}
    return Signature(row["schema"], row["name"], tuple(row["parameters"]), defaults, row["visible"])


def _function_row(row: Mapping[str, Any]) -> FunctionRow:
    argument = (row["argument"] or "") if row["arguments"] else None
    return FunctionRow(row["schema"], row["name"], argument, row["language"], row["source"], row["visible"])


def read_jobs(database: Database, server: Server) -> list[CronRow]:
    """All jobs that the role may see, its own ones judged by the server. Raises an Error."""
    rows = [CronRow(**row) for row in database.read(_JOBS)]
    return [
        row._replace(failure=_failure(database.explain, row.command))
        if (row.role, row.database) == (server.role, server.database)
        else row
        for row in rows
    ]


def _failure(explain: Callable[[str], None], command: str) -> str | None:
    """The server's sentence where it would not plan the one statement of a command, which it does not run."""
    try:
        found = statements(command)
        if len(found) != 1 or kind(found[0]) not in _PLANNED:
            return None
        explain(command)
    except Unparsed:
        return None
    except StatementFailed as exc:
        return _shown(exc)
    return None


def _shown(failed: StatementFailed) -> str:
    """The server's sentence without its detail, and without a value that it quotes of the command."""
    cause = failed.__cause__
    sentence = (cause.diag.message_primary or "") if isinstance(cause, psycopg.Error) else ""
    if (failed.sqlstate or "").startswith(_OF_VALUES):
        sentence = sentence.partition(": ")[0]
    return f"error {failed.sqlstate}" if not sentence or planted_keys(sentence) else sentence
