"""An operator with a client of his own: he may rotate, and comes to no value and to no right of the owner's by it.

Where a test shows that nothing happens, it also shows on functions without their guards that it would see it.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from components.catalogue.alert import Alert
from components.catalogue.job import Job
from components.catalogue.request import Probe
from components.declaration.command import compile_alert, compile_command, compile_probe, multirange
from components.errors import ProbeRefused
from components.grants import GrantsProvider
from components.objects.our_functions import LEDGER_FUNCTIONS, ROTATION_FUNCTIONS, STORE_FUNCTIONS
from components.run_ledger import RunLedgerProvider
from components.secret import SecretProvider
from tests.integration.components.endpoint import Endpoint

STACK = "supabase-cron/test"
KEY = "cron_secret"
OPERATOR = "hostile_operator"
PASSWORD = "planted-login"
FUNCTIONS = (*STORE_FUNCTIONS, *LEDGER_FUNCTIONS, *ROTATION_FUNCTIONS.values())

Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]


@pytest.fixture(params=["table", "vault"])
def store(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(autouse=True)
def installed(install: Callable[..., None], clean: None, store: str) -> None:
    install(store=store)


@pytest.fixture
def operator(
    installed: None, provide: Provide, superuser: Connection, conninfo: str
) -> Iterator[tuple[Connection, list[str]]]:
    """An operator's session, and every notice that the server sends to it."""
    _drop(superuser)
    superuser.execute(f"CREATE ROLE {OPERATOR} LOGIN PASSWORD '{PASSWORD}'".encode())
    for name in ROTATION_FUNCTIONS:
        provide(GrantsProvider).create({"schema_name": "public", "function": name, "grantees": [OPERATOR]})
    told: list[str] = []

    def keep(notice: psycopg.errors.Diagnostic) -> None:
        told.append(f"{notice.message_primary}\n{notice.message_detail}\n{notice.message_hint}\n{notice.context}")

    url = make_conninfo(conninfo, user=OPERATOR, password=PASSWORD)
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as connection:
        connection.add_notice_handler(keep)
        yield connection, told
    _drop(superuser)


def _drop(superuser: Connection) -> None:
    if superuser.execute("SELECT FROM pg_roles WHERE rolname = %s", [OPERATOR]).fetchone() is not None:
        superuser.execute(f"DROP OWNED BY {OPERATOR} CASCADE".encode())
        superuser.execute(f"DROP ROLE {OPERATOR}".encode())


def secret(value: str, key: str = KEY, **changes: Any) -> dict[str, Any]:
    return {"schema_name": "public", "key": key, "value": value, "description": "d", "owner": STACK, **changes}


def probe(endpoint: Endpoint, **changes: Any) -> dict[str, Any]:
    declared = Probe(url=f"{endpoint.url}/probe", auth={"bearer": KEY}, headers={"X-Other": "{other}"}, timeout=5)
    return {
        "request": compile_probe(KEY, declared, schema="public"),
        "timeout": 5,
        "status": multirange(declared.success.status),
        "control": True,
        **changes,
    }


def current(postgres: Connection, key: str = KEY) -> str:
    (found,) = postgres.execute("SELECT public.get_secret(%s)", [key]).fetchone() or ("",)
    return str(found)


def take(connection: Connection, key: str = KEY, value: str = "planted-of-the-operator") -> None:
    """Do all that an operator may do with a key: one rotation there, its end, and the way back."""
    connection.execute("SELECT public.rotate_cron_secret(%s, %s)", [key, value])
    connection.execute("SELECT public.settle_cron_secret(%s)", [key])
    connection.execute("SELECT public.undo_cron_secret(%s)", [key])


def alter_all(superuser: Connection, setting: str) -> None:
    """Change a setting of every function of ours, as nobody but their owner can."""
    for function in FUNCTIONS:
        found = superuser.execute(
            "SELECT to_regprocedure(%s)::text", [f"public.{function.name}({function.argument_types})"]
        )
        (there,) = found.fetchone() or (None,)
        if there:
            superuser.execute(f"ALTER FUNCTION {there} {setting}".encode())


TYPES = ("text", "uuid", "jsonb", "int8", "timestamptz", "bytea", "json", "jsonpath", "int4multirange", "name")


