"""Examines a living database for faults that no declaration shows. A check is data: its queries and its judge.

Nothing here writes. The queries read catalogs that every login may read, and cron.job, where a login without BYPASSRLS
sees only its own jobs. The judges are in secret_readers.py, linter.py, job_findings.py and clock_findings.py.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from psycopg import sql

from components.database.connection import Database
from components.database.transaction import Row
from components.errors import StatementFailed
from components.objects import run_ledger, secret_store
from components.objects.our_functions import LEDGER_FUNCTIONS, ROTATION_FUNCTIONS, STORE_FUNCTIONS
from components.objects.secret_store import DECLARATIONS, SECRETS, VALUES, VAULT_TRIGGER
from components.objects.stack_mark import mark
from components.runs.health import all_problems, health_and_jobs, health_and_jobs_script
from components.runs.ledger_reading import NoLedger, RowsHidden
from components.security.clock_findings import clock
from components.security.doctor_finding import Finding, Judgement, RowsByQuery, Subject
from components.security.job_findings import dead_roles, planted, queue_readers, queue_triggers
from components.security.linter import EXTENSIONS, MANAGED_SCHEMAS, SENSITIVE_COLUMNS, creators, lints, search_paths
from components.security.secret_readers import READING, SIGNING, readers
from components.sql import load_sql

Judge = Callable[[Subject, RowsByQuery], Judgement]

RowsOrError = Sequence[Row] | StatementFailed
"""A query's rows, or the error with which the server refused it."""


class Check(NamedTuple):
    """A check: ``judge`` turns the rows of its queries into findings; without any, the finding is ``well``.

    ``needs`` and ``likes`` name queries, sql/doctor/doctor_<name>.sql. A refused query of ``needs`` makes the check a
    note; one of ``likes`` counts as no rows. Where the subject lacks ``when``, the finding is ``otherwise``.
    """

    name: str
    needs: tuple[str, ...]
    judge: Judge
    well: str
    when: Literal["has_store", "has_cron", "has_net"] | None = None
    otherwise: str = ""
    likes: tuple[str, ...] = ()


def examine(database: Database, schema: str) -> list[Finding]:
    """Run every check on the store in ``schema``, its surroundings and its jobs; return one finding or more for each.

    It takes two round trips. What the login may not read becomes a note. Raises ConnectionFailed, or StatementFailed
    where the server refuses even the first query.
    """
    with database.reading_ahead(*first_scripts(schema)):
        return [*examine_catalogs(database, schema), *_examine_health(database, schema)]


def first_scripts(schema: str) -> tuple[Sequence[sql.Composable], ...]:
    """Return what examine sends at first, for who reads more together with it (Database.reading_ahead)."""
    return [subject_query(schema)], health_and_jobs_script(schema)


def examine_catalogs(database: Database, schema: str) -> list[Finding]:
    """Run all checks of examine but that of scheduler, sweeps, worker and jobs, in two round trips."""
    subject = _read_subject(database, schema)
    answers = _answers(database, _queries(subject))
    return [finding for check in CHECKS for finding in _findings(check, subject, answers)]


def subject_query(schema: str) -> sql.Composed:
    """Return the first query of examine and examine_catalogs."""
    return _query("situation", schema)


def catalogs_script(database: Database, schema: str) -> list[sql.Composable]:
    """Return all that examine_catalogs sends, which depends on the answer to subject_query. Raises its errors."""
    return [subject_query(schema), *_queries(_read_subject(database, schema)).values()]


def _read_subject(database: Database, schema: str) -> Subject:
    (situation,) = database.read(subject_query(schema))
    return Subject(schema=schema, **situation)


def _queries(subject: Subject) -> dict[str, sql.Composable]:
    names = dict.fromkeys(name for check in CHECKS if _applies(check, subject) for name in check.needs)
    return {name: _query(name, subject.schema) for name in names}


def health_findings(problems: Iterable[str]) -> list[Finding]:
    """Return a finding for each problem of scheduler, sweeps, worker and jobs, or one that there is none."""
    return [Finding("alive", "problem", "", problem) for problem in problems] or [
        Finding("alive", "ok", "", "scheduler, sweeps and worker are alive, and the jobs as declared")
    ]


def _examine_health(database: Database, schema: str) -> list[Finding]:
    try:
        return health_findings(all_problems(*health_and_jobs(database, schema)))
    except NoLedger:
        return [Finding("alive", "note", "", f"there is no run ledger in schema {schema!r}")]
    except (RowsHidden, StatementFailed) as exc:
        return [Finding("alive", "note", "", f"cannot be told: {exc}")]


def _answers(database: Database, queries: Mapping[str, sql.Composable]) -> dict[str, RowsOrError]:
    """Read all queries in one round trip. One refused query fails all, so then each is read on its own."""
    try:
        return dict(zip(queries, database.read_together([*queries.values()]), strict=True))
    except StatementFailed:
        return {name: _answer(database, query) for name, query in queries.items()}


def _answer(database: Database, query: sql.Composable) -> RowsOrError:
    try:
        return database.read(query)
    except StatementFailed as exc:
        return exc


def _applies(check: Check, subject: Subject) -> bool:
    return check.when is None or bool(getattr(subject, check.when))


def _findings(check: Check, subject: Subject, answers: Mapping[str, RowsOrError]) -> Iterator[Finding]:
    if not _applies(check, subject):
        yield Finding(check.name, "note", "", check.otherwise.format(**subject._asdict()))
        return
    rows = {}
    for name in check.needs:
        answer = answers[name]
        if isinstance(answer, StatementFailed):
            yield Finding(check.name, "note", "", f"cannot be told as {subject.role}: {answer}")
            return
        rows[name] = answer
    for name in check.likes:
        answer = answers.get(name, ())
        rows[name] = () if isinstance(answer, StatementFailed) else answer
    findings = [Finding(check.name, *parts) for parts in check.judge(subject, rows)]
    yield from findings or [Finding(check.name, "ok", "", check.well)]


def _query(name: str, schema: str) -> sql.Composed:
    """Return the query sql/doctor/doctor_<name>.sql with the placeholders that it names."""
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
"""All checks, in the order of their findings."""
