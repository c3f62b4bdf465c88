"""What may be wrong with a living database that no declaration tells: checks as data, each a query and a judgement.

Nothing here writes, and the queries read catalogs that every login may read, apart from cron.job, of which a login
without BYPASSRLS sees its own jobs alone. What the checks judge by stands in secret_readers.py, linter.py,
job_findings.py and clock_findings.py.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from psycopg import sql

from components.database.connection import Database
from components.database.transaction import Row
from components.errors import StatementFailed
from components.objects import run_ledger, secret_store
from components.objects.our_functions import LEDGER_FUNCTIONS, ROTATION_FUNCTIONS, STORE_FUNCTIONS
from components.objects.secret_store import DECLARATIONS, SECRETS, VALUES, VAULT_TRIGGER
from components.objects.stack_mark import mark
from components.runs.health import all_problems, health
from components.runs.history import job_status
from components.runs.ledger_reading import NoLedger, RowsHidden
from components.security.clock_findings import clock
from components.security.doctor_finding import Answers, Finding, Found, Subject
from components.security.job_findings import dead_roles, planted, queue_readers, queue_triggers
from components.security.linter import EXTENSIONS, MANAGED_SCHEMAS, SENSITIVE_COLUMNS, creators, lints, search_paths
from components.security.secret_readers import READING, SIGNING, readers
from components.sql import load_sql

Judge = Callable[[Subject, Answers], Found]


class Check(NamedTuple):
    """``needs`` are queries, sql/doctor/doctor_<name>.sql; of ``likes`` an answer is used where there is one.

    ``when`` says what must be there to ask at all.
    """

    name: str
    needs: tuple[str, ...]
    judge: Judge
    well: str
    when: Literal["has_store", "has_cron", "has_net"] | None = None
    otherwise: str = ""
    likes: tuple[str, ...] = ()


def examine(database: Database, schema: str) -> list[Finding]:
    """Run every check on the store in ``schema`` and what surrounds it; each has at least one finding.

    Raises ConnectionFailed. What a login may not read becomes a note.
    """
    (situation,) = database.read(_query("situation", schema))
    subject = Subject(schema=schema, **situation)
    rows: dict[str, Sequence[Row] | StatementFailed] = {}
    for name in dict.fromkeys(name for check in CHECKS if _applies(check, subject) for name in check.needs):
        try:
            rows[name] = database.read(_query(name, schema))
        except StatementFailed as exc:
            rows[name] = exc
    judged = [finding for check in CHECKS for finding in _findings(check, subject, rows)]
    return [*judged, *_living(database, schema)]


def _living(database: Database, schema: str) -> Iterator[Finding]:
    """What status says of what fires, sends and judges, and of jobs that are not as they were declared."""
    try:
        found = all_problems(health(database, schema), job_status(database, schema))
    except NoLedger:
        yield Finding("alive", "note", "", f"there is no run ledger in schema {schema!r}")
        return
    except (RowsHidden, StatementFailed) as exc:
        yield Finding("alive", "note", "", f"cannot be told: {exc}")
        return
    told = [Finding("alive", "problem", "", problem) for problem in found]
    yield from told or [Finding("alive", "ok", "", "scheduler, sweeps and worker are alive, and the jobs as declared")]


def _applies(check: Check, subject: Subject) -> bool:
    return check.when is None or bool(getattr(subject, check.when))


def _findings(check: Check, subject: Subject, rows: Mapping[str, Sequence[Row] | StatementFailed]) -> Iterator[Finding]:
    if not _applies(check, subject):
        yield Finding(check.name, "note", "", check.otherwise.format(**subject._asdict()))
        return
    known = {}
    for name in check.needs:
        answer = rows[name]
        if isinstance(answer, StatementFailed):
            yield Finding(check.name, "note", "", f"cannot be told as {subject.role}: {answer}")
            return
        known[name] = answer
    for name in check.likes:
        answer = rows.get(name, ())
        known[name] = () if isinstance(answer, StatementFailed) else answer
    found = [Finding(check.name, *each) for each in check.judge(subject, known)]
    yield from found or [Finding(check.name, "ok", "", check.well)]


def _query(name: str, schema: str) -> sql.Composed:
    """A check's query; each file takes what it names of these."""
    ours = [function.name for function in (*STORE_FUNCTIONS, *LEDGER_FUNCTIONS, *ROTATION_FUNCTIONS.values())]
    functions = [*READING, *SIGNING] if name == "readers" else ours
    relations = [*secret_store.TABLES, *run_ledger.TABLES, *run_ledger.VIEWS]
    tables = list(secret_store.TABLES) if name == "readers" else relations
    return load_sql(f"doctor_{name}").format(
        schema=sql.Literal(schema),
        secrets=sql.Literal(SECRETS),
        declarations=sql.Literal(DECLARATIONS),
        tables=sql.Literal(tables),
        values=sql.Literal(list(VALUES)),
        vault_trigger=sql.Literal(VAULT_TRIGGER),
        functions=sql.Literal(functions),
        marked=sql.Literal(f"{mark('')}%"),
        sensitive=sql.Literal(list(SENSITIVE_COLUMNS)),
        extensions=sql.Literal(list(EXTENSIONS)),
        managed=sql.Literal(list(MANAGED_SCHEMAS)),
    )


CHECKS = (
    Check(
        "readers",
        ("readers",),
        readers,
        "no role with LOGIN can read a secret",
        "has_store",
        "there is no secret store in schema {schema!r}",
    ),
    Check(
        "request queue",
        ("queue_readers",),
        queue_readers,
        "no role with LOGIN but superusers reads queued requests",
        "has_net",
        "pg_net is not there",
        likes=("jobs",),
    ),
    Check(
        "queue triggers",
        ("queue_triggers",),
        queue_triggers,
        "nobody attached anything to pg_net's tables",
        "has_net",
        "pg_net is not there",
    ),
    Check("linter", ("lints", "extensions"), lints, "no object of ours trips a lint of Supabase's database linter"),
    Check(
        "search_path", ("search_path",), search_paths, "ours and each definer function set one that no caller can turn"
    ),
    Check("path schemas", ("creators",), creators, "no other login may create what a job would find first"),
    Check("job owners", ("jobs",), dead_roles, "every job's role exists", "has_cron", "pg_cron is not there"),
    Check(
        "clock",
        ("clock", "jobs"),
        clock,
        "schedules are read by a clock that is known",
        "has_cron",
        "pg_cron is not there",
    ),
    Check("planted keys", ("jobs",), planted, "no job's command holds a key", "has_cron", "pg_cron is not there"),
)
"""All checks, in the order in which they are told."""
