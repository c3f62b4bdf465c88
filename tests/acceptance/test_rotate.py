"""cronctl rotate as a person, a script and an impatient person run it: every way in, every refusal, every interruption.

Most of it needs no engine: the store is made by the statements that the resources plan, in a schema of its own, and
cronctl is told of the database by its environment. The last test goes through a deployed stack, and asks the doctor.
"""

import json
import os
import re
import select
import signal
import stat
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
import yaml
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

from components.catalogue.request import Probe
from components.database.connection import Database
from components.declaration.command import compile_probe, multirange
from components.objects.object_kind import execute
from components.objects.our_functions import ROTATION_FUNCTIONS
from components.objects.rotation_function import RotationFunctionArgs, RotationFunctionKind
from components.objects.secret import ProbeArgs, SecretArgs, SecretKind
from components.objects.secret_store import SecretStoreArgs, SecretStoreKind
from tests.background import AS_FROM_A_SHELL
from tests.integration.components.endpoint import Answer, Asked, Endpoint, serving
from tests.pseudo_terminal import open_terminal

SCHEMA = "cron_rotate"
STACK = "supabase-cron/test"
KEY = "cron_secret"
OLD = "planted-old"
HOME = "https://home.example"
NEW = "planted-new"
CRONCTL = str(Path(sys.executable).with_name("cronctl"))
SECONDS = 30

Connection = psycopg.Connection[tuple[Any, ...]]


# The store


@pytest.fixture(scope="module")
def superuser(superuser_conninfo: str) -> Iterator[Connection]:
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def logins(superuser: Connection) -> Iterator[None]:
    """alice may rotate where she is let; mallory is nobody."""
    for role in ("alice", "mallory"):
        superuser.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'planted-login'".encode())
    yield
    for role in ("alice", "mallory"):
        superuser.execute(f"DROP OWNED BY {role}".encode())
        superuser.execute(f"DROP ROLE {role}".encode())


class Store:
    """A store as its owner sees it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def current(self, key: str = KEY, schema: str = SCHEMA) -> str:
        query = sql.SQL("SELECT {}.get_secret(%s)").format(sql.Identifier(schema)).as_bytes()
        found: str = self._one(query, [key])
        return found

    def stages(self) -> list[tuple[str, str]]:
        return self.connection.execute(
            f"SELECT stage, {SCHEMA}.cron_secret_value(value) FROM {SCHEMA}.cron_secret_stages ORDER BY stage".encode()
        ).fetchall()

    def actions(self) -> list[str]:
        query = f"SELECT action FROM {SCHEMA}.cron_secret_audit WHERE key = '{KEY}' ORDER BY at"
        return [action for (action,) in self.connection.execute(query.encode()).fetchall()]

    def probe(self, endpoint: Endpoint) -> None:
        """Declare a probe of the secret that asks the endpoint."""
        declared = Probe(url=f"{endpoint.url}/probe", auth={"bearer": KEY}, timeout=5)
        args = ProbeArgs(
            request=compile_probe(KEY, declared, schema=SCHEMA),
            timeout=5,
            status=multirange(declared.success.status),
            control=True,
        )
        self.connection.execute(
            f"UPDATE {SCHEMA}.cron_secret_declarations SET probe = %s WHERE key = '{KEY}'".encode(),
            [Jsonb(args)],
        )

    def sweep_until(self, done: Callable[[], bool]) -> None:
        """What the sweep job does every minute, until it was enough."""
        deadline = time.monotonic() + SECONDS
        while not done():
            assert time.monotonic() < deadline
            self.connection.execute(f"SELECT {SCHEMA}.sweep_cron_secrets()".encode())
            time.sleep(0.1)

    def _one(self, query: bytes, parameters: list[str]) -> Any:
        row = self.connection.execute(query, parameters).fetchone()
        assert row is not None
        return row[0]


@pytest.fixture
def store(conninfo: str) -> Iterator[Store]:
    """A secret of each kind, as a stack makes them."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE".encode())
        _install(conninfo)
        yield Store(connection)
        connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE".encode())


