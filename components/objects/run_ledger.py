"""The run ledger, which records the result of each request of a job: identified by its schema.

pg_cron's "succeeded" means that a request was queued. The statement that queues a request writes a row of the ledger,
which a sweep judges by the answer. A view shows those rows and the runs of SQL jobs in the same words. As with the
store, one transaction makes, marks and locks the ledger, and the script of its tables is safe to run again.
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
from components.objects.defined_mark import defined_mark, is_defined
from components.objects.functions import drop_irreplaceable, drop_retired, lock_functions
from components.objects.locked_table import comment_on, lock_tables, table_differences
from components.objects.object_kind import Difference, ObjectKind, Statements
from components.objects.our_functions import EARLIER_SWEEP, LEDGER_FUNCTIONS, RETIRED_LEDGER_FUNCTIONS
from components.objects.schema_objects import LiveObjects, live_objects, marked_set, set_query
from components.objects.stack_mark import OWN_JOBS_PATTERN, Claim, mark, marked_line, stack_of
from components.schedule.pg_cron_version import ZONES_SINCE, known_version
from components.sql import load_sql

RUNS = table_names.RUNS
REQUESTS = "cron_run_requests"
LOCKS = "cron_locks"
SWEEPS = "cron_sweeps"
JOB_DECLARATIONS = "cron_job_declarations"
WATCHED = "cron_watched_jobs"
ALERTS = "cron_alerts"
JOB_RUNS = "cron_job_runs"
STANDINGS = "cron_job_standings"
HISTORY = table_names.HISTORY
TABLES = {
    RUNS: (
        *("job", "run", "state", "fired_at", "settled_at", "request", "pid", "runid", "sent_at", "milliseconds"),
        *("status_code", "detail", "response", "source", "attempt", "policy", "retry_at", "earlier", "idempotency"),
        *("due_at", "secrets", "milliseconds_at_most"),
    ),
    REQUESTS: ("request", "run", "rule", "queue"),
    LOCKS: ("name",),
    SWEEPS: ("step", "ended_at", "failed_at", "detail"),
    JOB_DECLARATIONS: ("job", "schedule", "active", "command", "since"),
    WATCHED: ("job", "schedule", "active", "since"),
    ALERTS: ("alert", "job", "condition", "since", "event", "message", "run", "sent", "attempts"),
}
"""The columns that this version of the project needs, by table of the ledger."""

VIEWS = {
    STANDINGS: ("job", "jobid", "schedule", "active", "since", "standing"),
    JOB_RUNS: ("job", "runid", "pid", "state", "fired_at", "settled_at", "milliseconds", "detail"),
    HISTORY: (
        *("job", "run", "runid", "state", "fired_at", "settled_at", "milliseconds", "status_code", "detail"),
        *("response", "source", "attempt", "retry_at", "earlier", "due_at", "secrets", "milliseconds_at_most"),
    ),
}
"""The columns of each view of the ledger; a view may select from those before it."""


NEEDS = 150000
"""server_version_num of the first PostgreSQL with security_invoker, by which a view checks its reader's privileges."""


@dataclass(frozen=True, kw_only=True)
class RunLedgerArgs(Args):
    """``stack`` is ``project/stack``."""

    schema_name: str
    stack: str
    adopt: bool = False