def bring_types(connection: Connection) -> None:
    """Types of the session's own that have the names of PostgreSQL's; they say so when somebody makes a value of one."""
    connection.execute(
        "CREATE FUNCTION pg_temp.told(who anyelement) RETURNS boolean LANGUAGE plpgsql AS "
        "$$BEGIN RAISE NOTICE 'a type of the session ran as %', current_user; RETURN true; END$$"
    )
    for name in TYPES:
        connection.execute(
            sql.SQL("CREATE DOMAIN pg_temp.{name} AS pg_catalog.{name} CHECK (pg_temp.told(VALUE))").format(
                name=sql.Identifier(name)
            )
        )


def test_a_callers_types_are_not_taken_for_postgresqls(
    provide: Provide, operator: tuple[Connection, list[str]], superuser: Connection, store: str
) -> None:
    provide(SecretProvider).create(secret("planted-first"))
    connection, told = operator
    bring_types(connection)
    if store == "vault":  # whose own functions would run with them
        with pytest.raises(
            psycopg.errors.ObjectNotInPrerequisiteState, match="a session with temporary tables or types cannot"
        ):
            take(connection)
    else:
        take(connection)
    assert told == []
    alter_all(superuser, "SET search_path = ''")
    try:
        take(connection)
    except psycopg.Error:
        assert store == "vault"
    assert any("a type of the session ran as postgres" in each for each in told), "the test would not see it"


def test_a_job_calls_no_function_that_somebody_put_beside_postgresqls(
    provide: Provide, operator: tuple[Connection, list[str]], postgres: Connection, superuser: Connection
) -> None:
    """As every login may in a database from before PostgreSQL 15: a function that fits a job's arguments better."""
    provide(RunLedgerProvider).create({"schema_name": "public", "owner": STACK})
    provide(SecretProvider).create(secret("planted-first"))
    connection, _ = operator
    superuser.execute(f"GRANT CREATE ON SCHEMA public TO {OPERATOR}".encode())
    body = "LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'theirs ran as %', current_user; RETURN '{}'::jsonb; END$$"
    for function in ("jsonb_build_object(text, text)", "to_jsonb(text)"):
        connection.execute(f"CREATE FUNCTION public.{function} RETURNS jsonb {body}".encode())
    told: list[str] = []
    postgres.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
    http = {"url": "http://127.0.0.1:9/", "method": "GET", "headers": {"X-A": f"{{{KEY}}}"}, "timeout": 1}
    job = Job.model_validate({"description": "d", "schedule": "0 1 * * *", "http": http})
    command = compile_command("nightly", job, stack=STACK, schema="public")
    postgres.execute(command.encode())
    assert told == []
    postgres.execute(command.replace("pg_catalog.", "").encode())
    assert told == ["theirs ran as postgres"], "the test would not see it"


def test_no_request_is_sent_through_what_somebody_attached_to_the_queue(
    provide: Provide,
    operator: tuple[Connection, list[str]],
    postgres: Connection,
    superuser: Connection,
    endpoint: Endpoint,
) -> None:
    provide(RunLedgerProvider).create({"schema_name": "public", "owner": STACK})
    provide(SecretProvider).create(secret("planted-other", "other"))
    endpoint.accept("planted-first")
    provide(SecretProvider).create(secret("planted-first", probe=probe(endpoint)))
    told: list[str] = []
    postgres.add_notice_handler(lambda notice: told.append(notice.message_primary or ""))
    connection, said = operator
    superuser.execute(
        "CREATE FUNCTION public.of_somebody() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE NOTICE 'theirs ran as %', current_user; RETURN NEW; END$$"
    )
    superuser.execute(f"ALTER FUNCTION public.of_somebody() OWNER TO {OPERATOR}".encode())
    superuser.execute(
        "CREATE TRIGGER theirs BEFORE INSERT ON net.http_request_queue FOR EACH ROW EXECUTE FUNCTION public.of_somebody()"
    )
    http = {"url": f"{endpoint.url}/", "method": "GET", "headers": {"X-A": f"{{{KEY}}}"}, "timeout": 1}
    job = Job.model_validate({"description": "d", "schedule": "0 1 * * *", "http": http})
    command = compile_command("nightly", job, stack=STACK, schema="public")
    postgres.execute("SELECT cron.schedule('nightly', '0 0 1 1 *', %s)", [command])
    postgres.execute("SELECT public.watch_cron_jobs()")
    postgres.execute("INSERT INTO public.cron_runs (job, state, settled_at) VALUES ('nightly', 'failed', now())")
    alert = compile_alert(
        "team", "job", Alert.model_validate({"http": {"url": f"{endpoint.url}/"}}), stack=STACK, schema="public"
    )
    try:
        for statement in (command, alert):
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="somebody put a trigger on"):
                postgres.execute(statement.encode())
        connection.execute("SELECT public.rotate_cron_secret(%s, 'planted-of-the-operator')", [KEY])
        state = connection.execute("SELECT state, detail FROM public.settle_cron_secret(%s)", [KEY]).fetchone()
        assert state == ("refused", "its probe cannot be sent (SQLSTATE 55000)")
        assert told + said == []
        postgres.execute(command.replace('WHERE "public".guard_cron_queue()', "").encode())
        assert told == ["theirs ran as postgres"], "the test would not see it"
    finally:
        superuser.execute("DROP TRIGGER theirs ON net.http_request_queue")
        superuser.execute("DROP FUNCTION public.of_somebody()")
    postgres.execute(command.encode())


