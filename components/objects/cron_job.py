"""Jobs of pg_cron: identified by name and our role, read from cron.job.

The functions of schema cron make and alter them, since the table is read-only on Supabase. A job is altered in place,
so its jobid and its history stay. pg_cron cannot rename a job: another name is another job.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from psycopg import sql

from components.database.server_facts import Server
from components.database.transaction import Row
from components.errors import Conflict, PreflightFailed
from components.leaks.command_difference import command_difference
from components.objects.args import Args
from components.objects.object_kind import Difference, ObjectKind, Statements, statement
from components.objects.run_ledger import JOB_DECLARATIONS
from components.objects.stack_mark import stack_of
from components.schedule.grammar import ScheduleError, parse_schedule
from components.schedule.pg_cron_version import known_version
from components.schedule.zone import zone_of
from components.values.limits import NAME_BYTES

CALLABLE = ("get_secret", "sign_cron_request", "begin_cron_run")
"""Functions of the store and the ledger that a job's own SQL may call; the first ``up`` makes them before the job."""

LONG_NAMES_SINCE = (1, 5)
"""Before this version of pg_cron, jobname is of type name, which silently cuts a name at 63 bytes."""

FORESEEN = timedelta(days=12 * 366)
"""How far ahead a preview looks for changes of the clock at a month's end; each date falls on a Sunday within it."""


@dataclass(frozen=True, kw_only=True)
class CronJobArgs(Args):
    """``command`` starts with the stack's mark; ``stack`` is ``project/stack``.

    ``ledger`` is the schema of the run ledger that watches whether the job stays as it is declared. ``verify_in`` is
    the schema of the ledger in which a new or changed job must show a good run. ``declared`` is the job as it is
    written in the catalogue; a preview shows it, and ``command`` is compiled from it.
    """

    name: str
    schedule: str
    command: str
    stack: str
    active: bool = True
    adopt: bool = False
    ledger: str | None = None
    verify_in: str | None = None
    declared: dict[str, Any] | None = None


class LiveJob(NamedTuple):
    """A row of cron.job; ``mine`` is true where it belongs to the connected role."""

    jobid: int
    schedule: str
    command: str
    active: bool
    database: str
    username: str
    mine: bool
    current_database: str


def records_run(command: str) -> bool:
    """Whether a command records its request in the ledger, which then judges the run."""
    return "record_cron_run" in command


