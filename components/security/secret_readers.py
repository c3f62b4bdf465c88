"""Judges who can read a secret's value, from the rows of sql/doctor/. Pure.

A way that Supabase opens and no project can close is a note. Every other way is a problem.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from components.database.transaction import Row
from components.objects.our_functions import GET_SECRET
from components.security.doctor_finding import Judgement, RowsByQuery, Subject

READING = (GET_SECRET.name, "cron_secret_value", "cron_secret_under_test", "cron_secret_pattern")
"""Our functions that return secrets' values."""

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
"""Logins of PLATFORM_LOGINS that Supabase lets into Vault, authenticator after SET ROLE service_role."""

READING_LOGINS = frozenset({"postgres", "supabase_etl_admin", "supabase_read_only_user"})
"""Logins of PLATFORM_LOGINS that are members of pg_read_all_data, as a rule with BYPASSRLS."""


def readers(subject: Subject, rows: RowsByQuery) -> Judgement:
    """Yield a finding for each login, two for one that has expected ways and others."""
    by_login: dict[str, list[Row]] = defaultdict(list)
    for row in rows["readers"]:
        by_login[row["login"]].append(row)
    for login, ways in by_login.items():
        # the owner or a superuser needs no other way
        first = next((path for path in ("superuser", "owner") if any(way["path"] == path for way in ways)), None)
        if first is not None:
            yield "note", login, _almighty(first, [way["role"] for way in ways if way["path"] == first], login)
            continue
        unexpected = [way for way in ways if not _is_expected(way)]
        expected = [way for way in ways if _is_expected(way)]
        if unexpected:
            sentence = ", ".join(_ways_as_sentences(unexpected, login))
            yield "problem", login, f"{sentence}; {_remedy(unexpected, login)}"
        if expected:
            sentence = ", ".join(_ways_as_sentences(expected, login))
            yield "note", login, f"{sentence}; {_reason(expected)}"


def _almighty(path: str, roles: list[str], login: str) -> str:
    what = {"superuser": "superuser", "owner": "store's owner"}[path]
    if login in roles:
        return f"reads every secret: it is a {what}" if path == "superuser" else f"reads every secret as the {what}"
    return f"reads every secret: it can become {roles[0]}, a {what} (SET ROLE)".replace("a store's", "the store's")


def _is_expected(way: Row) -> bool:
    """Whether Supabase itself opens this way, so that no project can close it."""
    login, role, path = way["login"], way["role"], way["path"]
    match path:
        case "vault":
            return login in VAULT_LOGINS and role in {"service_role", login}
        case "select":
            return login in READING_LOGINS and role == login and way["because"] == "BYPASSRLS"
        case "files" | "replication" | "createrole":
            return login in PLATFORM_LOGINS
    return False


def _ways_as_sentences(ways: Iterable[Row], login: str) -> Iterator[str]:
    """Yield each way once, preferably that of the login itself, not of a role that it can become."""
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