def test_who_holds_the_queue_does_not_hold_a_job_for_long(
    provide: Provide, operator: tuple[Connection, list[str]], postgres: Connection
) -> None:
    connection, _ = operator
    with connection.transaction(force_rollback=True):
        connection.execute("LOCK TABLE net.http_request_queue IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            postgres.execute("SELECT public.guard_cron_queue()")
    assert 9 < time.monotonic() - began < 30


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE public.cron_secret_declarations SET hosts = NULL WHERE key = 'supabase_url'",
        "UPDATE public.cron_secret_declarations SET hosts = '{home.example}' WHERE key = 'supabase_url'",
        "UPDATE public.cron_secret_declarations SET format = 'url', hosts = NULL WHERE key = 'supabase_url'",
    ],
)
def test_an_address_is_guarded_by_what_is_declared_once_a_deployment_has_ended(
    provide: Provide, operator: tuple[Connection, list[str]], postgres: Connection, conninfo: str, change: str
) -> None:
    was_token = "format" in change
    kind = {"format": "token"} if was_token else {"format": "url", "hosts": ["home.example", "next.example"]}
    provide(SecretProvider).create(secret("home-alone" if was_token else "https://home.example", ADDRESS, **kind))
    before = current(postgres, ADDRESS)
    connection, _ = operator
    moved = "next.example" if was_token else "https://next.example"
    refused: list[psycopg.Error] = []

    def move() -> None:
        try:
            connection.execute("SELECT public.rotate_cron_secret(%s, %s)", [ADDRESS, moved])
        except psycopg.Error as exc:
            refused.append(exc)

    with psycopg.connect(conninfo) as deploying:
        deploying.execute(change.encode())
        thread = threading.Thread(target=move)
        thread.start()
        waiting = "SELECT FROM pg_stat_activity WHERE usename = %s AND wait_event_type = 'Lock'"
        while not postgres.execute(waiting, [OPERATOR]).rowcount:
            time.sleep(0.02)
        deploying.commit()
        thread.join()
    assert "may not move" in str(refused)
    assert current(postgres, ADDRESS) == before


@pytest.mark.parametrize("body", ['{"ok": "\\u0000"}', "[" * 20000, '{"ok": 1e1000000}', "no json", ""])
def test_an_answer_that_jsonb_refuses_stops_nothing(provide: Provide, postgres: Connection, body: str) -> None:
    (problem,) = postgres.execute("SELECT public.cron_body_problem(%s, '$.ok == true')", [body]).fetchone() or ()
    assert problem in {"a body that is no success", "no text that jsonb can hold"}


def test_secrets_that_are_too_long_to_look_for_let_nothing_be_kept(postgres: Connection) -> None:
    postgres.execute(
        "INSERT INTO public.cron_secrets (key, value) SELECT 'k' || n, "
        "(SELECT string_agg(md5(n::text || m), '') FROM generate_series(1, 256) AS m) FROM generate_series(1, 40) AS n"
    )
    masked = "SELECT public.mask_cron_secrets(%s, public.cron_secret_pattern(), 100)"
    assert postgres.execute(masked.encode(), ["two\nlines"]).fetchone() == ("***",)


def test_every_function_of_ours_has_a_path_that_nobody_can_turn(postgres: Connection) -> None:
    rows = postgres.execute(
        "SELECT proname::text, proconfig FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ 'cron|secret'"
    ).fetchall()
    assert len(rows) == len(STORE_FUNCTIONS) + len(ROTATION_FUNCTIONS)
    assert {name: settings[0] for name, settings in rows} == dict.fromkeys(
        (name for name, _ in rows), "search_path=pg_catalog, pg_temp"
    )


