"""Functions as we define them and as the catalog has them; shared by the store, the rotation functions and the ledger.

A definition is a ``.sql`` file with ``{schema}`` places. What lives is compared by body, security, settings,
volatility and privileges, so that a function replaced or opened behind our back is drift.

Each sets its search_path and names pg_temp last: left out, a session's own temporary types and tables would come
before all others (PostgreSQL's documentation, CREATE FUNCTION, "Writing SECURITY DEFINER Functions Safely"). Those that
have a secret's value in a variable also set what would print it, since their callers' settings hold inside: a plan made
for the value at hand has it as a constant, and a session may have plans printed. Theirs are generic.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from psycopg import sql

from components.database.transaction import Row
from components.objects.object_kind import Difference, Statements
from components.objects.stack_mark import OWN_JOBS_PATTERN, RUNS_SWEEP, mark, owner_of
from components.sql import load_sql
from components.values.address import ADDRESS, ANY_SCHEME
from components.values.limits import VALUE_BYTES

PATIENCE = 30
"""Seconds beyond a probe's timeout after which its answer counts as lost: pg_net serves other requests, too."""

_BODY = re.compile(r"\$body\$(?P<body>.*)\$body\$", re.DOTALL)
_SETTING = re.compile(r"^SET (?P<name>\w+) = '?(?P<value>.*?)'?$", re.MULTILINE)


class LiveFunction(NamedTuple):
    """A row of pg_proc; ``privileges`` maps each grantee but the owner to what it may.

    ``kept_out`` are those grantees that cannot enter the schema and so not call it.
    """

    signature: str
    name: str
    schema: str
    owner: str
    mine: bool
    source: str
    security_definer: bool
    volatility: str
    settings: tuple[str, ...]
    returns: str
    comment: str | None
    privileges: Mapping[str, list[str]]
    kept_out: list[str]

    @property
    def stack(self) -> str | None:
        """The stack whose mark the function carries."""
        return owner_of(self.comment)


class Function(NamedTuple):
    """A function of ours: its file's name, its argument types and what the file makes of it."""

    name: str
    argument_types: str
    identity_arguments: str
    returns: str
    volatility: str
    security_definer: bool = True

    @property
    def signature(self) -> str:
        """As pg_get_function_identity_arguments writes it."""
        return f"{self.name}({self.identity_arguments})"

    def reference(self, schema: str) -> sql.Composable:
        """The function as a name in SQL: ``"public"."get_secret"(text)``."""
        return sql.SQL("{}({})").format(sql.Identifier(schema, self.name), sql.SQL(self.argument_types))

    def definition(self, schema: str) -> sql.Composed:
        """CREATE OR REPLACE FUNCTION, from the file."""
        return load_sql(self.name).format(
            schema=sql.Identifier(schema),
            schema_name=sql.Literal(schema),
            max_bytes=sql.Literal(VALUE_BYTES),
            patience=sql.Literal(PATIENCE),
            address=sql.Literal(ADDRESS),
            any_scheme=sql.Literal(ANY_SCHEME),
            own_jobs=sql.Literal(OWN_JOBS_PATTERN),
            runs_sweep=sql.Literal(RUNS_SWEEP),
        )

    def body(self, schema: str) -> str:
        """What pg_proc.prosrc must hold."""
        found = _BODY.search(self.definition(schema).as_string())
        if found is None:
            raise AssertionError(f"{self.name}.sql has no $body$")
        return found["body"]

    @property
    def settings(self) -> tuple[str, ...]:
        """What pg_proc.proconfig must hold: what the file sets, ``name=value``."""
        head, _, _ = load_sql(self.name).as_string().partition("$body$")
        return tuple(f"{name}={value}" for name, value in _SETTING.findall(head))

    def install(self, schema: str, owner: str, live: LiveFunction | None, *, lock: bool = True) -> Statements:
        """Create or replace it, marked and locked. A stranger with other argument names has to go first."""
        text = self.reference(schema).as_string()
        fresh = live is None or live.signature != self.signature or live.returns != self.returns
        parts: list[sql.Composable] = []
        if live is not None and fresh:
            parts.append(sql.SQL("DROP FUNCTION {}").format(self.reference(schema)))
        parts += [
            self.definition(schema),
            sql.SQL("COMMENT ON FUNCTION {} IS {}").format(self.reference(schema), sql.Literal(mark(owner))),
        ]
        if lock or fresh:
            parts.append(load_sql("lock_function").format(function=sql.Literal(text)))
        return [(part, None) for part in parts]

    def differences(self, schema: str, owner: str, live: LiveFunction | None) -> list[Difference]:
        """What of the definition is not as declared; privileges are looked at by those who own them."""
        if live is None:
            return [Difference(f"function {self.name}", "there", "gone")]
        declared = {
            "source": self.body(schema),
            "security_definer": self.security_definer,
            "volatility": self.volatility,
            "settings": self.settings,
            "signature": self.signature,
            "returns": self.returns,
            "stack": owner,
        }
        changed = [name.replace("_", " ") for name, value in declared.items() if getattr(live, name) != value]
        return [Difference(f"function {self.name}", "as defined", f"another {', '.join(changed)}")] if changed else []


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
    Function("sweep_cron_secrets", "", "", "void", "v"),
)
"""The store's own, for the owner alone."""

