"""What may be wrong with a living database that no declaration tells: checks as data, each a query and a judgement.

Nothing here writes, and the queries read catalogs that every login may read, apart from cron.job, of which a login
without BYPASSRLS sees its own jobs alone. A planted key is told by job and kind; what matched is never kept or shown.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from psycopg import sql

from components.connection import Database, Row
from components.errors import StatementFailed
from components.function import GET_SECRET, ROTATION_FUNCTIONS, STORE_FUNCTIONS
from components.owner import mark
from components.secret_store import DECLARATIONS, SECRETS, TABLES, VALUES, VAULT_TRIGGER
from components.sql import load_sql

Level = Literal["ok", "note", "problem"]

READING = (GET_SECRET.name, "cron_secret_value")
"""Our functions that return a secret's value."""

SIGNING = ("sign_cron_request",)
"""Our functions that use a secret for the caller without showing it."""

PLATFORM_LOGINS = frozenset(
    {
        "authenticator",
        "postgres",
        "supabase_auth_admin",
        "supabase_etl_admin",
        "supabase_functions_admin",
        "supabase_read_only_user",
        "supabase_replication_admin",
        "supabase_storage_admin",
    }
)
"""Supabase's own roles with LOGIN, which a project can neither alter nor do without (supautils.reserved_roles)."""

VAULT_LOGINS = frozenset({"authenticator", "postgres"})
"""Those of them that Supabase lets into Vault, the one after SET ROLE service_role."""

READING_LOGINS = frozenset({"postgres", "supabase_etl_admin", "supabase_read_only_user"})
"""Those of them that are members of pg_read_all_data, as a rule with BYPASSRLS."""

MANAGED_SCHEMAS = (
    *(
        "_analytics",
        "_realtime",
        "auth",
        "cron",
        "extensions",
        "graphql",
        "graphql_public",
        "information_schema",
        "net",
    ),
    *("pgbouncer", "pgmq", "pgsodium", "pgsodium_masks", "pgtle", "realtime", "repack", "storage"),
    *("supabase_functions", "supabase_migrations", "tiger", "topology", "vault"),
)
"""Schemas that Supabase or extensions look after; the linter leaves them out as well."""

SENSITIVE_COLUMNS = (
    *("access_token", "api_key", "apikey", "auth_key", "bearer_token", "jwt", "passphrase", "password", "private_key"),
    *("refresh_token", "secret", "secret_key", "session_key", "session_token", "token"),
)
"""Column names of keys, as lint 0023 knows them; it has others, for personal data."""

EXTENSIONS = ("pg_cron", "pg_net", "supabase_vault")


class Finding(NamedTuple):
    """One thing that a check has to say."""

    check: str
    level: Level
    object: str
    sentence: str


class Subject(NamedTuple):
    """What the checks look at: the database behind a connection, and in it the schema of the store."""

    schema: str
    role: str
    sees_all_jobs: bool
    has_store: bool
    has_cron: bool
    has_net: bool


Found = Iterable[tuple[Level, str, str]]
Judge = Callable[[Subject, Mapping[str, Sequence[Row]]], Found]


