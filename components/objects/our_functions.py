"""All functions of this project, in the order in which they are made, and those of earlier versions."""

from collections.abc import Iterable
from typing import Literal

from psycopg import sql

from components.database.transaction import Row
from components.objects.functions import Function, LiveFunction, functions_query

GET_SECRET = Function("get_secret", "text", "key text", "text", "s")
ROTATE = Function("rotate_cron_secret", "text, text", "p_key text, p_value text", "void", "v")
UNDO = Function("undo_cron_secret", "text", "p_key text", "void", "v")
SETTLE = Function("settle_cron_secret", "text, uuid", "p_key text, p_rotation uuid", "record", "v")
USE = Function("cron_secret_use", "text", "p_key text", "record", "s")

STORE_FUNCTIONS = (
    Function("cron_secret_value", "text", "stored text", "text", "s"),
    GET_SECRET,
    Function("cron_secret_audit_row", "", "", "trigger", "v"),
    Function("cron_secret_counter", "", "", "trigger", "v"),
    Function("cron_secret_versions", "text[]", "p_keys text[]", "jsonb", "s"),
    Function("cron_jwt_expiry", "text", "p_token text", "timestamp with time zone", "i", security_definer=False),
    Function("cron_secret_expiries", "", "", "record", "s"),
    Function("cron_secret_to_vault", "", "", "trigger", "v"),
    Function("stage_cron_secret", "text", "p_key text", "uuid", "v"),
    Function("cron_secret_under_test", "text, text", "p_key text, p_made_up text", "text", "s"),
    Function("guard_cron_address", "text, text", "p_key text, p_value text", "void", "s"),
    Function("guard_cron_queue", "", "", "boolean", "v"),
    Function("cron_secret_pattern", "", "", "text", "v"),
    Function(
        "mask_cron_secrets",
        "text, text, integer",
        "p_text text, p_pattern text, p_length integer",
        "text",
        "i",
        security_definer=False,
    ),
    Function("cron_ascii_text", "text", "p_text text", "text", "i", security_definer=False),
    Function("cron_body_problem", "text, text", "p_body text, p_predicate text", "text", "i", security_definer=False),
    Function(
        "judge_cron_answer",
        "integer, jsonb, text, boolean, text, jsonb",
        "p_status integer, p_headers jsonb, p_content text, p_timed_out boolean, p_error text, p_rule jsonb",
        "record",
        "i",
        security_definer=False,
    ),
    Function(
        "cron_probe_verdict",
        "jsonb, bigint, bigint, timestamptz",
        "p_probe jsonb, p_request bigint, p_control bigint, p_sent_at timestamp with time zone",
        "text",
        "v",
    ),
    Function("cron_hmac_sha256", "bytea, bytea", "p_key bytea, p_message bytea", "bytea", "i", security_definer=False),
    Function(
        "cron_request_signature",
        "text, text, text, bigint, text, bytea",
        "p_secret text, p_method text, p_target text, p_timestamp bigint, p_id text, p_body bytea",
        "text",
        "i",
        security_definer=False,
    ),
    Function(
        "sign_cron_request_with",
        "text[], text, text, jsonb",
        "p_secrets text[], p_method text, p_url text, p_body jsonb",
        "text",
        "v",
        security_definer=False,
    ),
    Function(
        "sign_cron_request",
        "text, text, text, jsonb",
        "p_key text, p_method text, p_url text, p_body jsonb",
        "text",
        "v",
    ),
    Function("sweep_cron_secrets", "", "", "text", "v"),
)
"""The functions of the store that only its owner may call."""

RETIRED_STORE_FUNCTIONS = ("cron_body_matches(text, text)",)
"""Signatures of functions that earlier versions of the store had."""