def printing(connection: Connection) -> None:
    """Let the server send to the client all that a caller without rights can have it send."""
    rows = connection.execute(
        "SELECT name FROM pg_settings WHERE context = 'user' AND name LIKE 'debug\\_print%'"
    ).fetchall()
    for (name,) in rows:
        connection.execute(f"SET {name} = on".encode())
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.execute("SET client_min_messages = debug5")


def holds(told: list[str], value: str) -> bool:
    """Whether a value stands in what was told: in clear, in hex, or byte by byte, as a printed plan has it."""
    encoded = value.encode()
    forms = (value, encoded.hex(), " ".join(str(byte) for byte in encoded))
    text = re.sub(r"\s+", " ", "\n".join(told)).lower()
    return any(form.lower() in text for form in forms)


def test_what_a_caller_has_printed_holds_no_value_but_his_own(
    provide: Provide, operator: tuple[Connection, list[str]], superuser: Connection, endpoint: Endpoint
) -> None:
    endpoint.accept("planted-first", "planted-of-the-operator")
    provide(SecretProvider).create(secret("planted-other", "other"))
    provide(SecretProvider).create(secret("planted-first", probe=probe(endpoint)))
    connection, told = operator
    printing(connection)
    connection.execute("SELECT public.rotate_cron_secret(%s, %s)", [KEY, "planted-of-the-operator"])
    while connection.execute("SELECT state FROM public.settle_cron_secret(%s)", [KEY]).fetchone() == ("waiting",):
        pass
    connection.execute("SELECT public.undo_cron_secret(%s)", [KEY])
    assert told, "the session has plans printed"
    assert not holds(told, "planted-first")
    assert not holds(told, "planted-other")

    connection.execute("SELECT public.rotate_cron_secret(%s, %s)", [KEY, "planted-of-the-operator"])
    while connection.execute("SELECT state FROM public.settle_cron_secret(%s)", [KEY]).fetchone() == ("waiting",):
        pass
    for setting in ("plan_cache_mode", "debug_print_plan", "debug_print_parse", "debug_print_rewritten"):
        alter_all(superuser, f"RESET {setting}")
    connection.execute("SELECT public.undo_cron_secret(%s)", [KEY])
    assert holds(told, "planted-first"), "the test would not see it"


def test_all_that_prints_and_a_caller_may_set_is_pinned(operator: tuple[Connection, list[str]]) -> None:
    connection, _ = operator
    rows = connection.execute(
        "SELECT name FROM pg_settings WHERE context = 'user' AND name LIKE 'debug\\_print%'"
    ).fetchall()
    for function in ROTATION_FUNCTIONS.values():
        pinned = {setting.partition("=")[0] for setting in function.settings}
        assert {found for (found,) in rows} <= pinned


def logged(connection: Connection, told: list[str], store: str) -> None:
    """Let a superuser's session be told what a server logs that explains each statement, nested ones too."""
    connection.add_notice_handler(lambda notice: told.append(f"{notice.message_primary}\n{notice.context}"))
    connection.execute("LOAD 'auto_explain'")
    for setting in ("log_min_duration = 0", "log_nested_statements = on", "log_verbose = on", "log_analyze = on"):
        connection.execute(f"SET auto_explain.{setting}".encode())
    if store == "vault" and connection.info.server_version >= 160000:  # what Vault's functions in SQL are given
        connection.execute("SET auto_explain.log_parameter_max_length = 0")
    connection.execute("SET client_min_messages = log")
    connection.execute("SET ROLE postgres")


def test_a_server_that_logs_the_plans_of_nested_statements_logs_no_value(
    provide: Provide, superuser: Connection, superuser_conninfo: str, endpoint: Endpoint, store: str
) -> None:
    provide(SecretProvider).create(secret("planted-other", "other"))
    endpoint.accept("planted-first", "planted-second")
    provide(SecretProvider).create(secret("planted-first", probe=probe(endpoint)))
    told: list[str] = []
    with psycopg.connect(superuser_conninfo, autocommit=True, prepare_threshold=None) as connection:
        logged(connection, told, store)
        with connection.transaction():
            connection.execute(
                "INSERT INTO public.cron_secret_stages (key, stage, value) VALUES ('cron_secret', 'given', 'planted-second')"
            )
            told.clear()
            connection.execute("SELECT public.stage_cron_secret(%s)", [KEY])
        while connection.execute("SELECT state FROM public.settle_cron_secret(%s)", [KEY]).fetchone() == ("waiting",):
            pass
        connection.execute("SELECT public.undo_cron_secret(%s)", [KEY])
    text = "\n".join(told)
    assert "net.http_request_queue" in text, "nested statements are shown"
    found = [value for value in ("planted-first", "planted-second", "planted-other") if holds(told, value)]
    assert found == []
    for setting in ("plan_cache_mode", "debug_print_plan"):
        alter_all(superuser, f"RESET {setting}")
    with psycopg.connect(superuser_conninfo, autocommit=True, prepare_threshold=None) as connection:
        logged(connection, told, store)
        connection.execute("SELECT public.rotate_cron_secret(%s, %s)", [KEY, "planted-second"])
        told.clear()
        while connection.execute("SELECT state FROM public.settle_cron_secret(%s)", [KEY]).fetchone() == ("waiting",):
            pass
    assert holds(told, "planted-second"), "the test would not see it"