RETIRED_STORE_FUNCTIONS = ("cron_body_matches(text, text)",)
"""What earlier versions of the store had."""

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
    Function("settle_cron_runs", "", "", "bigint", "v"),
    Function("settle_cron_job_runs", "", "", "void", "v"),
    Function("retry_cron_runs", "", "", "void", "v"),
    Function("watch_cron_jobs", "", "", "void", "v"),
    Function("catch_up_cron_runs", "text[]", "p_jobs text[]", "void", "v"),
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
        "p_alert text, p_owner text, p_policy jsonb",
        "record",
        "v",
    ),
    Function("record_cron_alert", "text, text, bigint", "p_alert text, p_job text, p_run bigint", "bigint", "v"),
    Function("purge_cron_runs", "interval", "p_runs interval", "void", "v"),
    Function("purge_cron_job_runs", "interval", "p_details interval", "void", "v"),
    Function("record_cron_sweep", "text, text", "p_step text, p_failure text", "void", "v"),
    Function("await_cron_answers", "", "", "void", "v"),
    Function(
        "sweep_cron_runs",
        "text[], interval, interval",
        "p_catch_up text[], p_runs interval, p_details interval",
        "void",
        "v",
    ),
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
"""The run ledger's own, for the owner alone."""

RETIRED_LEDGER_FUNCTIONS = ("purge_cron_runs(interval, interval)",)
"""What earlier versions of the ledger had."""

RotationFunctionName = Literal["rotate_cron_secret", "undo_cron_secret", "settle_cron_secret", "cron_secret_use"]
ROTATION_FUNCTIONS: dict[RotationFunctionName, Function] = {
    "rotate_cron_secret": ROTATE,
    "undo_cron_secret": UNDO,
    "settle_cron_secret": SETTLE,
    "cron_secret_use": USE,
}
"""What people who rotate may call, by name."""


def drop_retired(schema: str, signatures: Iterable[str]) -> list[sql.Composed]:
    """Statements that remove functions of earlier versions."""
    place = sql.Identifier(schema)
    return [sql.SQL("DROP FUNCTION IF EXISTS {}.{}").format(place, sql.SQL(signature)) for signature in signatures]


def functions_query(schema: str, names: Iterable[str]) -> sql.Composed:
    """The catalog query for functions by name in a schema."""
    return load_sql("functions").format(schema=sql.Literal(schema), names=sql.Literal(list(names)))


def rotation_query(schema: str, identity: str | None) -> sql.Composed:
    """The catalog query for the rotation functions of a schema, or for the one with an identity."""
    if identity is None:
        return functions_query(schema, ROTATION_FUNCTIONS)
    return functions_query(schema, [identity.removeprefix(f"{schema}.").partition("(")[0]])


def rotation_identity(row: Row) -> str:
    """The identity of the rotation function that a row tells of: ``public.undo_cron_secret(p_key text)``."""
    return f"{row['schema']}.{ROTATION_FUNCTIONS[row['name']].signature}"


def live_functions(rows: Iterable[Row]) -> dict[str, LiveFunction]:
    """The query's rows by function name; an overload with other argument types is not ours and left alone."""
    ours = {function.name: function for function in (*STORE_FUNCTIONS, *LEDGER_FUNCTIONS, *ROTATION_FUNCTIONS.values())}
    found = {}
    for row in rows:
        if row["signature"] is None:  # dropped while we looked: the catalog's functions see the present, not a snapshot
            continue
        live = LiveFunction(**{name: row[name] for name in LiveFunction._fields})
        live = live._replace(settings=tuple(live.settings))
        if _types(live.signature) == _types(ours[live.name].signature):
            found[live.name] = live
    return found


def _types(signature: str) -> list[str]:
    arguments = signature.partition("(")[2].rstrip(")")
    return [argument.split()[-1] for argument in arguments.split(",") if argument.strip()]