class Check(NamedTuple):
    """``needs`` are queries, components/sql/doctor_<name>.sql; of ``likes`` an answer is used where there is one.

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
    return [finding for check in CHECKS for finding in _findings(check, subject, rows)]


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
    ours = [function.name for function in (*STORE_FUNCTIONS, *ROTATION_FUNCTIONS.values())]
    functions = [*READING, *SIGNING] if name == "readers" else ours
    return load_sql(f"doctor_{name}").format(
        schema=sql.Literal(schema),
        secrets=sql.Literal(SECRETS),
        declarations=sql.Literal(DECLARATIONS),
        tables=sql.Literal(list(TABLES)),
        values=sql.Literal(list(VALUES)),
        vault_trigger=sql.Literal(VAULT_TRIGGER),
        functions=sql.Literal(functions),
        marked=sql.Literal(f"{mark('')}%"),
        sensitive=sql.Literal(list(SENSITIVE_COLUMNS)),
        extensions=sql.Literal(list(EXTENSIONS)),
        managed=sql.Literal(list(MANAGED_SCHEMAS)),
    )


# Who can read a secret


def readers(subject: Subject, rows: Mapping[str, Sequence[Row]]) -> Found:
    """One finding a login, two where it has expected ways beside others."""
    by_login: dict[str, list[Row]] = defaultdict(list)
    for row in rows["readers"]:
        by_login[row["login"]].append(row)
    for login, ways in by_login.items():
        # who is the owner or a superuser needs no other way
        first = next((path for path in ("superuser", "owner") if any(way["path"] == path for way in ways)), None)
        if first is not None:
            yield "note", login, _almighty(first, [way["role"] for way in ways if way["path"] == first], login)
            continue
        unexpected = [way for way in ways if not _is_expected(way)]
        expected = [way for way in ways if _is_expected(way)]
        if unexpected:
            told = ", ".join(_told(unexpected, login))
            yield "problem", login, f"{told}; {_remedy(unexpected, login)}"
        if expected:
            told = ", ".join(_told(expected, login))
            yield "note", login, f"{told}; {_reason(expected)}"


def _almighty(path: str, roles: list[str], login: str) -> str:
    what = {"superuser": "superuser", "owner": "store's owner"}[path]
    if login in roles:
        return f"reads every secret: it is a {what}" if path == "superuser" else f"reads every secret as the {what}"
    return f"reads every secret: it can become {roles[0]}, a {what} (SET ROLE)".replace("a store's", "the store's")


def _is_expected(way: Row) -> bool:
    """Whether the platform itself opens this way, so that no project can close it."""
    login, role, path = way["login"], way["role"], way["path"]
    match path:
        case "vault":
            return login in VAULT_LOGINS and role in {"service_role", login}
        case "select":
            return login in READING_LOGINS and role == login and way["because"] == "BYPASSRLS"
        case "files" | "replication" | "createrole":
            return login in PLATFORM_LOGINS
    return False


def _told(ways: Iterable[Row], login: str) -> Iterator[str]:
    """Each way once, by the shortest chain: as the login itself before any role that it can become."""
    shortest: dict[tuple[str, str], Row] = {}
    for way in sorted(ways, key=lambda way: way["role"] != login):
        shortest.setdefault((way["path"], way["object"]), way)
    for (path, name), way in shortest.items():
        what = {
            "select": f"reads {name} (SELECT, {way['because']})",
            "write": f"writes {name}, whose probes run as the owner ({way['because']})",
            "trigger": f"may put a trigger on {name} (TRIGGER), which runs as whoever changes a row",
            "execute": f"calls {name} (EXECUTE)",
            "vault": f"reads {name} and may decrypt",
            "files": f"reads the server's files ({name})",
            "replication": "copies the whole cluster (REPLICATION)",
            "createrole": "may make itself a member of the owner (CREATEROLE, until PostgreSQL 16)",
        }[path]
        what += " and finds references to Vault there" if path == "select" and way["in_vault"] else ""
        yield what if way["role"] == login else f"{what} after SET ROLE {way['role']}"


def _remedy(ways: Iterable[Row], login: str) -> str:
    ways = list(ways)
    steps = []
    if any(way["path"] in {"select", "write", "trigger", "execute"} for way in ways):
        steps.append("run pulumi up, which takes every privilege on the store away and closes its rows")
    if others := sorted({way["role"] for way in ways if way["role"] != login}):
        steps.append(f"end its membership in {', '.join(others)} (REVOKE)")
    if any(way["because"] == "BYPASSRLS" for way in ways):
        steps.append("take BYPASSRLS or pg_read_all_data from it")
    if any(way["path"] in {"vault", "files", "replication", "createrole"} for way in ways):
        steps.append("take from it what nobody but the platform needs")
    return " or ".join(steps)


def _reason(ways: Iterable[Row]) -> str:
    paths = {way["path"] for way in ways}
    reasons = []
    if "vault" in paths:
        reasons.append("Supabase's own grant on Vault, which service_role's keys share")
    if "select" in paths:
        reasons.append("Supabase's own role; with store: vault it would find references alone")
    return ", and ".join(reasons) or "an attribute of Supabase's own role"


# What a queued request shows

_HEADER_READS = re.compile(
    r"'[\w-]+'\s*,\s*"  # a header's name in jsonb_build_object
    r"(?:'(?:[^']|'')*'\s*\|\|\s*)*"  # 'Bearer ' ||
    r'(?:(?:"(?:[^"]|"")+"|\w+)\s*\.\s*)?get_secret\s*\(',
    re.IGNORECASE,
)
_HEADER_DECRYPTS = re.compile(r"\bnet\s*\.\s*http_\w+\s*\(.*\bdecrypted_secret\b", re.IGNORECASE | re.DOTALL)


def sends_reusable_key(command: str) -> bool:
    """Whether a job puts a secret itself, not a signature, where whoever reads pg_net's queue finds it."""
    return bool(_HEADER_READS.search(command) or _HEADER_DECRYPTS.search(command))


def queue_readers(subject: Subject, rows: Mapping[str, Sequence[Row]]) -> Found:
    """One note that names every login, and one that names the jobs for which it matters."""
    by_tables: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in rows["queue_readers"]:
        by_tables[tuple(row["tables"])].append(row["login"])
    for tables, logins in by_tables.items():
        yield "note", ", ".join(tables), f"read by {', '.join(logins)}: pg_net itself opens them to every login role"
    jobs = [_job(row) for row in rows["jobs"] if sends_reusable_key(row["command"])]
    if by_tables and jobs:
        yield (
            "note",
            ", ".join(jobs),
            "WARNING: puts a reusable key into the headers of a queued request, where those roles find it; let the job "
            "sign instead, auth: {hmac: <key>}",
        )


