"""The secret store, tables with get_secret() and the functions of rotations: identified by its schema.

The catalog is read for definitions, row security, policies and privileges. One transaction makes, marks and locks the
store, so it is never open to others. The script of its tables is safe to run again. An upgrade to another version of
this project runs it again, and so does a move of the values to Vault or back: the rows stay, and get_secret() answers
throughout.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from components.database.server_facts import Server
from components.database.transaction import Row
from components.errors import Conflict, PreflightFailed
from components.objects import table_names
from components.objects.args import Args
from components.objects.defined_mark import SetMark
from components.objects.functions import drop_irreplaceable, drop_retired, lock_functions
from components.objects.locked_table import LiveTable, comment_on, lock_tables, table_differences
from components.objects.object_kind import Difference, ObjectKind, Statements
from components.objects.our_functions import RETIRED_STORE_FUNCTIONS, STORE_FUNCTIONS
from components.objects.schema_objects import LiveObjects, live_objects, marked_set, set_query
from components.objects.stack_mark import Claim, mark
from components.sql import load_sql
from components.values.choices import StoreKind

SECRETS = table_names.SECRETS
DECLARATIONS = "cron_secret_declarations"
STAGES = "cron_secret_stages"
PROBES = "cron_secret_probes"
AUDIT = "cron_secret_audit"
TABLES = {
    SECRETS: ("key", "value", "description", "updated_at", "rotation", "version"),
    DECLARATIONS: ("key", "owner", "description", "format", "min_bytes", "grace", "probe", "hosts"),
    STAGES: ("key", "stage", "value", "rotation", "expires_at", "version"),
    PROBES: ("rotation", "request", "control", "sent_at", "queue"),
    AUDIT: ("id", "key", "action", "session_role", "active_role", "application", "at", "rotation", "detail", "version"),
}
"""The columns that this version of the project needs, by table of the store."""

AUDIT_TRIGGER = "cron_secret_audit"
COUNTER_TRIGGER = "cron_secret_counter"  # runs before Vault's by its name, since it must see the value itself
VAULT_TRIGGER = "cron_secret_to_vault"
VALUES = (SECRETS, STAGES)
"""The tables that hold values."""


def triggers_of(table: str, store: StoreKind) -> list[str]:
    """The names of a table's triggers, sorted."""
    always = [AUDIT_TRIGGER, COUNTER_TRIGGER] if table == SECRETS else []
    vault = [VAULT_TRIGGER] if store == "vault" and table in VALUES else []
    return always + vault


@dataclass(frozen=True, kw_only=True)
class SecretStoreArgs(Args):
    """``destroy_foreign_secrets`` lets a destroy delete keys that no stack declares; ``stack`` is ``project/stack``."""

    schema_name: str
    stack: str
    store: StoreKind = "table"
    adopt: bool = False
    destroy_foreign_secrets: bool = False


