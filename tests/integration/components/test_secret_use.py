"""Each run says which value of a secret it was sent with, and a JWT in use says when it expires."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import psycopg
import pytest

from components.database.connection import Database
from components.objects.our_functions import ROTATION_FUNCTIONS
from components.run_ledger import RunLedgerProvider
from components.runs.history import history
from components.runs.secret_use import current_versions, secret_use
from components.secret import SecretProvider
from components.secret_store import SecretStoreProvider
from components.security.secret_expiry import expiry_findings
from tests.integration.components.command_line import Said
from tests.integration.components.conftest import STACK
from tests.integration.components.endpoint import Answer, Endpoint
from tests.integration.components.test_run_ledger import fire, settled

Connection = psycopg.Connection[tuple[Any, ...]]
Cronctl = Callable[..., Said]
Provide = Callable[..., Any]

LEDGER = {"schema_name": "public", "owner": STACK}
KEY = "cron_secret"


@pytest.fixture(params=["table", "vault"])
def store(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(autouse=True)
def installed(install: Callable[..., None], provide: Provide, clean: None, superuser: Connection, store: str) -> None:
    install(store=store)
    provide(RunLedgerProvider).create(LEDGER)
    superuser.execute("DELETE FROM cron.job_run_details")
    provide(SecretProvider).create(secret(KEY, "planted-1"))


@pytest.fixture
def operator(superuser: Connection) -> Iterator[str]:
    """A role that may rotate and nothing else."""
    superuser.execute("CREATE ROLE use_operator LOGIN PASSWORD 'planted-login'")
    for function in ROTATION_FUNCTIONS.values():
        superuser.execute(f"GRANT EXECUTE ON FUNCTION public.{function.signature} TO use_operator".encode())
    yield "use_operator"
    superuser.execute("DROP OWNED BY use_operator")
    superuser.execute("DROP ROLE use_operator")


def secret(key: str, value: str, **changes: Any) -> dict[str, Any]:
    return {"schema_name": "public", "key": key, "value": value, "description": "d", "owner": STACK, **changes}


def rotate(postgres: Connection, value: str) -> None:
    postgres.execute("SELECT public.rotate_cron_secret(%s, %s)", [KEY, value])


def versions(postgres: Connection) -> list[Any]:
    """Of every run, oldest first."""
    return [found for (found,) in postgres.execute("SELECT secrets FROM public.cron_runs ORDER BY run").fetchall()]


def token(expires: object) -> str:
    return jwt.encode({"role": "service_role", "exp": expires}, "planted-signing-key-of-32-bytes-")


def test_a_run_has_the_version_of_each_value_that_it_was_sent_with(
    postgres: Connection, database: Database, endpoint: Endpoint, provide: Provide
) -> None:
    provide(SecretProvider).create(secret("other", "planted-other"))
    endpoint.accept("planted-1", "planted-2")
    url = f"{endpoint.url}/"
    fire(postgres, url, auth={"bearer": KEY})
    rotate(postgres, "planted-2")
    fire(postgres, url, auth={"bearer": KEY}, headers={"X-Other": "{other}"})
    fire(postgres, url)
    settled(postgres)
    assert versions(postgres) == [{KEY: 1}, {KEY: 2, "other": 1}, None]
    assert [run.secrets for run in history(database, "public")] == [None, {KEY: 2, "other": 1}, {KEY: 1}]
    assert [run.secrets for run in history(database, "public", secret="other")] == [{KEY: 2, "other": 1}]
    assert sorted(endpoint.bearers()) == ["", "planted-1", "planted-2"]


def test_a_job_with_policies_has_them_of_its_last_attempt(postgres: Connection, endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: Answer(503, "busy")
    run = fire(postgres, f"{endpoint.url}/", auth={"bearer": KEY}, retry={"attempts": 2})
    assert versions(postgres) == [{KEY: 1}]
    rotate(postgres, "planted-2")
    postgres.execute("UPDATE public.cron_runs SET state = 'retrying'")
    postgres.execute("SELECT set_config('supabase_cron.run', %s, false)", [str(run)])
    assert fire(postgres, f"{endpoint.url}/", auth={"bearer": KEY}, retry={"attempts": 2}) == run
    assert versions(postgres) == [{KEY: 2}]


@pytest.mark.parametrize(
    ("statement", "version"),
    [
        ("UPDATE public.cron_secrets SET value = 'planted-2'", 2),
        ("UPDATE public.cron_secrets SET value = public.cron_secret_value(value)", 1),
        ("UPDATE public.cron_secrets SET description = 'another'", 1),
        (
            "DELETE FROM public.cron_secrets; INSERT INTO public.cron_secrets (key, value) VALUES ('cron_secret', 'planted-1')",
            2,
        ),
    ],
)
def test_what_is_done_by_hand_counts_too(
    statement: str, version: int, postgres: Connection, database: Database
) -> None:
    for each in statement.split("; "):
        postgres.execute(each.encode())
    assert current_versions(database, "public") == {KEY: version}


def test_an_undone_value_keeps_its_version_for_itself(postgres: Connection, database: Database) -> None:
    rotate(postgres, "planted-bad")
    postgres.execute("SELECT public.undo_cron_secret(%s)", [KEY])
    assert current_versions(database, "public") == {KEY: 1}
    rotate(postgres, "planted-3")
    assert current_versions(database, "public") == {KEY: 3}
    numbered = "SELECT version FROM public.cron_secret_audit WHERE action IN ('created', 'rotated') ORDER BY at"
    assert postgres.execute(numbered.encode()).fetchall() == [(1,), (2,), (1,), (3,)]


def test_to_vault_and_back_is_the_same_value(
    provide: Provide, postgres: Connection, database: Database, store: str
) -> None:
    rotate(postgres, "planted-2")
    for kind in ("table", "vault", "table"):
        provide(SecretStoreProvider).create({"schema_name": "public", "owner": STACK, "store": kind})
        assert current_versions(database, "public") == {KEY: 2}


def test_a_store_of_an_earlier_version_begins_with_one(
    provide: Provide, postgres: Connection, database: Database, store: str
) -> None:
    postgres.execute("DROP TRIGGER cron_secret_counter ON public.cron_secrets")
    for table in ("cron_secrets", "cron_secret_stages", "cron_secret_audit"):
        postgres.execute(f"ALTER TABLE public.{table} DROP COLUMN version".encode())
    assert (secret_use(database, "public", "nothing"), current_versions(database, "public")) == ([], {})
    provide(SecretStoreProvider).create({"schema_name": "public", "owner": STACK, "store": store})
    assert current_versions(database, "public") == {KEY: 1}
    rotate(postgres, "planted-2")
    assert current_versions(database, "public") == {KEY: 2}


def test_rotate_tells_the_last_run_with_the_previous_value(
    postgres: Connection, cronctl: Cronctl, endpoint: Endpoint
) -> None:
    endpoint.accept("planted-1", "planted-2")
    run = fire(postgres, f"{endpoint.url}/", auth={"bearer": KEY})
    settled(postgres)
    waiting = fire(postgres, f"{endpoint.url}/", auth={"bearer": KEY})
    rotate(postgres, "planted-2")
    told = cronctl("rotate", KEY, "--undo")
    assert (told.code, "last run" in told.talk) == (0, False), "nothing ran with what was undone"
    told = cronctl("rotate", KEY, "--undo", "--json")
    assert told.code == 3
    rotate(postgres, "planted-3")
    uses = postgres.execute("SELECT version, is_current, on_the_way, run FROM public.cron_secret_use(%s)", [KEY])
    assert uses.fetchall() == [(3, True, 0, None), (1, False, 1, waiting)]
    assert "last run" not in cronctl("history", "nightly").talk, "a job's own runs are not all"
    settled(postgres)
    told = cronctl("history")
    assert f"last run with the previous value of secret '{KEY}': {waiting} of nightly, " in told.talk
    assert run < waiting
    told = cronctl("history", "--secret", KEY, "--json")
    assert [each["secrets"] for each in json.loads(told.data)["runs"]] == [{KEY: 1}, {KEY: 1}]
    assert cronctl("history", "--secret", "cron_secrte").code == 2


def test_who_rotates_is_told_without_seeing_the_ledger(
    postgres: Connection, operator: str, conninfo: str, endpoint: Endpoint
) -> None:
    endpoint.accept("planted-1")
    run = fire(postgres, f"{endpoint.url}/", auth={"bearer": KEY})
    settled(postgres)
    login = Database(psycopg.conninfo.make_conninfo(conninfo, user=operator, password="planted-login"))
    try:
        (use,) = secret_use(login, "public", KEY)
        assert (use.version, use.is_current, use.run, use.job, use.state) == (1, True, run, "nightly", "ok")
        assert current_versions(login, "public") == {}
        (note,) = expiry_findings(login, "public", datetime.now(UTC))
        assert (note.level, note.object) == ("note", "")
    finally:
        login.close()


def test_a_store_without_a_ledger_has_no_runs_to_tell_of(
    provide: Provide, postgres: Connection, database: Database
) -> None:
    postgres.execute("DROP VIEW public.cron_run_history, public.cron_job_runs, public.cron_job_standings")
    postgres.execute("DROP TABLE public.cron_runs")
    assert secret_use(database, "public", KEY) == []
    rotate(postgres, "planted-2")


NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expires", "told"),
    [
        (NOW + timedelta(days=-1), ("problem", "is an expired JWT")),
        (NOW + timedelta(days=9.5), ("note", "is a JWT that expires in 9 days")),
        (NOW + timedelta(days=20), None),
        (NOW.timestamp() + 3.5 * 86400, ("note", "is a JWT that expires in 3 days")),
        ("tomorrow", None),
        (1e300, None),
        (None, None),
    ],
)
def test_a_jwt_in_use_says_when_it_expires(
    expires: object, told: tuple[str, str] | None, postgres: Connection, database: Database
) -> None:
    encoded = token(expires) if isinstance(expires, datetime) else raw(expires)
    postgres.execute("UPDATE public.cron_secret_declarations SET format = 'jwt'")
    postgres.execute("UPDATE public.cron_secrets SET value = %s", [encoded])
    found = expiry_findings(database, "public", NOW)
    assert [(each.level, each.object) for each in found] == ([(told[0], KEY)] if told else [])
    assert all(told and told[1] in each.sentence for each in found)
    assert encoded not in str(found)


def raw(expires: object) -> str:
    """A JWT with a claim that no library would sign."""
    return "e30." + jwt.utils.base64url_encode(json.dumps({"exp": expires}).encode()).decode() + ".c2lnbmVk"


@pytest.mark.parametrize("value", ["planted", "a.b.c", "eyJ.eyJ.x", "..", "e30.e30.e30", "e30.bnVsbA.x", "e30._w.x"])
def test_what_is_no_jwt_never_expires(value: str, postgres: Connection, database: Database) -> None:
    postgres.execute("UPDATE public.cron_secret_declarations SET format = 'jwt'")
    postgres.execute("UPDATE public.cron_secrets SET value = %s", [value])
    assert expiry_findings(database, "public", NOW) == []


def test_status_and_doctor_tell_of_it_without_a_stack(postgres: Connection, cronctl: Cronctl) -> None:
    postgres.execute("UPDATE public.cron_secret_declarations SET format = 'jwt'")
    for expires, code in ((timedelta(days=3.5), 0), (timedelta(days=-1), 1)):
        encoded = token(datetime.now(UTC) + expires)
        postgres.execute("UPDATE public.cron_secrets SET value = %s", [encoded])
        status, doctor = cronctl("status"), cronctl("doctor", "--json")
        assert (status.code, KEY in status.data) == (code, True), status
        found = [each for each in json.loads(doctor.data)["findings"] if each["check"] == "expiry"]
        assert [(each["level"], each["object"]) for each in found] == [("problem" if code else "note", KEY)]
        assert encoded not in status.data + status.talk + doctor.data + doctor.talk