LEDGER_FUNCTIONS = (
    Function("record_cron_run", "text, bigint, jsonb", "p_job text, p_request bigint, p_rule jsonb", "bigint", "v"),
    Function(
        "record_cron_run_request",
        "bigint, bigint, jsonb",
        "p_run bigint, p_request bigint, p_rule jsonb",
        "bigint",
        "v",
    ),
    Function("cron_run_in_flight", "text, bigint", "p_job text, p_but bigint", "bigint", "s"),
    Function(
        "cron_day_is_within",
        "date, text, text",
        "p_day date, p_from text, p_to text",
        "boolean",
        "i",
        security_definer=False,
    ),
    Function("cron_zone", "", "", "text", "s", security_definer=False),
    Function(
        "cron_wall_time",
        "timestamptz, text",
        "p_at timestamp with time zone, p_zone text",
        "timestamp without time zone",
        "s",
        security_definer=False,
    ),
    Function("begin_cron_run", "text, jsonb", "p_job text, p_policy jsonb", "record", "v"),
    Function("schedule_cron_retries", "bigint", "p_from bigint", "void", "v"),
    Function("cron_runs_unseen_from", "", "", "bigint", "s"),
    Function("settle_cron_runs", "", "", "bigint", "v"),
    Function("settle_cron_job_runs", "", "", "void", "v"),
    Function("retry_cron_runs", "boolean", "p_composed boolean", "void", "v"),
    Function("cron_jobs_have_changed", "", "", "boolean", "s"),
    Function("watch_cron_jobs", "", "", "boolean", "v"),
    Function("catch_up_cron_runs", "text[]", "p_jobs text[]", "boolean", "v"),
    Function(
        "cron_job_is_silent",
        "text, timestamptz, timestamptz",
        "p_schedule text, p_since timestamp with time zone, p_fired_at timestamp with time zone",
        "boolean",
        "s",
    ),
    Function(
        "take_cron_alerts",
        "text, text, jsonb",
        "p_alert text, p_stack text, p_policy jsonb",
        "record",
        "v",
    ),
    Function("record_cron_alert", "text, text, bigint", "p_alert text, p_job text, p_run bigint", "bigint", "v"),
    Function("purge_cron_runs", "interval", "p_runs interval", "void", "v"),
    Function("purge_cron_job_runs", "interval", "p_details interval", "void", "v"),
    Function("record_cron_sweep", "text, text", "p_step text, p_failure text", "void", "v"),
    Function("await_cron_answers", "", "", "void", "v"),
    Function(
        "cron_sweep_work",
        "boolean, interval, interval",
        "p_watch boolean, p_runs interval, p_details interval",
        "text[]",
        "v",
    ),
    Function(
        "sweep_cron_runs",
        "boolean, interval, interval",
        "p_watch boolean, p_runs interval, p_details interval",
        "void",
        "v",
    ),
    Function("sweep_cron_catch_up", "text[]", "p_jobs text[]", "void", "v"),
    Function(
        "cron_schedule_field",
        "text, integer, integer, text[]",
        "p_field text, p_low integer, p_high integer, p_names text[]",
        "integer[]",
        "i",
        security_definer=False,
    ),
    Function(
        "cron_last_due",
        "text, timestamptz, timestamptz, text",
        "p_schedule text, p_after timestamp with time zone, p_until timestamp with time zone, p_zone text",
        "timestamp with time zone",
        "s",
        security_definer=False,
    ),
    Function(
        "cron_last_due_within",
        "text, timestamptz, timestamptz, text, text",
        "p_schedule text, p_after timestamp with time zone, p_until timestamp with time zone, p_from text, p_to text",
        "timestamp with time zone",
        "s",
        security_definer=False,
    ),
)
"""The functions of the run ledger, which only its owner may call."""

RETIRED_LEDGER_FUNCTIONS = (
    "purge_cron_runs(interval, interval)",
    "retry_cron_runs()",
    "cron_sweep_has_work(text, text[], interval, interval)",
)
"""Signatures of functions that earlier versions of the ledger had."""

EARLIER_SWEEP = "sweep_cron_runs(text[], interval, interval)"
"""The signature that the sweep's command called up to the version with the job cron-catch-up-<schema>.

The ledger is installed before that job is altered, and for good where a probe is refused in between, so the function
stays where it is there (sql/ledger/keep_earlier_sweep.sql). The version after that one retires it.
"""

RotationFunctionName = Literal["rotate_cron_secret", "undo_cron_secret", "settle_cron_secret", "cron_secret_use"]
ROTATION_FUNCTIONS: dict[RotationFunctionName, Function] = {
    "rotate_cron_secret": ROTATE,
    "undo_cron_secret": UNDO,
    "settle_cron_secret": SETTLE,
    "cron_secret_use": USE,
}
"""The functions that people who rotate may call, by name."""


ROTATION_READING = "rotation functions"
"""The name of the reading that RotationFunctionKind and GrantsKind share."""


def rotation_query(schema: str, identity: str | None) -> sql.Composed:
    """The catalog query for the rotation functions of a schema, or for the one with an identity."""
    if identity is None:
        return functions_query(schema, ROTATION_FUNCTIONS)
    return functions_query(schema, [identity.removeprefix(f"{schema}.").partition("(")[0]])


def rotation_identity(row: Row) -> str:
    """The identity of a row of :func:`rotation_query`: ``public.undo_cron_secret(p_key text)``."""
    return f"{row['schema']}.{ROTATION_FUNCTIONS[row['name']].signature}"


def live_rotation_function(rows: Iterable[Row]) -> LiveFunction | None:
    """The rotation function among the rows of one identity, or None where they are overloads alone."""
    return next(iter(live_functions(rows).values()), None)


def live_functions(rows: Iterable[Row]) -> dict[str, LiveFunction]:
    """The rows of :func:`functions_query` by function name, without overloads, which have other argument types."""
    ours = {function.name: function for function in (*STORE_FUNCTIONS, *LEDGER_FUNCTIONS, *ROTATION_FUNCTIONS.values())}
    live_by_name = {}
    for row in rows:
        if row["signature"] is None:  # dropped meanwhile: the catalog's functions see the present, not our snapshot
            continue
        live = LiveFunction(**{name: row[name] for name in LiveFunction._fields})
        live = live._replace(settings=tuple(live.settings))
        if _types(live.signature) == _types(ours[live.name].signature):
            live_by_name[live.name] = live
    return live_by_name


def _types(signature: str) -> list[str]:
    arguments = signature.partition("(")[2].rstrip(")")
    return [argument.split()[-1] for argument in arguments.split(",") if argument.strip()]
