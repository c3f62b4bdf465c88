"""Rotation in stages, with the pg_net worker and a real endpoint: a bad key never goes live, and nobody is left waiting."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from components.catalogue.request import Probe
from components.declaration.command import compile_probe, multirange
from components.errors import Conflict, ProbeRefused, StatementFailed
from components.objects.secret import ProbeArgs
from components.objects.secret_store import TABLES
from components.secret import SecretProvider
from components.secret_store import SecretStoreProvider
from tests.integration.components.endpoint import Answer, Asked, Endpoint

STACK = "supabase-cron/test"
KEY = "cron_secret"
Props = dict[str, Any]
Provide = Callable[..., Any]
Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(params=["table", "vault"])
def store(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(autouse=True)
def installed(install: Callable[..., None], clean: None, store: str) -> None:
    install(store=store)


def probe(endpoint: Endpoint, path: str = "/probe", **changes: Any) -> Props:
    timeout = changes.pop("timeout", 5)
    declared = Probe(url=f"{endpoint.url}{path}", auth={"bearer": KEY}, timeout=timeout)
    return {
        "request": compile_probe(KEY, declared, schema="public"),
        "timeout": timeout,
        "status": multirange(declared.success.status),
        "control": True,
        **changes,
    }


def secret(value: str, **changes: Any) -> Props:
    return {"schema_name": "public", "key": KEY, "value": value, "description": "d", "owner": STACK, **changes}


def current(postgres: Connection) -> str | None:
    try:
        row = postgres.execute("SELECT public.get_secret(%s)", [KEY]).fetchone()
    except psycopg.errors.NoDataFound:
        return None
    assert row is not None
    found: str = row[0]
    return found


def actions(postgres: Connection) -> list[str]:
    return [
        action for (action,) in postgres.execute("SELECT action FROM public.cron_secret_audit ORDER BY at").fetchall()
    ]


def left(postgres: Connection) -> list[tuple[str, str]]:
    """What is on its way: stage and value."""
    return postgres.execute(
        "SELECT stage, public.cron_secret_value(value) FROM public.cron_secret_stages ORDER BY stage"
    ).fetchall()


def sweep(postgres: Connection) -> None:
    postgres.execute("SELECT public.sweep_cron_secrets()")


def sweep_until(postgres: Connection, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)
        sweep(postgres)


def test_a_value_that_passes_its_probe_becomes_current(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    endpoint.accept("planted-1", "planted-2")
    created = provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
    updated = provide(SecretProvider).update(created.id, created.outs, secret("planted-2", probe=probe(endpoint)))
    assert current(postgres) == "planted-2"
    assert left(postgres) == [("previous", "planted-1")]
    assert actions(postgres) == ["staged", "probed", "created", "staged", "probed", "rotated"]
    assert [bearer for bearer in endpoint.bearers() if not bearer.startswith("supabase-cron-made-up-")] == [
        "planted-1",
        "planted-2",
    ]
    assert updated.outs["rotated_in_database"] is None
    assert (
        not provide(SecretProvider).diff(created.id, updated.outs, secret("planted-2", probe=probe(endpoint))).changes
    )


def forbidden(_: Asked) -> Answer:
    return Answer(401, '{"message": "planted-echo planted-2"}')


def redirected(asked: Asked) -> Answer:
    return Answer(302, location="/login") if asked.path == "/probe" else Answer(200, "planted-login-page")


def round_and_round(_: Asked) -> Answer:
    return Answer(302, location="/probe")


@pytest.mark.parametrize(
    ("answer", "changes", "told"),
    [
        (forbidden, {}, "its probe was answered with status 401"),
        (lambda _: Answer(delay=3), {"timeout": 1.0}, "its probe had no answer within 1 s"),
        (redirected, {}, "its probe was answered with status 200, but by another address, to which it was redirected"),
        (
            redirected,
            {"redirects": "follow"},
            "its probe accepts a made-up value as well and so proves nothing (is it redirected?)",
        ),
        (round_and_round, {}, "its probe was redirected without end"),
        (
            lambda _: Answer(body='{"ok": false}'),
            {"body": "$.ok == true"},
            "its probe was answered with status 200 and a body that is no success",
        ),
        (lambda _: Answer(body="<html>"), {"body": "$.ok == true"}, "status 200 and a body that is no success"),
        (lambda _: Answer(204, ""), {"status": "{[200,201)}"}, "its probe was answered with status 204"),
        (
            lambda asked: Answer(delay=3 if "made-up" in asked.bearer else 0),
            {"timeout": 1.0},
            "its probe proves nothing, since nobody answered it with a made-up value; try again",
        ),
    ],
    ids=[
        "forbidden",
        "slow",
        "redirected",
        "redirects followed",
        "redirected without end",
        "no success",
        "no json",
        "another status",
        "made-up value not answered",
    ],
)
def test_a_value_that_fails_its_probe_changes_nothing(
    answer: Callable[[Asked], Answer],
    changes: Props,
    told: str,
    provide: Provide,
    postgres: Connection,
    endpoint: Endpoint,
) -> None:
    endpoint.accept("planted-1")
    created = provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
    before = endpoint.bearers()
    endpoint.answer = answer
    with pytest.raises(ProbeRefused) as refused:
        provide(SecretProvider).update(created.id, created.outs, secret("planted-2", probe=probe(endpoint, **changes)))
    assert told in str(refused.value)
    assert str(refused.value).startswith("secret 'cron_secret': the new value was refused and nothing has changed: ")
    assert "planted" not in str(refused.value)
    assert current(postgres) == "planted-1"
    assert left(postgres) == []
    assert actions(postgres)[-1] == "refused"
    assert endpoint.bearers() != before
    audit = postgres.execute("SELECT a::text FROM public.cron_secret_audit AS a").fetchall()
    assert "planted" not in str(audit)


def test_an_endpoint_that_is_down_refuses(provide: Provide, postgres: Connection, endpoint: Endpoint) -> None:
    declared = probe(endpoint)
    declared["request"] = declared["request"].replace(endpoint.url, "http://127.0.0.1:1")
    with pytest.raises(ProbeRefused, match="nothing listens where its probe goes"):
        provide(SecretProvider).create(secret("planted-1", probe=declared))


def test_a_first_value_that_is_refused_leaves_nothing(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    endpoint.accept()
    with pytest.raises(ProbeRefused):
        provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
    for table in TABLES:
        if table != "cron_secret_audit":
            assert postgres.execute(f"SELECT count(*) FROM public.{table}".encode()).fetchone() == (0,)
    assert postgres.execute("SELECT count(*) FROM vault.secrets").fetchone() == (0,)


def interrupt_before_the_answer(postgres: Connection) -> None:
    """Whoever rotates vanishes right after the value was staged; the function call is all that was done."""
    postgres.execute("SELECT public.rotate_cron_secret(%s, 'planted-2')", [KEY])


def test_an_interrupted_rotation_is_finished_by_the_sweep(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    endpoint.accept("planted-1", "planted-2")
    provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
    interrupt_before_the_answer(postgres)
    assert current(postgres) == "planted-1"
    sweep_until(postgres, lambda: current(postgres) == "planted-2")
    sweep(postgres)
    assert actions(postgres)[3:] == ["staged", "probed", "rotated"]


def test_an_interrupted_rotation_is_refused_by_the_sweep(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    endpoint.accept("planted-1")
    provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
    interrupt_before_the_answer(postgres)
    sweep_until(postgres, lambda: left(postgres) == [])
    assert current(postgres) == "planted-1"
    assert actions(postgres)[-1] == "refused"


def test_a_probe_that_a_crash_took_away_is_sent_again(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    endpoint.accept("planted-1", "planted-2")
    provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
    interrupt_before_the_answer(postgres)
    postgres.execute("TRUNCATE public.cron_secret_probes")  # what recovery does to an unlogged table
    sweep_until(postgres, lambda: current(postgres) == "planted-2")
    assert actions(postgres)[3:] == ["staged", "probed", "probed", "rotated"]


def test_a_probe_that_is_never_answered_is_refused_in_the_end(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    endpoint.accept("planted-1")
    provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
    interrupt_before_the_answer(postgres)
    postgres.execute(
        "UPDATE public.cron_secret_probes SET request = -1, control = -2, sent_at = now() - interval '34 s'"
    )
    sweep(postgres)
    assert [stage for stage, _ in left(postgres)] == ["pending"], "not before its timeout and some patience are over"
    postgres.execute("UPDATE public.cron_secret_probes SET sent_at = now() - interval '36 s'")
    sweep(postgres)
    assert left(postgres) == []
    detail = postgres.execute("SELECT detail FROM public.cron_secret_audit WHERE action = 'refused'").fetchone()
    assert detail == ("its probe was not sent or its answer got lost (does the worker of pg_net run?)",)


def test_pulumi_takes_up_a_rotation_of_its_own_that_was_interrupted(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    endpoint.accept("planted-1", "planted-2")
    created = provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
    interrupt_before_the_answer(postgres)
    provide(SecretProvider).update(created.id, created.outs, secret("planted-2", probe=probe(endpoint)))
    assert current(postgres) == "planted-2"
    assert actions(postgres).count("staged") == 2


def test_two_at_once_one_wins_and_one_is_told(
    provide: Provide, postgres: Connection, endpoint: Endpoint, conninfo: str
) -> None:
    endpoint.answer = lambda asked: Answer(401 if "made-up" in asked.bearer else 200, delay=0.5)
    provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
    told: list[str] = []
    start = threading.Barrier(2)

    def rotate(value: str) -> None:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            start.wait()
            try:
                connection.execute("SELECT public.rotate_cron_secret(%s, %s)", [KEY, value])
            except psycopg.errors.ObjectInUse as exc:
                told.append(str(exc.diag.message_primary))

    threads = [threading.Thread(target=rotate, args=[f"planted-by-{who}"]) for who in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["another rotation of cron secret 'cron_secret' waits for the answer to its probe"]
    sweep_until(postgres, lambda: current(postgres) != "planted-1")
    assert actions(postgres).count("staged") == 2
    assert [stage for stage, _ in left(postgres)] == ["previous"]


def test_without_a_probe_two_at_once_follow_each_other(provide: Provide, postgres: Connection, conninfo: str) -> None:
    provide(SecretProvider).create(secret("planted-0"))

    def rotate(who: int) -> None:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            for turn in range(10):
                connection.execute("SELECT public.rotate_cron_secret(%s, %s)", [KEY, f"planted-{who}-{turn}"])

    threads = [threading.Thread(target=rotate, args=[who]) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert actions(postgres).count("rotated") == 40
    assert [stage for stage, _ in left(postgres)] == ["previous"]
    if postgres.execute("SELECT count(*) FROM vault.secrets").fetchone() != (0,):
        assert postgres.execute("SELECT count(*) FROM vault.secrets").fetchone() == (2,)


def test_undo_restores_the_previous_value_once(provide: Provide, postgres: Connection) -> None:
    created = provide(SecretProvider).create(secret("planted-1"))
    with pytest.raises(psycopg.errors.NoDataFound, match="has no previous value to go back to"):
        postgres.execute("SELECT public.undo_cron_secret(%s)", [KEY])
    provide(SecretProvider).update(created.id, created.outs, secret("planted-2"))
    postgres.execute("SELECT public.undo_cron_secret(%s)", [KEY])
    assert current(postgres) == "planted-1"
    with pytest.raises(psycopg.errors.NoDataFound, match="has no previous value to go back to"):
        postgres.execute("SELECT public.undo_cron_secret(%s)", [KEY])
    assert current(postgres) == "planted-1"
    assert actions(postgres)[-2:] == ["rotated", "undone"]


def test_a_previous_value_is_forgotten_after_its_grace_time(provide: Provide, postgres: Connection) -> None:
    created = provide(SecretProvider).create(secret("planted-1", grace=0.2))
    provide(SecretProvider).update(created.id, created.outs, secret("planted-2", grace=0.2))
    time.sleep(0.3)
    sweep(postgres)
    assert left(postgres) == []
    assert actions(postgres)[-1] == "forgotten"
    assert "planted-1" not in str(postgres.execute("SELECT decrypted_secret FROM vault.decrypted_secrets").fetchall())


def test_a_key_that_nobody_declares_is_not_rotated(postgres: Connection) -> None:
    postgres.execute("INSERT INTO public.cron_secrets (key, value) VALUES ('by_hand', 'planted-hand')")
    for call in ("rotate_cron_secret('by_hand', 'planted-2')", "undo_cron_secret('nobody')", "settle_cron_secret('x')"):
        with pytest.raises(psycopg.errors.NoDataFound, match="is not declared"):
            postgres.execute(f"SELECT public.{call}".encode())


def test_who_asked_is_told_even_where_the_sweep_finished(
    provide: Provide, postgres: Connection, superuser: Connection, endpoint: Endpoint, conninfo: str
) -> None:
    endpoint.accept("planted-1", "planted-2")
    created = provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
    superuser.execute("CREATE ROLE alice LOGIN PASSWORD 'local'")
    try:
        superuser.execute("GRANT EXECUTE ON FUNCTION public.rotate_cron_secret(text, text) TO alice")
        with psycopg.connect(conninfo, user="alice", password="local", autocommit=True) as alice:
            alice.execute("SELECT public.rotate_cron_secret(%s, 'planted-2')", [KEY])
        sweep_until(postgres, lambda: current(postgres) == "planted-2")
        read = provide(SecretProvider).read(created.id, created.outs)
        assert read.outs["rotated_in_database"].startswith("set by alice at ")
    finally:
        superuser.execute("DROP OWNED BY alice")
        superuser.execute("DROP ROLE alice")


def test_restore_puts_the_configured_value_back(provide: Provide, postgres: Connection) -> None:
    created = provide(SecretProvider).create(secret("planted-1"))
    postgres.execute("SELECT public.rotate_cron_secret(%s, 'planted-2')", [KEY])
    wanted = secret("planted-1", on_rotated_in_database="restore")
    assert provide(SecretProvider).diff(created.id, created.outs, wanted).changes
    provide(SecretProvider).update(created.id, created.outs, wanted)
    assert current(postgres) == "planted-1"


def test_fail_stops_with_who_and_when(provide: Provide, postgres: Connection) -> None:
    created = provide(SecretProvider).create(secret("planted-1"))
    wanted = secret("planted-1", on_rotated_in_database="fail")
    assert provide(SecretProvider).check(created.outs, wanted).failures == []
    postgres.execute("SELECT public.rotate_cron_secret(%s, 'planted-2')", [KEY])
    (failure,) = provide(SecretProvider).check(created.outs, wanted).failures
    assert failure.reason.startswith("secret 'cron_secret' was rotated in the database (set by postgres at ")
    assert "planted" not in failure.reason
    with pytest.raises(Conflict):
        provide(SecretProvider).update(created.id, created.outs, {**wanted, "description": "new"})
    new_value = secret("planted-3", on_rotated_in_database="fail")
    assert provide(SecretProvider).check(created.outs, new_value).failures == []


def test_a_predicate_that_is_none_is_refused_before_anything_changes(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    with pytest.raises(StatementFailed, match="jsonpath"):
        provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint, body="$.ok ==")))
    assert actions(postgres) == []


def test_a_changed_probe_is_told_and_mended_without_being_shown(
    provide: Provide, postgres: Connection, endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.accept("planted-1")
    wanted = secret("planted-1", probe=probe(endpoint))
    created = provide(SecretProvider).create(wanted)
    tampered = json.dumps({**wanted["probe"], "request": "SELECT 1 -- planted-paste"})
    postgres.execute("UPDATE public.cron_secret_declarations SET probe = %s", [tampered])
    assert provide(SecretProvider).diff(created.id, created.outs, wanted).changes
    told = capsys.readouterr().out
    assert "probe is 'another' there" in told
    assert "planted" not in told
    updated = provide(SecretProvider).update(created.id, created.outs, wanted)
    assert updated.outs == created.outs


def test_the_store_moves_both_ways_while_jobs_read(
    provide: Provide, postgres: Connection, conninfo: str, store: str
) -> None:
    created = provide(SecretProvider).create(secret("planted-1"))
    provide(SecretProvider).update(created.id, created.outs, secret("planted-2"))
    other = {"table": "vault", "vault": "table"}[store]
    failures: list[str] = []
    stop = threading.Event()

    def job() -> None:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            while not stop.is_set():
                try:
                    connection.execute("SELECT public.get_secret(%s), pg_sleep(0.001)", [KEY])
                except psycopg.Error as exc:
                    failures.append(str(exc))

    jobs = [threading.Thread(target=job) for _ in range(4)]
    for each in jobs:
        each.start()
    first = {"schema_name": "public", "owner": STACK, "store": store}
    for target in (other, store, other):
        moved = provide(SecretStoreProvider).update("public", first, {**first, "store": target})
        assert moved.outs["differences"] == []
        assert not provide(SecretStoreProvider).diff("public", moved.outs, {**first, "store": target}).changes
        assert current(postgres) == "planted-2"
        assert left(postgres) == [("previous", "planted-1")]
        stored = str(
            postgres.execute(
                "SELECT value FROM public.cron_secrets UNION SELECT value FROM public.cron_secret_stages"
            ).fetchall()
        )
        assert ("planted" in stored) == (target == "table")
        assert postgres.execute("SELECT count(*) FROM vault.secrets").fetchone() == (
            (2,) if target == "vault" else (0,)
        )
    stop.set()
    for each in jobs:
        each.join()
    assert failures == []


def test_who_holds_one_key_does_not_keep_the_sweep_from_the_others(
    provide: Provide, postgres: Connection, conninfo: str
) -> None:
    for key in (KEY, "other"):
        created = provide(SecretProvider).create({**secret("planted-1"), "key": key})
        provide(SecretProvider).update(created.id, created.outs, {**secret("planted-2"), "key": key})
    postgres.execute("UPDATE public.cron_secret_stages SET expires_at = now()")
    with psycopg.connect(conninfo) as holding:
        holding.execute("SELECT public.settle_cron_secret(%s)", [KEY])
        postgres.execute("SET lock_timeout = '5s'")
        sweep(postgres)
        kept = postgres.execute("SELECT key FROM public.cron_secret_stages").fetchall()
        assert kept == [(KEY,)]
        holding.rollback()
    sweep(postgres)
    assert postgres.execute("SELECT FROM public.cron_secret_stages").rowcount == 0


def test_an_update_by_hand_goes_where_the_store_keeps_values(
    provide: Provide, postgres: Connection, store: str
) -> None:
    provide(SecretProvider).create(secret("planted-1"))
    postgres.execute("UPDATE public.cron_secrets SET value = 'planted-2' WHERE key = %s", [KEY])
    assert current(postgres) == "planted-2"
    assert actions(postgres)[-1] == "rotated"
    (stored,) = postgres.execute("SELECT value FROM public.cron_secrets").fetchone() or ("",)
    assert stored.startswith("vault:") == (store == "vault")


JWT = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2ln"


@pytest.mark.parametrize(
    ("declared", "good", "bad", "told"),
    [
        *(
            ({"format": "url"}, good, bad, "is no web address with https .* and without a slash at its end")
            for good, bad in (
                ("https://planted.example", "https://planted.example/"),
                ("http://127.0.0.1:80/v1", "planted.example"),
                ("http://localhost/v1", "http://planted.example"),
                ("http://[::1]:8000/v1", "http://planted.localhost"),
                ("https://[2001:db8::1]/v1", r"https://planted.example\@elsewhere.example"),
                ("https://me:planted%40@planted.example/v1?x=1", "https://planted@elsewhere@planted.example"),
                ("https://planted.example:8443", "https://planted.example:planted"),
                ("https://xn--plnted-9za.example", "https://plänted.example"),
                ("https://planted.example/a%20b", "https://planted.example/a b"),
                ("https://planted_host.example", "ftp://planted.example"),
            )
        ),
        ({}, "planted-1", "https://planted.example", "is an address, and its format is token"),
        ({"format": "jwt"}, JWT, "sb_secret_planted", r"is no JWT \(eyJ…\)"),
        ({"format": "api_key"}, "sb_secret_planted", JWT, r"is no new API key \(sb_…\)"),
        ({"min_bytes": 32}, "planted-" + "k" * 32, "planted-short", "is shorter than 32 bytes, too weak to sign with"),
        ({}, "planted-1", "p" * 8193, "is longer than 8192 bytes, more than a header may be"),
        ({}, "planted-1", "placeholder-planted", "is a placeholder"),
        ({}, "planted-1", "vault:3f2b8c1e-0000-4000-8000-000000000000", "is a reference to Vault"),
    ],
)
def test_a_value_of_another_kind_is_not_even_tried(
    declared: Props, good: str, bad: str, told: str, provide: Provide, postgres: Connection
) -> None:
    created = provide(SecretProvider).create(secret(good, **declared))
    assert not provide(SecretProvider).diff(created.id, created.outs, secret(good, **declared)).changes
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=told) as refused:
        postgres.execute("SELECT public.rotate_cron_secret(%s, %s)", [KEY, bad])
    assert "planted" not in str(refused.value)
    assert current(postgres) == good
    assert left(postgres) == []


def test_a_tampered_declaration_is_mended(provide: Provide, postgres: Connection) -> None:
    created = provide(SecretProvider).create(secret("planted-1", format="token", min_bytes=8, grace=60))
    postgres.execute("UPDATE public.cron_secret_declarations SET min_bytes = 1, grace = '1 year', format = 'url'")
    wanted = secret("planted-1", format="token", min_bytes=8, grace=60)
    assert provide(SecretProvider).diff(created.id, created.outs, wanted).changes
    assert provide(SecretProvider).update(created.id, created.outs, wanted).outs == created.outs


def test_a_probe_that_cannot_be_sent_refuses_without_quoting_the_value(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    declared = Probe(url=f"{{{KEY}}}/health")
    request = compile_probe(KEY, declared, schema="public")
    tried = ProbeArgs(request=request, timeout=1, status="{[200,201)}", control=False)
    with pytest.raises(ProbeRefused, match=r"its probe cannot be sent \(SQLSTATE [0-9A-Z]{5}\)") as refused:
        provide(SecretProvider).create(secret("planted-no-address", probe=tried))
    assert "planted" not in str(refused.value)


def test_a_pending_value_that_is_gone_from_vault_ends_the_rotation(
    provide: Provide, postgres: Connection, endpoint: Endpoint, store: str
) -> None:
    if store == "table":
        pytest.skip("the value is in the table")
    endpoint.accept("planted-1")
    provide(SecretProvider).create(secret("planted-1", probe=probe(endpoint)))
    interrupt_before_the_answer(postgres)
    postgres.execute("DELETE FROM vault.secrets WHERE name LIKE '%.pending'")
    sweep(postgres)
    assert left(postgres) == []
    assert current(postgres) == "planted-1"
    detail = postgres.execute("SELECT detail FROM public.cron_secret_audit WHERE action = 'refused'").fetchone()
    assert detail == ("it is not in Vault any more, or Vault cannot decrypt it",)


RESTORED = "UPDATE vault.secrets SET nonce = sha256(nonce)"
"""What a restore into another project leaves: values that its key does not decrypt."""


@pytest.fixture
def restored(superuser: Connection, store: str) -> Callable[[], object]:
    """Lets Vault decrypt nothing of what it has."""
    if store == "table":
        pytest.skip("the value is in the table")
    return lambda: superuser.execute(RESTORED.encode())


def test_a_value_that_vault_cannot_decrypt_is_set_again_by_up(
    provide: Provide, postgres: Connection, restored: Callable[[], object], capsys: pytest.CaptureFixture[str]
) -> None:
    created = provide(SecretProvider).create(secret("planted-1"))
    restored()
    with pytest.raises(psycopg.errors.DataException, match="cannot be decrypted by Vault: invalid ciphertext"):
        current(postgres)
    assert provide(SecretProvider).diff(created.id, created.outs, secret("planted-1")).changes
    provide(SecretProvider).update(created.id, created.outs, secret("planted-1"))
    assert current(postgres) == "planted-1"
    assert left(postgres) == [], "there is nothing to go back to"


def test_a_value_that_vault_cannot_decrypt_is_set_again_by_who_rotates(
    provide: Provide, postgres: Connection, restored: Callable[[], object]
) -> None:
    provide(SecretProvider).create(secret("planted-1"))
    postgres.execute("SELECT public.rotate_cron_secret(%s, 'planted-2')", [KEY])
    restored()
    postgres.execute("SELECT public.rotate_cron_secret(%s, 'planted-3')", [KEY])
    assert current(postgres) == "planted-3"


def test_a_value_that_vault_cannot_decrypt_stops_no_sweep(
    provide: Provide, postgres: Connection, restored: Callable[[], object]
) -> None:
    provide(SecretProvider).create(secret("planted-1"))
    restored()
    provide(SecretProvider).create({**secret("planted-other"), "key": "other"})
    assert postgres.execute("SELECT public.cron_secret_pattern()").fetchone() == (r"planted\-other",)
    assert postgres.execute("SELECT count(*) FROM public.cron_secret_expiries()").fetchone() == (0,)
    sweep(postgres)


def test_a_current_value_that_is_gone_from_vault_is_put_back(
    provide: Provide, postgres: Connection, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if store == "table":
        pytest.skip("the value is in the table")
    created = provide(SecretProvider).create(secret("planted-1"))
    postgres.execute("DELETE FROM vault.secrets")
    assert current(postgres) is None
    assert provide(SecretProvider).diff(created.id, created.outs, secret("planted-1")).changes
    provide(SecretProvider).update(created.id, created.outs, secret("planted-1"))
    assert current(postgres) == "planted-1"