class RunLedgerKind(ObjectKind[RunLedgerArgs, LiveObjects]):
    """How the ledger is read, compared and changed."""

    args = RunLedgerArgs
    identified_by = ("schema_name",)
    reading = "run ledger"
    ignored_in_diff = frozenset({"adopt"})

    def identity(self, args: RunLedgerArgs) -> str:
        return args.schema_name

    def title(self, args: RunLedgerArgs) -> str:
        return f"run ledger in schema {args.schema_name!r}"

    def query(self, scope: str, identity: str | None = None) -> sql.Composable:
        return set_query(scope, [*TABLES, *VIEWS], LEDGER_FUNCTIONS)

    def row_identity(self, row: Row) -> str:
        return str(row["schema"])

    def parse(self, rows: Sequence[Row]) -> LiveObjects | None:
        return live_objects(rows)

    def preflight(self, args: RunLedgerArgs, server: Server) -> None:
        if server.version < NEEDS:
            raise PreflightFailed(
                f"{self.title(args)} needs PostgreSQL {NEEDS // 10000} or newer, and the server is "
                f"{server.version // 10000}; upgrade it"
            )
        version = known_version(server.extension_version("pg_cron"))
        if version is not None and version >= ZONES_SINCE and server.preloaded is None:
            raise PreflightFailed(
                f"{self.title(args)} goes by the server's cron.timezone, which {server.role} may not see; a superuser "
                f"must run: GRANT pg_read_all_settings TO {sql.Identifier(server.role).as_string()}"
            )

    def claim(self, args: RunLedgerArgs, live: LiveObjects | None, previous: RunLedgerArgs | None) -> None:
        """Each table, view and function of the ledger is claimed; a view's name may not be a table's, or vice versa."""
        if live is None:
            return
        live.refuse_strangers(
            args.schema_name, Claim.of(args.stack, previous.stack if previous else None, adopt=args.adopt)
        )
        for table in live.tables.values():
            if table.kind not in ("v" if table.name in VIEWS else "rp"):  # a partitioned one: docs/scale.md
                raise Conflict(
                    f"schema {args.schema_name!r} has a {table.name!r} that is no "
                    f"{'view' if table.name in VIEWS else 'table'}; rename it, or set another schema"
                )

    def differences(
        self, args: RunLedgerArgs, live: LiveObjects, previous: RunLedgerArgs | None = None
    ) -> list[Difference]:
        """Tables and functions with their privileges, and views by the digest of their definition in the comment."""
        set_mark = live.set_mark(_set_comment(args), RUNS)
        differences = [
            difference
            for name, columns in TABLES.items()
            for difference in table_differences(name, columns, args.stack, live.tables.get(name), set_mark)
        ]
        for name, columns in VIEWS.items():
            view = live.tables.get(name)
            differences += table_differences(name, columns, args.stack, view, set_mark)
            if view is not None and stack_of(view.comment) == args.stack and view.comment != _comment(args, name):
                newer = is_defined(view.comment)
                differences.append(Difference(f"view {name}", "as defined", "of another version", newer=newer))
        differences += live.function_differences(LEDGER_FUNCTIONS, args.schema_name, args.stack, set_mark)
        return differences

    def plan(self, args: RunLedgerArgs, live: LiveObjects | None, previous: RunLedgerArgs | None = None) -> Statements:
        """One difference installs the whole ledger again, around its rows; views are dropped and made anew.

        A ledger without the table of sweeps is of an earlier version, and its rows are mended once.
        """
        if live is not None and not self.differences(args, live):
            return []
        schema = sql.Identifier(args.schema_name)
        parts: list[sql.Composable] = [
            load_sql("ledger_tables").format(
                schema=schema, requests=sql.Literal(sql.Identifier(args.schema_name, REQUESTS).as_string())
            ),
            *drop_retired(args.schema_name, RETIRED_LEDGER_FUNCTIONS),
        ]
        parts += [comment_on(args.schema_name, table, mark(args.stack)) for table in TABLES]
        parts.append(comment_on(args.schema_name, RUNS, _set_comment(args)))
        parts += _drop_views(args)
        for view in VIEWS:
            parts += [_definition(args, view), comment_on(args.schema_name, view, _comment(args, view), view=True)]
        parts.append(lock_tables(args.schema_name, [*TABLES, *VIEWS]))
        parts.append(drop_irreplaceable(args.schema_name, LEDGER_FUNCTIONS))
        for function in LEDGER_FUNCTIONS:
            parts += function.make(args.schema_name, args.stack)
        parts.append(lock_functions(args.schema_name, LEDGER_FUNCTIONS))
        parts.append(load_sql("keep_earlier_sweep").format(schema=schema, earlier=sql.Literal(_earlier_sweep(schema))))
        if live is not None and RUNS in live.tables and SWEEPS not in live.tables:
            parts.append(load_sql("mend_cron_runs").format(schema=schema))
        return [(part, None) for part in parts]

    def drop(self, args: RunLedgerArgs, live: LiveObjects) -> Statements:
        self.claim(args, live, args)
        parts: list[sql.Composable] = list(_drop_views(args))
        parts += drop_retired(args.schema_name, [EARLIER_SWEEP, *RETIRED_LEDGER_FUNCTIONS])
        parts += [sql.SQL("DROP FUNCTION IF EXISTS {}").format(f.reference(args.schema_name)) for f in LEDGER_FUNCTIONS]
        parts += [
            sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(args.schema_name, table)) for table in TABLES
        ]
        return [(part, None) for part in parts]

    def outputs(self, args: RunLedgerArgs, live: LiveObjects, before: LiveObjects | None) -> dict[str, Any]:
        return {"differences": [f"{name}: {found}" for name, _, found, *_ in self.differences(args, live)]}


def _definition(args: RunLedgerArgs, view: str) -> sql.Composed:
    return load_sql(view).format(
        schema=sql.Identifier(args.schema_name),
        own_jobs=sql.Literal(OWN_JOBS_PATTERN),
        mark=sql.Literal(marked_line(args.stack)),
        any_mark=sql.Literal(marked_line()),
        runs=sql.Literal(sql.Identifier(args.schema_name, RUNS).as_string()),
    )


def _earlier_sweep(schema: sql.Identifier) -> str:
    return f"{schema.as_string()}.{EARLIER_SWEEP}"


def _comment(args: RunLedgerArgs, view: str) -> str:
    """The mark, and a digest of our definition, since PostgreSQL rewrites the text of a view's query."""
    return defined_mark(args.stack, _definition(args, view).as_string())


def _set_comment(args: RunLedgerArgs) -> str:
    views = [_definition(args, view).as_string() for view in VIEWS]
    return marked_set(args.stack, args.schema_name, TABLES, LEDGER_FUNCTIONS, views)


def _drop_views(args: RunLedgerArgs) -> Iterator[sql.Composed]:
    for view in reversed(VIEWS):
        yield sql.SQL("DROP VIEW IF EXISTS {}").format(sql.Identifier(args.schema_name, view))
