"""Planted values through the whole life of a stack, with everything that can log told to log: they are found nowhere.

The server logs every statement with its parameters, pg_stat_statements keeps what it saw, the engine and its plugins
write their most verbose logs. What is searched: all output, all files of the project and the engine (state, its history
and backups, logs, pickled providers), the server's log, and what the database shows to others.
"""

import base64
import gzip
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import psycopg
import pytest

from devstack import Stack

VERBOSE = ("-v=9", "--logtostderr", "--logflow")

RUNS = (("status",), ("failures",), ("history", "--json", "--limit", "1000"))

PROPERTY_ON_THE_WIRE = re.compile(r'"msg":"(?:Unm|M)arshaling property for RPC\[')
"""What the engine itself (3.260) logs in clear from -v=9 on: each property that it passes on, of any program's secrets
and configuration (docs/security.md). Everything else of its log is searched."""

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("stacks"), "planted")
    try:
        made.up()
        with psycopg.connect(made.superuser_conninfo, autocommit=True) as connection:
            for setting in ("log_statement = 'all'", "log_min_duration_statement = 0", "log_min_messages = 'debug1'"):
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")
        yield made
    finally:
        made.clean()


@pytest.fixture
def conninfo(stack: Stack) -> str:
    return stack.conninfo


@pytest.fixture
def planted(stack: Stack) -> dict[str, str]:
    """Unique values, one of each format; the url has to lead to the receiver."""
    token = secrets.token_hex(8)
    claims = {"role": "service_role", "exp": 4102444800, "planted": token}
    return {
        "supabase_url": stack.receiver_url.removesuffix("/functions/v1"),
        "service_role_key": jwt.encode(claims, "k" * 32),
        "cron_secret": f"planted-cron-{token}-{'x' * 32}",
        "edge_function_url": f"https://planted-{token}.supabase.co/functions/v1",
        "scheduler_secret_token": f"planted-scheduler-{token}",
    }


PROBE = """\
    probe:
      url: "{supabase_url}/functions/v1/probe"
      auth: {bearer: cron_secret}
"""


def test_no_value_is_found_anywhere(project: Any, stack: Stack, planted: Mapping[str, str]) -> None:
    good, bad, by_hand = (f"planted-{kind}-{secrets.token_hex(8)}-{'y' * 32}" for kind in ("good", "bad", "by-hand"))
    told: list[str] = []

    def pulumi(*arguments: str, code: int = 0) -> str:
        result = project.pulumi(*arguments, *VERBOSE)
        told.append("\n".join(line for line in result.output.splitlines() if not PROPERTY_ON_THE_WIRE.search(line)))
        assert result.code == code, result.output[-3000:]
        return str(result.output)

    def rotate(value: str, code: int = 0) -> str:
        result = project.run("cronctl", "rotate", "cron_secret", "--stack", "test", typed=value)
        told.append(result.output)
        assert result.code == code, result.output
        return str(result.output)

    def accept(value: str) -> None:
        stack.set_function("probe", require={"authorization": f"Bearer {value}"})

    tmp = project.folder.parent / "tmp"  # where the engine puts its logs
    tmp.mkdir()
    project.environment["TMPDIR"] = str(tmp)
    description = "    description: What run-escalation-orchestration expects as its bearer; generate it yourself\n"
    project.edit("jobs.yaml", description, description + PROBE)
    signed = '      url: "{supabase_url}/functions/v1/run-escalation-orchestration"\n'
    project.edit("jobs.yaml", signed, signed + "      auth: {hmac: cron_secret}\n")
    project.edit("jobs.yaml", "        Authorization: Bearer {cron_secret}\n", "")

    accept(planted["cron_secret"])
    pulumi("preview")
    pulumi("up", "--yes")
    accept(good)
    project.configure("--secret", "--path", "secrets.cron_secret", bad)
    assert "its probe was answered with status 401" in pulumi("up", "--yes", code=1)
    project.configure("--secret", "--path", "secrets.cron_secret", good)
    pulumi("up", "--yes")
    assert "its probe was answered with status 401" in rotate(by_hand, code=1)
    accept(by_hand)
    rotate(by_hand)
    stack.set_function("generate-t5-invoices", require={}, status=500, body={"you sent": planted["service_role_key"]})
    run_every_job(stack.superuser_conninfo)
    assert "value is 'another, set by postgres at" in pulumi("preview")
    pulumi("refresh", "--yes", "--diff")
    told.append(project.run("cronctl", "verify", "--stack", "test").output)
    told.append(project.run("cronctl", "doctor", "--stack", "test").output)
    told.append(project.run("cronctl", "report", "--stack", "test", "--output", "-").output)
    assert "Stack supabase-cron/test" in told[-1]
    assert "you sent" not in told[-1], "no answer is part of a report"
    told += [project.run("cronctl", *asked, "--stack", "test").output for asked in RUNS]
    assert "you sent" in told[-1], "the answer is there"
    assert "***" in told[-1], "the value is not"
    told.append(project.pulumi("preview", "-v=8", "--logtostderr", "--logflow").output)
    told.append(project.pulumi("stack", "export").output)
    told.append(project.pulumi("stack", "output", "--json").output)
    told += shown_by_the_database(stack.superuser_conninfo)
    pulumi("destroy", "--yes")
    told.append(stack.log("postgres").read_text(encoding="utf-8", errors="replace"))
    assert "get_secret" in told[-1], "the server did log"

    for value in (*(value for key, value in planted.items() if key != "supabase_url"), good, bad, by_hand):
        needles = [value, base64.b64encode(value.encode()).decode().rstrip("=")[:-2]]
        assert not [place for text in told for needle in needles for place in places(needle, text)]
        assert not [path for path in files(project.folder.parent) if value.encode() in content(path)]


def places(needle: str, text: str) -> list[str]:
    """Where a value stands, told by what is in front of it and not by itself."""
    return [text[max(0, found.start() - 300) : found.start()] for found in re.finditer(re.escape(needle), text)][:3]


def run_every_job(superuser_conninfo: str) -> None:
    """Each command once, as the job's role, so that pg_net, the ledger and the server's log see what a run shows."""
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        connection.execute("SET ROLE postgres")
        for (command,) in connection.execute("SELECT command FROM cron.job").fetchall():
            connection.execute(command.encode())
        open_runs = "SELECT FROM public.cron_runs WHERE settled_at IS NULL"
        deadline = time.monotonic() + 60
        while connection.execute(open_runs.encode()).rowcount:
            assert time.monotonic() < deadline
            connection.execute("SELECT public.settle_cron_runs()")
            time.sleep(0.2)


def shown_by_the_database(superuser_conninfo: str) -> list[str]:
    """What others may see there: not pg_net's queue, which has what an endpoint is sent (docs/security.md)."""
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        return [
            str(connection.execute(f"SELECT t::text FROM {table} AS t".encode()).fetchall())
            for table in (
                "cron.job",
                "cron.job_run_details",
                "extensions.pg_stat_statements",
                "public.cron_secret_audit",
                "public.cron_secret_declarations",
                "public.cron_run_history",
                "public.cron_run_requests",
                "pg_catalog.pg_stat_activity",
            )
        ]


def files(folder: Path) -> Iterator[Path]:
    """State, its history and backups, the engine's logs and home; but for what the engine's user typed into a shell."""
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def content(path: Path) -> bytes:
    """A file with what is packed in it unpacked: gzip, and base64 as of the pickled providers."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    unpacked = (_from_base64(found) for found in re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", data))
    return data + b"\n".join(unpacked)


def _from_base64(text: bytes) -> bytes:
    return base64.b64decode(text[: len(text) // 4 * 4])