ADDRESS = "supabase_url"


@pytest.mark.parametrize(
    ("hosts", "value", "may"),
    [
        (None, "https://elsewhere.example", False),
        (None, "https://home.example/other", False),
        (["home.example", "next.example"], "https://next.example:8443/functions/v1", True),
        (["home.example", "next.example"], "https://NEXT.example", True),
        (["home.example", "next.example"], "https://next.example./v1", True),
        (["home.example", "next.example"], "https://next.example.elsewhere.example", False),
        (["home.example", "next.example"], "https://elsewhere.example/next.example", False),
        (["home.example", "next.example"], "https://next.example@elsewhere.example", False),
        (["home.example", "http://kong"], "http://kong:8000/functions/v1", True),
        (["home.example", "http://kong"], "http://KONG.", True),
        (["home.example", "http://kong"], "http://home.example", False),
        (["home.example", "http://kong"], "http://elsewhere.example/kong", False),
        (["home.example", "http://kong"], "http://kong@elsewhere.example", False),
        (["home.example", "http://kong"], "https://kong", False),
    ],
)
def test_an_operator_moves_an_address_only_where_the_catalogue_says(
    provide: Provide,
    operator: tuple[Connection, list[str]],
    postgres: Connection,
    hosts: list[str] | None,
    value: str,
    may: bool,
) -> None:
    wanted = secret("https://home.example", ADDRESS, format="url", **({"hosts": hosts} if hosts else {}))
    created = provide(SecretProvider).create(wanted)
    assert not provide(SecretProvider).diff(created.id, created.outs, wanted).changes
    connection, _ = operator
    if may:
        connection.execute("SELECT public.rotate_cron_secret(%s, %s)", [ADDRESS, value])
        assert current(postgres, ADDRESS) == value
        return
    with pytest.raises(
        psycopg.errors.InvalidParameterValue, match="is an address, which hostile_operator may not move"
    ):
        connection.execute("SELECT public.rotate_cron_secret(%s, %s)", [ADDRESS, value])
    assert current(postgres, ADDRESS) == "https://home.example"


def test_the_database_demands_https_but_for_what_the_stack_names(provide: Provide, postgres: Connection) -> None:
    provide(SecretProvider).create(secret("http://kong:8000", ADDRESS, format="url", hosts=["http://kong"]))
    assert current(postgres, ADDRESS) == "http://kong:8000"
    for value in ("http://next.example", "http://kong.example", "http://kong:8000/"):
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="is no web address with https"):
            postgres.execute("SELECT public.rotate_cron_secret(%s, %s)", [ADDRESS, value])
    postgres.execute("SELECT public.rotate_cron_secret(%s, 'http://kong/v1')", [ADDRESS])
    assert current(postgres, ADDRESS) == "http://kong/v1"


def test_who_deploys_moves_an_address_and_an_operator_cannot_take_it_back(
    provide: Provide, operator: tuple[Connection, list[str]], postgres: Connection
) -> None:
    provide(SecretProvider).create(secret("https://home.example", ADDRESS, format="url"))
    postgres.execute("SELECT public.rotate_cron_secret(%s, 'https://next.example')", [ADDRESS])
    assert current(postgres, ADDRESS) == "https://next.example"
    connection, _ = operator
    with pytest.raises(
        psycopg.errors.InvalidParameterValue, match="is an address, which hostile_operator may not move"
    ):
        connection.execute("SELECT public.undo_cron_secret(%s)", [ADDRESS])
    postgres.execute("SELECT public.undo_cron_secret(%s)", [ADDRESS])
    assert current(postgres, ADDRESS) == "https://home.example"