def _install(conninfo: str) -> None:
    place: dict[str, Any] = {"schema_name": SCHEMA, "stack": STACK}
    secret = {**place, "value": OLD, "description": "d"}
    plans = [
        SecretStoreKind().plan(SecretStoreArgs(**place), None),
        *(RotationFunctionKind().plan(RotationFunctionArgs(**place, name=name), None) for name in ROTATION_FUNCTIONS),
        SecretKind().plan(SecretArgs(**secret, key=KEY), None),
        SecretKind().plan(SecretArgs(**{**secret, "value": "k" * 32}, key="signing_key", min_bytes=32), None),
        SecretKind().plan(
            SecretArgs(**{**secret, "value": "sb_secret_planted"}, key="api_key", format="api_key"), None
        ),
        SecretKind().plan(
            SecretArgs(
                **{**secret, "value": HOME}, key="address", format="url", hosts=["home.example", "next.example"]
            ),
            None,
        ),
    ]
    database = Database(conninfo)
    try:
        with database.transaction() as transaction:
            for plan in plans:
                execute(transaction, plan)
    finally:
        database.close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as served:
        yield served


@pytest.fixture
def held(endpoint: Endpoint) -> threading.Event:
    """The endpoint answers when this is set; it takes any value but a made-up one."""
    released = threading.Event()

    def answer(asked: Asked) -> Answer:
        assert released.wait(SECONDS)
        return Answer(401 if "made-up" in asked.bearer else 200)

    endpoint.answer = answer
    return released


# The command


class Told(NamedTuple):
    """What a command ended with and said; stderr with single blanks, without the frame of usage errors."""

    code: int
    stdout: str
    stderr: str