class CronJobKind(ObjectKind[CronJobArgs, LiveJob]):
    """How jobs are read, compared and changed."""

    args = CronJobArgs
    identified_by = ("name",)
    reading = "jobs"
    in_schema = False
    in_catalog = False
    ignored_in_diff = frozenset({"adopt", "ledger", "verify_in", "declared"})

    def identity(self, args: CronJobArgs) -> str:
        return args.name

    def title(self, args: CronJobArgs) -> str:
        return f"cron job {args.name!r}"

    def query(self, scope: None, identity: str | None = None) -> sql.Composable:
        name = sql.SQL("IS NOT NULL") if identity is None else sql.SQL("= {}").format(sql.Literal(identity))
        return sql.SQL(
            "SELECT jobid, jobname::text AS name, schedule, command, active, database, username, "
            "username = current_user AS mine, current_database()::text AS current_database "
            "FROM cron.job WHERE jobname {name}"
        ).format(name=name)

    def row_identity(self, row: Row) -> str:
        return str(row["name"])

    def parse(self, rows: Sequence[Row]) -> LiveJob:
        row = max(rows, key=itemgetter("mine", "jobid"))  # ours before another role's of the same name
        return LiveJob(**{key: row[key] for key in LiveJob._fields})

    def preflight(self, args: CronJobArgs, server: Server) -> None:
        extversion = server.extension_version("pg_cron")
        version = known_version(extversion)
        size = len(args.name.encode())
        if size > NAME_BYTES and version is not None and version < LONG_NAMES_SINCE:
            raise PreflightFailed(
                f"{self.title(args)} has a name of {size} bytes, which pg_cron {extversion} would cut at {NAME_BYTES}; "
                "shorten it"
            )
        if server.missing_cron_privileges:
            raise PreflightFailed(
                f"{self.title(args)} cannot be scheduled by {server.role}, which lacks "
                f"{', '.join(server.missing_cron_privileges)}; let the owner of pg_cron grant it"
            )
        try:
            parse_schedule(args.schedule, version, paused=not args.active)
        except ScheduleError as exc:
            raise PreflightFailed(f"{self.title(args)}: {exc}") from exc

    def warnings(self, args: CronJobArgs, server: Server, now: datetime) -> Iterator[str]:
        times, zone = parse_schedule(args.schedule, paused=not args.active).times, zone_of(server.cron_timezone)
        if times is None or zone is None:
            return
        wrong_runs = list(times.last_days_amiss(now, now + FORESEEN, zone))
        phrases = [
            f"{word} {next(time for time, is_run in wrong_runs if is_run is runs).astimezone(zone):%Y-%m-%d %H:%M}"
            for runs, word in ((True, "will also run at"), (False, "will not run at"))
            if any(is_run is runs for _, is_run in wrong_runs)
        ]
        if phrases:
            yield (
                f"{self.title(args)}: pg_cron takes '$' for a day of which it is the 1st in 24 hours, so where the "
                f"clock of {server.cron_timezone} is changed at a month's end it {' and '.join(phrases)}; "
                "at an hour from 2 to 21 it runs on the last day alone"
            )

    def claim(self, args: CronJobArgs, live: LiveJob | None, previous: CronJobArgs | None) -> None:
        """A job's mark stands in its command. Not even ``adopt`` takes a job of another role or another stack."""
        if live is None:
            return
        if live.mine and live.database != live.current_database and previous is None:
            raise Conflict(
                f"{self.title(args)} exists (jobid {live.jobid}) for the database {live.database!r}, and pg_cron has "
                "one of a name for each role; unschedule it there, or choose another name"
            )
        if not live.mine:
            raise Conflict(
                f"{self.title(args)} exists (jobid {live.jobid}) and belongs to the role {live.username!r}; "
                "unschedule it as that role, or connect as it"
            )
        marked = stack_of(live.command, args.name)
        if marked in {args.stack, previous.stack if previous else args.stack} or (args.adopt and marked is None):
            return
        if marked is not None:
            raise Conflict(f"{self.title(args)} exists and belongs to the stack {marked}; remove it there first")
        if previous is None:
            raise Conflict(
                f"{self.title(args)} exists already (jobid {live.jobid}, schedule {live.schedule!r}) and no stack "
                "manages it; to take it over, set adopt: true at the job, or for all: pulumi config set adopt true"
            )

    def differences(self, args: CronJobArgs, live: LiveJob, previous: CronJobArgs | None = None) -> list[Difference]:
        """A command is shown as changed lines without values, since somebody may have pasted a key into it."""
        differences = [
            Difference(name, getattr(args, name), getattr(live, name))
            for name in ("schedule", "active")
            if getattr(args, name) != getattr(live, name)
        ]
        if args.command != live.command:
            lines = command_difference(args.command, live.command)
            differences.append(Difference("command", "the compiled one", "another text", lines))
        if live.database != live.current_database:
            differences.append(Difference("database", live.current_database, live.database))
        return differences

    def plan(self, args: CronJobArgs, live: LiveJob | None, previous: CronJobArgs | None = None) -> Statements:
        """A living job is altered in place; the same transaction writes its declaration into the ledger."""
        if live is None:
            call = _schedule(args)
        elif changes := _changes(args, live):
            call = _alter(live, changes)
        else:
            return []
        return [*_declare(args), *statement(sql.SQL("SELECT {}").format(call))]

    def drop(self, args: CronJobArgs, live: LiveJob) -> Statements:
        self.claim(args, live, args)
        return [*self.forget(args), *statement(sql.SQL("SELECT {}").format(_unschedule(live)))]

    def forget(self, args: CronJobArgs) -> Statements:
        return _in_ledger(args, sql.SQL("DELETE FROM {declarations} AS d WHERE d.job = {job}"))

    def outputs(self, args: CronJobArgs, live: LiveJob, before: LiveJob | None) -> dict[str, Any]:
        return {"jobid": live.jobid, "database": live.database, "username": live.username}

    def live_args(self, args: CronJobArgs, live: LiveJob) -> CronJobArgs:
        return replace(args, schedule=live.schedule, command=live.command, active=live.active)


def _declare(args: CronJobArgs) -> Statements:
    return _in_ledger(
        args,
        sql.SQL(
            "INSERT INTO {declarations} AS d (job, schedule, active, command) "
            "VALUES ({job}, {schedule}, {active}, {digest}) "
            "ON CONFLICT (job) DO UPDATE SET schedule = excluded.schedule, active = excluded.active, "
            "command = excluded.command, since = excluded.since"
        ),
    )


def _in_ledger(args: CronJobArgs, text: sql.SQL) -> Statements:
    """A statement on the ledger's declarations, which does nothing where a destroy has removed their table before."""
    if args.ledger is None:
        return []
    declarations = sql.Identifier(args.ledger, JOB_DECLARATIONS)
    done = text.format(
        declarations=declarations,
        job=sql.Literal(args.name),
        schedule=sql.Literal(args.schedule),
        active=sql.Literal(args.active),
        digest=sql.Literal(hashlib.sha256(args.command.encode()).digest()),
    )
    block = sql.SQL("BEGIN IF to_regclass({}) IS NOT NULL THEN {}; END IF; END").format(
        sql.Literal(declarations.as_string()), done
    )
    return statement(sql.SQL("DO {}").format(sql.Literal(block.as_string())))


def _schedule(args: CronJobArgs) -> sql.Composable:
    schedule = sql.SQL("cron.schedule({}, {}, {})").format(
        *(sql.Literal(text) for text in (args.name, args.schedule, args.command))
    )
    return schedule if args.active else sql.SQL("cron.alter_job({}, active := false)").format(schedule)


def _changes(args: CronJobArgs, live: LiveJob) -> list[sql.Composable]:
    return [
        sql.SQL("{} := {}").format(sql.SQL(name), sql.Literal(value))
        for name, value in (
            ("schedule", args.schedule),
            ("command", args.command),
            ("active", args.active),
            ("database", live.current_database),
        )
        if value != getattr(live, name)
    ]


def _alter(live: LiveJob, changes: list[sql.Composable]) -> sql.Composable:
    return sql.SQL("cron.alter_job({}, {})").format(sql.Literal(live.jobid), sql.SQL(", ").join(changes))


def _unschedule(live: LiveJob) -> sql.Composable:
    return sql.SQL("cron.unschedule({}::bigint)").format(sql.Literal(live.jobid))