# The linter


def lints(subject: Subject, rows: Mapping[str, Sequence[Row]]) -> Found:
    """Ours are problems; extensions are Supabase's to place and to update."""
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


def search_paths(subject: Subject, rows: Mapping[str, Sequence[Row]]) -> Found:
    """A function without a search_path takes its callers' one (lint 0011)."""
    for row in rows["search_path"]:
        if row["is_ours"]:
            yield (
                "problem",
                row["object"],
                "is ours and sets no search_path (lint 0011, function_search_path_mutable); run pulumi up, which puts "
                "the declared definition back",
            )
        else:
            yield (
                "note",
                row["object"],
                "is SECURITY DEFINER and sets no search_path (lint 0011), so its callers choose what its names mean; "
                f"ALTER FUNCTION {row['object']} SET search_path = '' and qualify its names",
            )


# Jobs

_DELETE = "DELETE FROM cron.job WHERE jobid = {}"


def dead_roles(subject: Subject, rows: Mapping[str, Sequence[Row]]) -> Found:
    """Jobs whose role is gone, which end the scheduler again and again (reference/pg_cron.md)."""
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


def planted(subject: Subject, rows: Mapping[str, Sequence[Row]]) -> Found:
    """Jobs whose command holds something that looks like a key; told by kind alone."""
    for row in rows["jobs"]:
        if kinds := planted_keys(row["command"]):
            yield (
                "problem",
                _job(row),
                f"its command holds {' and '.join(kinds)}, which everybody reads who reads cron.job, its run details "
                "or the server's log; store it as a secret, read it with get_secret() and rotate it",
            )
    yield from _unseen(subject)


def _job(row: Row) -> str:
    return row["name"] or f"jobid {row['jobid']}"


def _unseen(subject: Subject) -> Found:
    if not subject.sees_all_jobs:
        yield "note", "", f"{subject.role} sees its own jobs alone; ask as a login with BYPASSRLS for those of others"


_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_SECRET_CALL = re.compile(r"get_secret\s*\(\s*'(?:[^']|'')*'\s*\)", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_API_KEY = re.compile(r"\bsb_secret_[\w-]{8,}")
_PROOF = re.compile(r"""['"](?:Bearer|Basic)\s+(?!eyJ|sb_secret_)([\w.~+/=-]{8,})""", re.IGNORECASE)
_SHOUTED = re.compile(r"[A-Z_]+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24,}")
_HEX = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)
_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

WORD_LENGTH = 3.0
"""Letters or digits in a row, on average, from which a text reads as words: random base64 and hex have about 2."""


def planted_keys(command: str) -> tuple[str, ...]:
    """The kinds of keys that a command seems to hold; none of it is returned."""
    text = _SECRET_CALL.sub(" ", _UUID.sub(" ", command))
    kinds = {
        "a JWT (eyJ…)": _JWT,
        "a secret key of Supabase (sb_secret_…)": _API_KEY,
    }
    found = [kind for kind, pattern in kinds.items() if pattern.search(text)]
    if any(not _is_placeholder(each[1]) for each in _PROOF.finditer(text)):
        found.append("a literal token after Bearer or Basic")
    rest = _PROOF.sub(" ", _API_KEY.sub(" ", _JWT.sub(" ", text)))
    if any(_looks_random(token) for token in _TOKEN.findall(rest)):
        found.append("a long random literal")
    return tuple(found)


def _is_placeholder(token: str) -> bool:
    return bool(_SHOUTED.fullmatch(token) or re.match(r"your|placeholder|x{4}", token, re.IGNORECASE))


def _looks_random(token: str) -> bool:
    """Whether letters and digits change more often than in names, however long and numbered these are."""
    if _HEX.fullmatch(token):
        return len(set(token)) > 8
    runs = _RUN.findall(token)
    length = sum(map(len, runs))
    if len(token) - length > len(token) / 10:  # parts joined by - and _, as names have
        return False
    has_both = any(each.isdigit() for each in runs) and not all(each.isdigit() for each in runs)
    return has_both and length / len(runs) < WORD_LENGTH


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
    Check("linter", ("lints", "extensions"), lints, "no object of ours trips a lint of Supabase's database linter"),
    Check("search_path", ("search_path",), search_paths, "every function of ours, and each definer one, sets it"),
    Check("job owners", ("jobs",), dead_roles, "every job's role exists", "has_cron", "pg_cron is not there"),
    Check("planted keys", ("jobs",), planted, "no job's command holds a key", "has_cron", "pg_cron is not there"),
)
"""All checks, in the order in which they are told."""