class Started:
    """A running cronctl."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.heard = ""

    def until(self, words: str) -> None:
        """Wait until it says so."""
        assert self.process.stderr is not None
        while words not in self.heard:
            line = self.process.stderr.readline()
            assert line, self.heard
            self.heard += line

    def told(self) -> Told:
        stdout, stderr = self.process.communicate(timeout=SECONDS)
        return checked(self.process.returncode, stdout, self.heard + stderr)


def checked(code: int, stdout: str, stderr: str) -> Told:
    """What holds for all output, whatever was asked."""
    for text in (stdout, stderr):
        assert "planted" not in text
        assert "Traceback" not in text
    return Told(code, stdout, " ".join(re.sub("[│╭╮╰╯─]", " ", stderr).split()))


class Cronctl:
    """``cronctl rotate`` on the store's schema."""

    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, *arguments: str, typed: str | bytes = "", url: str | None = None) -> Told:
        started = self.start(*arguments, typed=typed, url=url)
        return started.told()

    def start(self, *arguments: str, typed: str | bytes = "", url: str | None = None) -> Started:
        process = subprocess.Popen(
            [*AS_FROM_A_SHELL, CRONCTL, "rotate", *self.placed(arguments)],
            env=self.environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdin is not None
        process.stdin.buffer.write(typed if isinstance(typed, bytes) else typed.encode())  # type: ignore[attr-defined]
        process.stdin.close()
        process.stdin = None
        return Started(process)

    def placed(self, arguments: tuple[str, ...]) -> list[str]:
        return [*arguments] if {"--schema", "--stack", "--help"} & {*arguments} else [*arguments, "--schema", SCHEMA]

    def environment(self, url: str | None = None) -> dict[str, str]:
        return {**os.environ, "COLUMNS": "200", "SUPABASE_CRON_DATABASE_URL": self.url if url is None else url}

    def all(self, *runs: Callable[[], Told]) -> list[Told]:
        """Several at a time, for those that change nothing."""
        with ThreadPoolExecutor(4) as pool:
            return [each.result() for each in [pool.submit(run) for run in runs]]


@pytest.fixture
def cronctl(conninfo: str) -> Cronctl:
    return Cronctl(conninfo)


# Ways in


@pytest.mark.parametrize("end", ["", "\n"], ids=["bare", "newline"])
def test_a_value_from_stdin(end: str, cronctl: Cronctl, store: Store) -> None:
    told = cronctl(KEY, typed=NEW + end)
    assert told == Told(
        0,
        "",
        "secret 'cron_secret' is rotated; the previous value is kept for its grace time (cronctl rotate cron_secret --undo)",
    )
    assert store.current() == NEW
    assert store.stages() == [("previous", OLD)]


def test_there_back_and_no_further(cronctl: Cronctl, store: Store) -> None:
    told = cronctl(KEY, "--json", typed=NEW)
    assert (told.code, json.loads(told.stdout)) == (0, {"key": KEY, "state": "current", "detail": None, "uses": []})
    before = store.actions()
    told = cronctl(KEY, "--json", typed=f"{NEW}\r\n")
    assert (told.code, json.loads(told.stdout)["state"]) == (0, "unchanged")
    assert told.stderr == "secret 'cron_secret' has that value already; nothing has changed"
    assert store.actions() == before
    told = cronctl(KEY, "--undo", "--json")
    assert (told.code, json.loads(told.stdout)["state"]) == (0, "undone")
    assert store.current() == OLD
    told = cronctl(KEY, "--undo")
    assert told.code == 3
    assert told.stderr.startswith("cronctl: cron secret 'cron_secret' has no previous value to go back to (")
    assert store.current() == OLD


class Terminal:
    """The person's side of a terminal."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.seen = ""
        self.answered = 0

    def until(self, words: str) -> None:
        """Read until the screen shows this after what was waited for before."""
        while words not in self.seen[self.answered :]:
            heard = self._read()
            assert heard, self.seen
            self.seen += heard
        self.answered = self.seen.index(words, self.answered) + len(words)

    def type(self, keys: str) -> None:
        os.write(self.side, keys.encode())

    def rest(self) -> str:
        while heard := self._read():
            self.seen += heard
        return self.seen

    def _read(self) -> str:
        ready, _, _ = select.select([self.side], [], [], SECONDS)
        assert ready, self.seen
        try:
            return os.read(self.side, 4096).decode()
        except OSError:  # how Linux says that the other side is closed
            return ""


@contextmanager
def terminal(cronctl: Cronctl, *arguments: str) -> Iterator[tuple[Terminal, subprocess.Popen[bytes]]]:
    """cronctl in a session of its own whose terminal is ours, so that control characters typed there are signals."""
    ours, its = open_terminal()
    take = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    try:
        process = subprocess.Popen(
            [*AS_FROM_A_SHELL, sys.executable, "-S", "-c", take, CRONCTL, "rotate", *cronctl.placed(arguments)],
            env={**cronctl.environment(), "TERM": "dumb"},
            stdin=its,
            stdout=its,
            stderr=its,
            start_new_session=True,
        )
        os.close(its)
        yield Terminal(ours), process
    finally:
        os.close(ours)
        process.wait(SECONDS)


def test_a_value_that_is_typed_is_not_shown(cronctl: Cronctl, store: Store) -> None:
    with terminal(cronctl, KEY) as (screen, process):
        for answer in (NEW, "planted-misspelt"):
            screen.until(": ")
            screen.type(f"{answer}\n")
        screen.until("do not match")
        for answer in (NEW, NEW):
            screen.until(": ")
            assert not termios.tcgetattr(screen.side)[3] & termios.ECHO
            screen.type(f"{answer}\n")
        seen = screen.rest()
        assert process.wait(SECONDS) == 0, seen
    assert checked(0, "", seen).stderr.startswith("New value of cron_secret: Repeat for confirmation: ")
    assert store.current() == NEW


def test_control_c_at_the_prompt(cronctl: Cronctl, store: Store) -> None:
    with terminal(cronctl, KEY) as (screen, process):
        screen.until(": ")
        screen.type("planted-half")
        time.sleep(0.5)  # a signal between the prompt and the read that follows would wait for the next key
        screen.type("\x03")
        seen = screen.rest()
        assert process.wait(SECONDS) == 3
    assert checked(3, "", seen).stderr.endswith("cronctl: interrupted; nothing has changed")
    assert store.actions() == ["staged", "created"]


def test_who_cannot_rotate_it_is_told_before_the_prompt(cronctl: Cronctl, store: Store) -> None:
    with terminal(cronctl, "cron_secert") as (screen, process):
        seen = screen.rest()
        assert process.wait(SECONDS) == 3
    assert checked(3, "", seen).stderr == (
        "cronctl: cron secret 'cron_secert' is not declared (Declare it in jobs.yaml and run pulumi up.)"
    )


# A value that is made up


def test_a_generated_value_is_written_down_for_its_owner_alone(cronctl: Cronctl, store: Store, tmp_path: Path) -> None:
    saved = tmp_path / "value"
    told = cronctl(KEY, "--generate", "--save", str(saved))
    assert told.code == 0
    value = store.current()
    assert saved.read_text(encoding="utf-8") == f"{value}\n"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert len(value) == 43
    assert value not in told.stdout + told.stderr

    again, nowhere = cronctl.all(
        lambda: cronctl(KEY, "--generate", "--save", str(saved)),
        lambda: cronctl(KEY, "--generate", "--save", str(tmp_path / "no" / "value")),
    )
    assert (again.code, nowhere.code) == (3, 3)
    assert again.stderr.startswith("cronctl: the value cannot be written to ")
    assert again.stderr.endswith("/value: File exists; nothing has changed")
    assert nowhere.stderr.endswith("/value: No such file or directory; nothing has changed")
    assert (saved.read_text(encoding="utf-8"), store.current()) == (f"{value}\n", value)


def shown_once(seen: str) -> str:
    """The one generated value on a screen."""
    value: str
    (value,) = re.findall(r"^[\w-]{43}(?=\r\n)", seen, re.MULTILINE)
    assert seen.count(value) == 1
    return value


def test_a_generated_value_that_is_not_written_down_is_shown_once(cronctl: Cronctl, store: Store) -> None:
    with terminal(cronctl, KEY, "--generate") as (screen, process):
        seen = screen.rest()
        assert process.wait(SECONDS) == 0, seen
    assert store.current() == shown_once(seen)
    assert checked(0, "", seen).stderr.startswith(
        f"the new value of secret '{KEY}', shown this once, for the side that checks it: {store.current()} secret"
    )


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_of_the_two_streams_the_terminal_shows_it(stream: str, cronctl: Cronctl, store: Store) -> None:
    for way, code in ((stream, 0), (None, 2)):
        ours, its = open_terminal()
        process = subprocess.run(
            [CRONCTL, "rotate", *cronctl.placed((KEY, "--generate"))],
            env={**cronctl.environment(), "TERM": "dumb", "FORCE_COLOR": "1"},
            stdin=its,
            stdout=its if way == "stdout" else subprocess.PIPE,
            stderr=its if way == "stderr" else subprocess.PIPE,
            check=False,
        )
        os.close(its)
        seen = Terminal(ours).rest() if way else ""
        os.close(ours)
        assert process.returncode == code
        if way:
            assert store.current() == shown_once(seen)
        assert store.current() not in (process.stdout or b"").decode() + (process.stderr or b"").decode()
    assert store.actions().count("rotated") == 1


def test_a_shown_value_that_is_refused_is_said_not_to_be_in_use(
    cronctl: Cronctl, store: Store, endpoint: Endpoint
) -> None:
    store.probe(endpoint)
    endpoint.accept(OLD)
    for key, code, told in (
        (KEY, 1, "its probe was answered with status 401"),
        ("api_key", 1, "is no new API key (sb_…)"),
    ):
        with terminal(cronctl, key, "--generate") as (screen, process):
            seen = screen.rest()
            assert process.wait(SECONDS) == code, seen
        assert shown_once(seen) != store.current()
        assert "the value that is shown above is not in use" in seen
        assert told in checked(code, "", seen).stderr
    assert store.current() == OLD


def test_nobody_is_shown_a_value_that_is_said_to_be_impossible(cronctl: Cronctl, store: Store) -> None:
    with terminal(cronctl, "cron_secert", "--generate") as (screen, process):
        seen = screen.rest()
        assert process.wait(SECONDS) == 3
    assert "shown this once" not in seen


def test_a_value_that_nobody_would_know_is_not_made_up(cronctl: Cronctl, store: Store) -> None:
    before = store.actions()
    nowhere = "host=127.0.0.1 port=1 user=postgres"  # the database is not asked
    for told in (cronctl(KEY, "--generate", url=nowhere), cronctl(KEY, "--generate", "--json", url=nowhere)):
        assert told.code == 2
        assert told.stdout == "" or set(json.loads(told.stdout)) == {"errors", "exit_status"}
        assert "would make a value current that nobody knows; name a file for it with --save" in told.stderr
    with terminal(cronctl, KEY, "--generate", "--json") as (screen, process):
        assert "would make a value current that nobody knows" in " ".join(screen.rest().split())
        assert process.wait(SECONDS) == 2
    assert (store.actions(), store.current()) == (before, OLD)


def test_a_generated_value_that_came_to_nothing_is_not_kept(
    cronctl: Cronctl, store: Store, endpoint: Endpoint, tmp_path: Path
) -> None:
    save = ("--generate", "--save", str(tmp_path / "value"))
    down, other_format = cronctl.all(
        lambda: cronctl(KEY, *save, url="host=127.0.0.1 port=1 user=postgres"), lambda: cronctl("api_key", *save)
    )
    assert (down.code, other_format.code) == (3, 1)
    assert other_format.stderr == "cronctl: the new value of cron secret 'api_key' is no new API key (sb_…)"
    store.probe(endpoint)
    endpoint.accept(OLD)
    refused = cronctl(KEY, *save)
    assert (refused.code, refused.stderr.rpartition(": ")[2]) == (1, "its probe was answered with status 401")
    assert [*tmp_path.iterdir()] == []


# What is refused


VAULT = "vault:3f2b8c1e-0000-4000-8000-000000000000"
IMPOSSIBLE: list[tuple[str, str | bytes, str]] = [
    (KEY, "\n", "secret 'cron_secret' is empty"),
    (KEY, "planted\nplanted\n", "has a line break or blanks around it; set it again without"),
    (KEY, b"planted\x001", "holds control characters; set it again without"),
    (KEY, b"planted\xff", "is no UTF-8 text"),
    (KEY, "planted" + "ä" * 4096, "is longer than 8192 bytes, more than a header may be"),
    (KEY, VAULT, "is a reference to Vault; set the value itself"),
    ("api_key", "planted", "cron secret 'api_key' is no new API key (sb_…)"),
    (
        "signing_key",
        "planted",
        "is shorter than 32 bytes, too weak to sign with (Make one with: openssl rand -hex 32)",
    ),
]


def test_a_value_that_cannot_be_one_changes_nothing(cronctl: Cronctl, store: Store) -> None:
    before = store.actions()
    runs = [lambda key=key, value=value: cronctl(key, typed=value) for key, value, _ in IMPOSSIBLE]
    for (key, value, told), found in zip(IMPOSSIBLE, cronctl.all(*runs), strict=True):
        assert found.code == 1, value
        assert found.stderr.startswith("cronctl: the new value of "), value
        assert found.stderr.endswith(told), value
        assert repr(key) in found.stderr
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", CRONCTL, "rotate", KEY, "--schema", SCHEMA],
        env=cronctl.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked(closed.returncode, closed.stdout, closed.stderr).stderr == (
        "cronctl: the new value of secret 'cron_secret' is empty"
    )
    assert store.actions() == before
    assert store.current() == OLD


def test_wrong_command_lines_and_places(cronctl: Cronctl, store: Store, conninfo: str) -> None:
    cases: list[tuple[tuple[str, ...], str, int, str]] = [
        ((KEY, "--undo", "--generate"), conninfo, 2, "needs no new one; leave out --generate"),
        ((KEY, "--save", "value"), conninfo, 2, "is for a generated value; add --generate"),
        ((KEY, NEW.replace("planted", "as-argument")), conninfo, 2, "unexpected extra argument"),
        ((KEY, "--stack", ""), conninfo, 2, "is empty or holds characters that no name has"),
        (("\udcff",), conninfo, 2, "is empty or holds characters that no name has"),
        ((KEY,), "", 3, "cronctl: no database to connect to; set SUPABASE_CRON_DATABASE_URL in the environment"),
        ((KEY,), "host=127.0.0.1 port=1 user=postgres", 3, "cronctl: no database at 127.0.0.1:1"),
        ((KEY, "--schema", "nowhere"), conninfo, 3, "cronctl: there is no secret store of this version in schema 'no"),
        (("nobody", "--undo"), conninfo, 3, "cronctl: cron secret 'nobody' is not declared (Declare it in jobs.yaml"),
        (("--help",), conninfo, 0, ""),
    ]
    runs = [lambda each=each: cronctl(*each[0], typed=NEW, url=each[1]) for each in cases]
    for (arguments, _, code, told), found in zip(cases, cronctl.all(*runs), strict=True):
        assert found.code == code, (arguments, found)
        assert told in found.stderr, arguments
        assert ("The value is never an argument" in found.stdout) is (code == 0)
    assert store.actions() == ["staged", "created"]


def test_who_may_and_who_may_not(
    cronctl: Cronctl, store: Store, superuser: Connection, conninfo: str, logins: None
) -> None:
    alice, mallory = (make_conninfo(conninfo, user=who, password="planted-login") for who in ("alice", "mallory"))
    for function in ROTATION_FUNCTIONS.values():
        store.connection.execute(
            sql.SQL("GRANT EXECUTE ON FUNCTION {} TO alice").format(function.reference(SCHEMA)).as_bytes()
        )
    without_usage, undoing = cronctl.all(
        lambda: cronctl(KEY, typed=NEW, url=alice), lambda: cronctl(KEY, "--undo", url=mallory)
    )
    for found in (without_usage, undoing):
        assert found == Told(
            3,
            "",
            f"cronctl: this role may not rotate secrets in schema '{SCHEMA}'; let the stack's owner add it to "
            "'rotators' (or to the operators' members) and run pulumi up",
        )
    store.connection.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO alice, mallory".encode())
    stranger, operator = cronctl.all(
        lambda: cronctl(KEY, typed="planted-by-mallory", url=mallory), lambda: cronctl(KEY, typed=NEW, url=alice)
    )
    assert stranger == without_usage
    assert operator.code == 0, operator
    assert store.current() == NEW
    who = "SELECT DISTINCT session_role FROM cron_rotate.cron_secret_audit WHERE action = 'rotated'"
    assert store.connection.execute(who.encode()).fetchall() == [("alice",)]
    assert cronctl(KEY, "--undo", url=alice).code == 0
    assert store.current() == OLD


# Probes


def test_an_operator_moves_an_address_to_its_hosts_alone(
    cronctl: Cronctl, store: Store, logins: None, conninfo: str
) -> None:
    store.connection.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO alice".encode())
    for function in ROTATION_FUNCTIONS.values():
        granted = sql.SQL("GRANT EXECUTE ON FUNCTION {} TO alice").format(function.reference(SCHEMA))
        store.connection.execute(granted)
    alice = make_conninfo(conninfo, user="alice", password="planted-login")
    told = cronctl("address", typed="https://elsewhere.example", url=alice)
    assert told.code == 1
    assert told.stderr == (
        "cronctl: cron secret 'address' is an address, which alice may not move to another host than home.example, "
        "next.example (Let who deploys set it, or name the host in jobs.yaml, under hosts of the secret, and run pulumi up.)"
    )
    assert store.current("address") == HOME
    assert cronctl("address", typed="https://next.example/v1", url=alice).code == 0
    assert store.current("address") == "https://next.example/v1"
    assert cronctl("address", typed="https://elsewhere.example").code == 0, "who deploys may"


def test_a_value_is_tried_first(cronctl: Cronctl, store: Store, endpoint: Endpoint) -> None:
    store.probe(endpoint)
    endpoint.accept(OLD)
    told = cronctl(KEY, "--json", typed=NEW)
    assert (told.code, json.loads(told.stdout)) == (
        1,
        {
            "key": KEY,
            "state": "refused",
            "detail": "the new value was refused and nothing has changed: its probe was answered with status 401",
            "uses": [],
        },
    )
    assert told.stderr == (
        "trying the new value of 'cron_secret' against its probe … secret 'cron_secret': the new value was refused "
        "and nothing has changed: its probe was answered with status 401"
    )
    assert store.current() == OLD
    assert store.stages() == []
    endpoint.accept(OLD, NEW)
    assert cronctl(KEY, typed=NEW).code == 0
    assert store.current() == NEW


def test_an_operator_waits_for_the_probe_as_well(
    cronctl: Cronctl, store: Store, endpoint: Endpoint, conninfo: str, logins: None
) -> None:
    store.probe(endpoint)
    endpoint.accept(OLD)
    store.connection.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO alice".encode())
    store.connection.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {SCHEMA} TO alice".encode())
    told = cronctl(KEY, typed=NEW, url=make_conninfo(conninfo, user="alice", password="planted-login"))
    assert told.code == 1
    assert told.stderr.endswith("its probe was answered with status 401")
    assert store.current() == OLD


# Interruptions


GOES_ON = "a rotation that has started goes on, and the sweep job ends it; to see how, give the same value once more"


def test_control_c_while_the_probe_waits(
    cronctl: Cronctl, store: Store, endpoint: Endpoint, held: threading.Event, tmp_path: Path
) -> None:
    store.probe(endpoint)
    saved = tmp_path / "value"
    started = cronctl.start(KEY, "--generate", "--save", str(saved))
    started.until("trying the new value")
    started.process.send_signal(signal.SIGINT)
    told = started.told()
    assert told.code == 3
    assert (
        f"cronctl: interrupted; {GOES_ON.replace('the same value once more', f'cronctl rotate {KEY} < {saved}')}"
        in (told.stderr)
    )
    assert store.current() == OLD
    held.set()
    again = cronctl(KEY, typed=saved.read_text(encoding="utf-8"))
    assert again.code == 0
    assert store.current() == saved.read_text(encoding="utf-8").strip()
    assert store.actions().count("staged") == 2


def test_a_killed_rotation_is_ended_by_the_sweep(
    cronctl: Cronctl, store: Store, endpoint: Endpoint, held: threading.Event
) -> None:
    store.probe(endpoint)
    started = cronctl.start(KEY, typed=NEW)
    started.until("trying the new value")
    started.process.kill()
    assert started.told().code == -signal.SIGKILL
    assert [stage for stage, _ in store.stages()] == ["pending"]
    held.set()
    store.sweep_until(lambda: store.current() == NEW)
    told = cronctl(KEY, typed=NEW)
    assert (told.code, told.stderr) == (0, "secret 'cron_secret' has that value already; nothing has changed")


def test_a_lost_connection_and_a_second_person(
    cronctl: Cronctl, store: Store, endpoint: Endpoint, held: threading.Event, superuser: Connection, tmp_path: Path
) -> None:
    store.probe(endpoint)
    first = cronctl.start(KEY, typed=NEW)
    first.until("trying the new value")
    superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'supabase-cron'")
    second, third = cronctl.all(
        lambda: cronctl(KEY, "--generate", "--save", str(tmp_path / "value")), lambda: cronctl(KEY, "--undo")
    )
    for told in (second, third):
        assert told == Told(
            3,
            "",
            "cronctl: another rotation of cron secret 'cron_secret' waits for the answer to its probe "
            "(Try again when it has ended.)",
        )
    assert [*tmp_path.iterdir()] == []
    held.set()
    told = first.told()  # cut between two questions, it asks again; cut within one, it says how things stand
    assert told.code == 0 or (told.code == 3 and told.stderr.endswith(GOES_ON)), told
    store.sweep_until(lambda: store.current() == NEW)


def test_two_at_once_without_a_probe_follow_each_other(cronctl: Cronctl, store: Store) -> None:
    values = {"planted-a", "planted-b"}
    found = cronctl.all(*(lambda value=value: cronctl(KEY, typed=value) for value in values))
    assert [told.code for told in found] == [0, 0]
    assert {store.current(), dict(store.stages())["previous"]} == values


# A deployed stack


def test_on_a_deployed_stack(
    logins: None, project: Any, endpoint: Endpoint, planted: Mapping[str, str], superuser: Connection, conninfo: str
) -> None:
    catalogue = project.folder / "jobs.yaml"
    declared = yaml.safe_load(catalogue.read_text(encoding="utf-8"))
    declared["secrets"][KEY] |= {
        "grace": 3600,
        "probe": {"url": f"{endpoint.url}/probe", "auth": {"bearer": KEY}, "timeout": 5},
    }
    catalogue.write_text(yaml.safe_dump(declared), encoding="utf-8")
    project.configure("--path", "rotators[0]", "alice")
    endpoint.accept(planted[KEY], NEW)
    project.up()
    with psycopg.connect(conninfo, autocommit=True) as connection:
        store = Store(connection)

        def rotate(*arguments: str, who: str = "postgres", **typed: str) -> Told:
            url = conninfo if who == "postgres" else make_conninfo(conninfo, user=who, password="planted-login")
            done = project.run(
                "cronctl", "rotate", *arguments, "--stack", "test", SUPABASE_CRON_DATABASE_URL=url, **typed
            )
            return checked(done.code, "", done.output)

        def doctor() -> Told:
            done = project.run("cronctl", "doctor", "--stack", "test", "--json")
            assert not any(value in done.output for value in (*planted.values(), NEW))
            return Told(done.code, "", done.output)

        well, misspelt, other_format, made_up, stranger, refused = Cronctl(conninfo).all(
            doctor,
            lambda: rotate("cron_secert", "--undo"),
            lambda: rotate("service_role_key", typed="sb_secret_planted"),
            lambda: rotate("service_role_key", "--generate", "--save", "nowhere/value"),
            lambda: rotate(KEY, who="mallory", typed=NEW),
            lambda: rotate(KEY, typed="planted-bad"),
        )
        assert misspelt == Told(
            3,
            "",
            "cronctl: secret 'cron_secert' is not declared in jobs.yaml; did you mean 'cron_secret'?",
        )
        assert other_format.code == 1
        assert other_format.stderr.startswith(
            "cronctl: the new value of secret 'service_role_key' is a new API key (sb_…), not a JWT; declare it with"
        )
        assert made_up == Told(
            3,
            "",
            "cronctl: secret 'service_role_key' is declared as jwt, which cannot be made up; give it without --generate",
        )
        assert (stranger.code, "this role may not rotate secrets in schema 'public'" in stranger.stderr) == (3, True)
        assert (refused.code, refused.stderr.endswith("its probe was answered with status 401")) == (1, True)
        assert store.current(schema="public") == planted[KEY]

        told = rotate(KEY, who="alice", typed=NEW)
        assert told.code == 0, told
        assert "the previous value is kept for 1 hour (cronctl rotate cron_secret --undo)" in told.stderr
        assert "pulumi config set --secret --path secrets.cron_secret --stack test" in told.stderr
        assert store.current(schema="public") == NEW

        assert well.code == 0
        assert json.loads(well.stderr)["well"] is True
        connection.execute("GRANT SELECT ON public.cron_secrets TO mallory")
        superuser.execute("ALTER ROLE mallory BYPASSRLS")
        ill = doctor()
        document, _ = json.JSONDecoder().raw_decode(ill.stderr)
        assert (ill.code, document["well"]) == (1, False)
        assert [each["object"] for each in document["findings"] if each["level"] == "problem"] == ["mallory"]
        assert "1 problem found; each line says what to do" in ill.stderr