class SecretStoreKind(ObjectKind[SecretStoreArgs, LiveObjects]):
    """How the store is read, compared and changed."""

    args = SecretStoreArgs
    identified_by = ("schema_name",)
    reading = "secret store"
    ignored_in_diff = frozenset({"adopt", "destroy_foreign_secrets"})

    def identity(self, args: SecretStoreArgs) -> str:
        return args.schema_name

    def title(self, args: SecretStoreArgs) -> str:
        return f"secret store in schema {args.schema_name!r}"

    def query(self, scope: str, identity: str | None = None) -> sql.Composable:
        return set_query(scope, TABLES, STORE_FUNCTIONS)

    def row_identity(self, row: Row) -> str:
        return str(row["schema"])

    def parse(self, rows: Sequence[Row]) -> LiveObjects | None:
        return live_objects(rows)

    def preflight(self, args: SecretStoreArgs, server: Server) -> None:
        if args.store == "vault" and server.missing_vault_privileges:
            raise PreflightFailed(
                f"{self.title(args)} cannot keep its values in Vault: {server.role} lacks "
                f"{', '.join(server.missing_vault_privileges)}; let the owner of supabase_vault grant it"
            )

    def claim(self, args: SecretStoreArgs, live: LiveObjects | None, previous: SecretStoreArgs | None) -> None:
        """Each table and function of the store is claimed; a view in a table's place is refused."""
        if live is None:
            return
        live.refuse_strangers(
            args.schema_name, Claim.of(args.stack, previous.stack if previous else None, adopt=args.adopt)
        )
        if any(table.kind != "r" for table in live.tables.values()):
            raise Conflict(
                f"schema {args.schema_name!r} has a view where the store's tables belong; set another schema"
            )

    def differences(
        self, args: SecretStoreArgs, live: LiveObjects, previous: SecretStoreArgs | None = None
    ) -> list[Difference]:
        """Tables and functions with their privileges, and the triggers, which decide where the values are kept."""
        set_mark = live.set_mark(_set_comment(args), SECRETS)
        differences = [d for name in TABLES for d in _table_differences(name, args, live.tables.get(name), set_mark)]
        differences += live.function_differences(STORE_FUNCTIONS, args.schema_name, args.stack, set_mark)
        return differences

    def plan(
        self, args: SecretStoreArgs, live: LiveObjects | None, previous: SecretStoreArgs | None = None
    ) -> Statements:
        """One difference installs the whole store again, around its rows, and moves the values to where they belong."""
        if live is not None and not self.differences(args, live):
            return []
        schema = sql.Identifier(args.schema_name)
        parts: list[sql.Composable] = [
            # not IF NOT EXISTS: that asks for CREATE on the database even where the schema is there
            sql.SQL("DO $do$ BEGIN IF to_regnamespace({name}) IS NULL THEN EXECUTE {create}; END IF; END $do$").format(
                name=sql.Literal(schema.as_string()),
                create=sql.Literal(sql.SQL("CREATE SCHEMA {}").format(schema).as_string()),
            ),
            load_sql("secret_tables").format(
                schema=schema,
                schema_text=sql.Literal(schema.as_string()),
                secrets=sql.Literal(sql.Identifier(args.schema_name, SECRETS).as_string()),
                audit=sql.Literal(sql.Identifier(args.schema_name, AUDIT).as_string()),
            ),
        ]
        parts += [comment_on(args.schema_name, table, mark(args.stack)) for table in TABLES]
        parts.append(comment_on(args.schema_name, SECRETS, _set_comment(args)))
        parts.append(lock_tables(args.schema_name, TABLES))
        parts += drop_retired(args.schema_name, RETIRED_STORE_FUNCTIONS)
        parts += [_drop_trigger(schema, table, trigger) for table, trigger in _TRIGGERS]
        parts.append(drop_irreplaceable(args.schema_name, STORE_FUNCTIONS))
        for function in STORE_FUNCTIONS:
            parts += function.make(args.schema_name, args.stack)
        parts.append(lock_functions(args.schema_name, STORE_FUNCTIONS))
        parts += _attach(schema, args.store)
        return [(part, None) for part in parts]

    def drop(self, args: SecretStoreArgs, live: LiveObjects) -> Statements:
        self.claim(args, live, args)
        schema = sql.Identifier(args.schema_name)
        parts: list[sql.Composable] = []
        if SECRETS in live.tables and not args.destroy_foreign_secrets:
            parts.append(load_sql("secret_store_is_empty").format(table=sql.Identifier(args.schema_name, SECRETS)))
        parts += [  # a trigger deletes the values in Vault with the rows
            sql.SQL("DELETE FROM {} WHERE true").format(sql.Identifier(args.schema_name, table))
            for table in VALUES
            if table in live.tables and VAULT_TRIGGER in live.tables[table].triggers
        ]
        parts += [
            sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(args.schema_name, table)) for table in TABLES
        ]
        parts += drop_retired(args.schema_name, RETIRED_STORE_FUNCTIONS)
        parts += [sql.SQL("DROP FUNCTION IF EXISTS {}").format(f.reference(args.schema_name)) for f in STORE_FUNCTIONS]
        if args.schema_name != "public":
            parts.append(load_sql("drop_empty_schema").format(schema=schema, name=sql.Literal(args.schema_name)))
        return [(part, None) for part in parts]

    def invalidates_others(self, before: LiveObjects | None) -> bool:
        return before is not None  # secrets of an older store were read by the older query

    def outputs(self, args: SecretStoreArgs, live: LiveObjects, before: LiveObjects | None) -> dict[str, Any]:
        return {"differences": [f"{name}: {found}" for name, _, found, *_ in self.differences(args, live)]}


_TRIGGERS = [(table, trigger) for table in VALUES for trigger in triggers_of(table, "vault")]


def _drop_trigger(schema: sql.Identifier, table: str, trigger: str) -> sql.Composed:
    return sql.SQL("DROP TRIGGER IF EXISTS {} ON {}.{}").format(sql.Identifier(trigger), schema, sql.Identifier(table))


def _attach(schema: sql.Identifier, store: StoreKind) -> Iterator[sql.Composed]:
    """Statements that make the triggers and move the values to Vault or back; a job reads them in either place."""
    places = {"schema": schema, "secrets": sql.Identifier(SECRETS)}
    yield sql.SQL(
        "CREATE TRIGGER cron_secret_audit AFTER INSERT OR UPDATE OR DELETE ON {schema}.{secrets} "
        "FOR EACH ROW EXECUTE FUNCTION {schema}.cron_secret_audit_row()"
    ).format(**places)
    yield sql.SQL(
        "CREATE TRIGGER cron_secret_counter BEFORE INSERT OR UPDATE OF value ON {schema}.{secrets} "
        "FOR EACH ROW EXECUTE FUNCTION {schema}.cron_secret_counter()"
    ).format(**places)
    for table in VALUES:
        places["table"] = sql.Identifier(table)
        if store == "vault":
            yield sql.SQL(
                "CREATE TRIGGER cron_secret_to_vault BEFORE INSERT OR UPDATE OF value OR DELETE ON {schema}.{table} "
                "FOR EACH ROW EXECUTE FUNCTION {schema}.cron_secret_to_vault()"
            ).format(**places)
            yield sql.SQL("UPDATE {schema}.{table} SET value = value WHERE value !~ '^vault:[0-9a-f-]{{36}}$'").format(
                **places
            )
        else:
            yield load_sql("secrets_from_vault").format(**places)


def _set_comment(args: SecretStoreArgs) -> str:
    return marked_set(args.stack, args.schema_name, TABLES, STORE_FUNCTIONS)


def _table_differences(name: str, args: SecretStoreArgs, live: LiveTable | None, set_mark: SetMark) -> list[Difference]:
    differences = table_differences(name, TABLES[name], args.stack, live, set_mark)
    if live is not None:
        ours = [trigger for table, trigger in _TRIGGERS if table == name and trigger in live.triggers]
        if ours != triggers_of(name, args.store):
            differences.append(Difference(f"triggers of {name}", triggers_of(name, args.store), ours))
    return differences