def test_a_role_that_the_deployer_takes_on_is_bound_as_the_role(
    provide: Provide, operator: tuple[Connection, list[str]], postgres: Connection, superuser: Connection
) -> None:
    provide(SecretProvider).create(secret("https://home.example", ADDRESS, format="url"))
    superuser.execute(f"GRANT {OPERATOR} TO postgres".encode())
    postgres.execute(f"SET ROLE {OPERATOR}".encode())
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="may not move"):
        postgres.execute("SELECT public.rotate_cron_secret(%s, 'https://next.example')", [ADDRESS])
    postgres.execute("RESET ROLE")


def test_hosts_that_somebody_changed_are_drift(
    provide: Provide, postgres: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = secret("https://home.example", ADDRESS, format="url", hosts=["home.example"])
    created = provide(SecretProvider).create(wanted)
    postgres.execute("UPDATE public.cron_secret_declarations SET hosts = '{elsewhere.example}'")
    assert provide(SecretProvider).diff(created.id, created.outs, wanted).changes
    assert "hosts is ['elsewhere.example'] there, ['home.example'] in the state" in capsys.readouterr().out
    assert provide(SecretProvider).update(created.id, created.outs, wanted).outs == created.outs


def test_an_answer_that_a_stranger_wrote_first_proves_nothing(
    provide: Provide, operator: tuple[Connection, list[str]], postgres: Connection, endpoint: Endpoint
) -> None:
    endpoint.accept("planted-first")
    provide(SecretProvider).create(secret("planted-other", "other"))
    created = provide(SecretProvider).create(secret("planted-first", probe=probe(endpoint)))
    connection, _ = operator
    (last,) = postgres.execute("SELECT last_value FROM net.http_request_queue_id_seq").fetchone() or (0,)
    connection.execute(  # the probe's ids can be foreseen, and every login may write there
        "INSERT INTO net._http_response (id, status_code, content, timed_out) "
        "SELECT id, CASE WHEN id %% 2 = 0 THEN 200 ELSE 401 END, '{}', false FROM generate_series(%s::int, %s) AS id",
        [last + 1, last + 2],
    )
    with pytest.raises(ProbeRefused, match="has more than one answer"):
        provide(SecretProvider).update(created.id, created.outs, secret("planted-bad", probe=probe(endpoint)))
    assert current(postgres) == "planted-first"


def test_an_answer_does_not_count_while_the_request_waits(
    provide: Provide, operator: tuple[Connection, list[str]], postgres: Connection, endpoint: Endpoint
) -> None:
    endpoint.accept("planted-first")
    provide(SecretProvider).create(secret("planted-other", "other"))
    provide(SecretProvider).create(secret("planted-first", probe=probe(endpoint)))
    document = json.dumps({"request": "SELECT 1", "timeout": 60, "status": "{[200,201)}", "control": False})
    with postgres.transaction(force_rollback=True):
        (request,) = postgres.execute(
            "INSERT INTO net.http_request_queue (method, url, headers, timeout_milliseconds) "
            "VALUES ('GET', 'http://127.0.0.1:1/', '{}', 1) RETURNING id"
        ).fetchone() or (0,)
        postgres.execute("INSERT INTO net._http_response (id, status_code) VALUES (%s, 200)", [request])
        ask = "SELECT public.cron_probe_verdict(%s, %s, NULL, clock_timestamp())"
        assert postgres.execute(ask, [document, request]).fetchone() == (None,)
        postgres.execute("DELETE FROM net.http_request_queue WHERE id = %s", [request])
        assert postgres.execute(ask, [document, request]).fetchone() == ("accepted",)


def test_the_made_up_value_goes_first_as_often_as_not(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    endpoint.accept()
    provide(SecretProvider).create(secret("planted-other", "other"))
    orders = set()
    for _ in range(40):
        with pytest.raises(ProbeRefused):
            provide(SecretProvider).create(secret("planted-bad", probe=probe(endpoint)))
        with postgres.transaction(force_rollback=True):
            postgres.execute(
                "INSERT INTO public.cron_secret_declarations (key, owner, probe) VALUES ('cron_secret', 'x', %s)",
                [json.dumps(probe(endpoint))],
            )
            postgres.execute("SELECT public.rotate_cron_secret('cron_secret', 'planted-bad')")
            row = postgres.execute("SELECT request < control FROM public.cron_secret_probes").fetchone()
            orders.add(row)
        if len(orders) == 2:
            return
    assert orders == {(True,), (False,)}
