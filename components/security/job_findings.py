"""Judges jobs and pg_net's tables, from the rows of sql/doctor/. Pure."""

from collections import defaultdict

from psycopg import sql

from components.database.transaction import Row
from components.leaks.exposed_key import planted_in_command, sends_reusable_key
from components.security.doctor_finding import Judgement, RowsByQuery, Subject

_DELETE = "DELETE FROM cron.job WHERE jobid = {}"


def queue_readers(subject: Subject, rows: RowsByQuery) -> Judgement:
    """Note the logins that read pg_net's tables, and the jobs whose requests hold a reusable key."""
    by_tables: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in rows["queue_readers"]:
        by_tables[tuple(row["tables"])].append(row["login"])
    for tables, logins in by_tables.items():
        yield (
            "note",
            ", ".join(tables),
            f"read by {', '.join(logins)}: pg_net itself opens them to every login role, also to write, so that such a "
            "role can forge an answer: what the history or a probe says is as good as your trust in these logins",
        )
    jobs = [_job(row) for row in rows["jobs"] if sends_reusable_key(row["command"])]
    if by_tables and jobs:
        yield (
            "note",
            ", ".join(jobs),
            "puts a reusable key into the headers of a queued request, where those roles find it; let the job "
            "sign instead, auth: {hmac: <key>}",
        )


def queue_triggers(subject: Subject, rows: RowsByQuery) -> Judgement:
    """Report triggers on pg_net's tables: a trigger runs with the rights of whoever writes there."""
    for row in rows["queue_triggers"]:
        drop = (
            sql.SQL("DROP TRIGGER {} ON {}").format(sql.Identifier(row["trigger"]), sql.SQL(row["table"])).as_string()
        )
        yield (
            "problem",
            row["table"],
            f"has the trigger {row['trigger']} of {row['owner']}, which runs as who sends or answers; "
            f"a superuser must run: {drop}; then rotate every secret",
        )


def dead_roles(subject: Subject, rows: RowsByQuery) -> Judgement:
    """Report jobs whose role is gone: such a job ends pg_cron's scheduler again and again."""
    for row in rows["jobs"]:
        if not row["role_exists"]:
            role = sql.Identifier(row["username"]).as_string()
            yield (
                "problem",
                _job(row),
                f"belongs to the role {role}, which no longer exists, so pg_cron's scheduler stops and no job of "
                f"anyone runs; a superuser must run: {_DELETE.format(row['jobid'])}; without one, CREATE ROLE {role} "
                "lets the scheduler go on, and as that role (GRANT, SET ROLE) "
                f"SELECT cron.unschedule({row['jobid']}) removes it",
            )
    yield from _unseen(subject)


def planted(subject: Subject, rows: RowsByQuery) -> Judgement:
    """Report jobs whose command holds something that looks like a key, by the kind of key alone."""
    for row in rows["jobs"]:
        if kinds := planted_in_command(row["command"]):
            yield (
                "problem",
                _job(row),
                f"its command holds {' and '.join(kinds)}, which everybody reads who reads cron.job, its run details "
                "or the server's log; store it as a secret, read it with get_secret() and rotate it",
            )
    yield from _unseen(subject)


def _job(row: Row) -> str:
    return row["name"] or f"jobid {row['jobid']}"


def _unseen(subject: Subject) -> Judgement:
    if not subject.sees_all_jobs:
        yield "note", "", f"{subject.role} sees its own jobs alone; ask as a login with BYPASSRLS for those of others"
