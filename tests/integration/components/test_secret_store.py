"""The store against a real server: upgraded without loss, never taken from a stranger, holes seen (test_access tries the lock)."""

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from components.errors import Conflict, StatementFailed
from components.objects.secret_store import AUDIT, DECLARATIONS, SECRETS, TABLES
from components.secret import SecretProvider
from components.secret_store import SecretStoreProvider

STACK = "supabase-cron/test"
Props = dict[str, Any]
Provide = Callable[..., Any]
Connection = psycopg.Connection[tuple[Any, ...]]


def store(schema: str = "public", **changes: Any) -> Props:
    return {"schema_name": schema, "owner": STACK, **changes}


def secret(key: str = "cron_secret", value: str = "planted-value", **changes: Any) -> Props:
    return {"schema_name": "public", "key": key, "value": value, "description": "d", "owner": STACK, **changes}


@pytest.mark.usefixtures("defaults")
def test_there_is_nothing_else_in_the_schema_that_others_could_reach(provide: Provide, postgres: Connection) -> None:
    provide(SecretStoreProvider).create(store("jobs_private"))
    found = postgres.execute(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'jobs_private'::regnamespace AND relkind NOT IN ('i', 't')"
    ).fetchall()
    assert {name for (name,) in found} == set(TABLES)


def test_get_secret_reads_for_the_owner_and_raises_for_what_is_not_set(
    install: Callable[..., None], provide: Provide, postgres: Connection
) -> None:
    install()
    provide(SecretProvider).create(secret())
    assert postgres.execute("SELECT public.get_secret('cron_secret')").fetchone() == ("planted-value",)
    with pytest.raises(psycopg.errors.NoDataFound, match="cron secret 'nobody' is unknown"):
        postgres.execute("SELECT public.get_secret('nobody')")
    postgres.execute("UPDATE public.cron_secrets SET value = 'placeholder-x'")
    with pytest.raises(psycopg.errors.NoDataFound, match="cron secret 'cron_secret' is not set"):
        postgres.execute("SELECT public.get_secret('cron_secret')")


SOURCE_DOCUMENT = """
CREATE TABLE public.cron_secrets (
    key text PRIMARY KEY, value text NOT NULL, description text, updated_at timestamptz DEFAULT now()
);
INSERT INTO public.cron_secrets VALUES ('cron_secret', 'by-hand', 'mine'), ('their_own', 'kept', NULL);
CREATE FUNCTION public.get_secret(secret_key text) RETURNS text LANGUAGE sql SECURITY DEFINER
    AS 'SELECT value FROM public.cron_secrets WHERE key = secret_key';
"""


def test_the_source_documents_table_is_adopted_with_its_rows(
    install: Callable[..., None], provide: Provide, postgres: Connection
) -> None:
    postgres.execute(SOURCE_DOCUMENT)
    (failure,) = provide(SecretStoreProvider).check({}, store()).failures
    assert "exists already" in failure.reason
    assert "adopt" in failure.reason
    with pytest.raises(Conflict):
        provide(SecretStoreProvider).create(store())
    created = provide(SecretStoreProvider).create(store(adopt=True))
    assert created.outs["differences"] == []
    assert postgres.execute("SELECT key, value FROM public.cron_secrets ORDER BY key").fetchall() == [
        ("cron_secret", "by-hand"),
        ("their_own", "kept"),
    ]
    assert postgres.execute("SELECT public.get_secret('their_own')").fetchone() == ("kept",)
    install()
    provide(SecretProvider).create(secret(adopt=True))
    assert postgres.execute("SELECT public.get_secret('cron_secret')").fetchone() == ("planted-value",)


def test_destroy_refuses_while_there_are_keys_that_nobody_declares(provide: Provide, postgres: Connection) -> None:
    created = provide(SecretStoreProvider).create(store())
    postgres.execute("INSERT INTO public.cron_secrets (key, value) VALUES ('their_own', 'kept-value')")
    with pytest.raises(StatementFailed, match="their_own") as refused:
        provide(SecretStoreProvider).delete(created.id, created.outs)
    assert "kept-value" not in str(refused.value)
    assert postgres.execute("SELECT count(*) FROM public.cron_secrets").fetchone() == (1,)
    provide(SecretStoreProvider).delete(created.id, {**created.outs, "destroy_foreign_secrets": True})
    assert postgres.execute("SELECT to_regclass('public.cron_secrets')").fetchone() == (None,)


def test_a_store_of_another_stack_is_refused(provide: Provide) -> None:
    provide(SecretStoreProvider).create(store(owner="other/prod"))
    (failure,) = provide(SecretStoreProvider).check({}, store(adopt=True)).failures
    assert "belongs to the stack other/prod" in failure.reason


def test_a_private_schema_comes_and_goes_with_the_store(provide: Provide, postgres: Connection) -> None:
    created = provide(SecretStoreProvider).create(store("jobs_private"))
    provide(SecretStoreProvider).delete(created.id, created.outs)
    assert postgres.execute("SELECT to_regnamespace('jobs_private')").fetchone() == (None,)


def test_a_schema_with_something_else_in_it_stays(provide: Provide, postgres: Connection) -> None:
    created = provide(SecretStoreProvider).create(store("jobs_private"))
    postgres.execute("CREATE TABLE jobs_private.theirs ()")
    provide(SecretStoreProvider).delete(created.id, created.outs)
    assert postgres.execute("SELECT to_regclass('jobs_private.theirs') IS NOT NULL").fetchone() == (True,)


def test_a_failed_create_leaves_nothing(provide: Provide, superuser: Connection, postgres: Connection) -> None:
    superuser.execute("CREATE VIEW public.cron_secret_audit AS SELECT 1 AS id")
    try:
        with pytest.raises(Conflict):
            provide(SecretStoreProvider).create(store(adopt=True))
    finally:
        superuser.execute("DROP VIEW public.cron_secret_audit")
    assert postgres.execute("SELECT to_regclass('public.cron_secrets')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("ALTER TABLE public.cron_secrets DISABLE ROW LEVEL SECURITY", "row security of cron_secrets: disabled"),
        ("CREATE POLICY open ON public.cron_secrets USING (true)", "policies of cron_secrets: ['open']"),
        ("DROP POLICY nobody ON public.cron_secrets", "policies of cron_secrets: []"),
        ("GRANT SELECT (value) ON public.cron_secrets TO PUBLIC", "privileges on cron_secrets: PUBLIC: SELECT"),
        (
            "GRANT EXECUTE ON FUNCTION public.get_secret(text) TO anon",
            "privileges on function get_secret: anon: EXECUTE",
        ),
        ("ALTER TABLE public.cron_secrets DISABLE TRIGGER USER", "triggers of cron_secrets: []"),
        ("ALTER FUNCTION public.get_secret(text) RESET search_path", "function get_secret: another settings"),
        ("DROP FUNCTION public.get_secret(text)", "function get_secret: gone"),
    ],
)
def test_every_hole_is_seen_and_closed(tampering: str, told: str, provide: Provide, postgres: Connection) -> None:
    created = provide(SecretStoreProvider).create(store())
    postgres.execute(tampering.encode())
    assert provide(SecretStoreProvider).read(created.id, created.outs).outs["differences"] == [told]
    assert provide(SecretStoreProvider).diff(created.id, created.outs, store()).changes
    assert provide(SecretStoreProvider).update(created.id, created.outs, store()).outs["differences"] == []


def test_the_declarations_and_the_audit_never_hold_a_value(
    install: Callable[..., None], provide: Provide, postgres: Connection
) -> None:
    install()
    provide(SecretProvider).create(secret(value="planted-first"))
    postgres.execute("SELECT public.rotate_cron_secret('cron_secret', 'planted-second')")
    postgres.execute("DELETE FROM public.cron_secrets")
    audit = postgres.execute(f"SELECT action, session_role FROM public.{AUDIT} ORDER BY at".encode()).fetchall()
    assert audit == [(action, "postgres") for action in ("staged", "created", "staged", "rotated", "deleted")]
    for table in (AUDIT, DECLARATIONS, SECRETS):
        rows = postgres.execute(f"SELECT t::text FROM public.{table} AS t".encode()).fetchall()
        assert not any("planted" in text for (text,) in rows)


FIRST_VERSION = """
CREATE TABLE public.cron_secrets (
    key text NOT NULL PRIMARY KEY, value text NOT NULL, description text, updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX cron_secrets_key_unique ON public.cron_secrets (key);
CREATE TABLE public.cron_secret_owners (key text NOT NULL PRIMARY KEY, owner text NOT NULL);
CREATE TABLE public.cron_secret_audit (
    id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    key text NOT NULL,
    action text NOT NULL CHECK (action IN ('created', 'rotated', 'described', 'deleted')),
    session_role text NOT NULL DEFAULT session_user,
    active_role text NOT NULL DEFAULT current_setting('role'),
    application text NOT NULL DEFAULT current_setting('application_name'),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX cron_secret_audit_key ON public.cron_secret_audit (key, at);
CREATE FUNCTION public.cron_secret_audit_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ''
AS 'BEGIN INSERT INTO public.cron_secret_audit (key, action) VALUES (NEW.key, ''created''); RETURN NULL; END';
CREATE TRIGGER cron_secret_audit AFTER INSERT OR UPDATE OR DELETE ON public.cron_secrets
    FOR EACH ROW EXECUTE FUNCTION public.cron_secret_audit_row();
COMMENT ON TABLE public.cron_secrets IS 'supabase-cron: supabase-cron/test';
COMMENT ON TABLE public.cron_secret_owners IS 'supabase-cron: supabase-cron/test';
COMMENT ON TABLE public.cron_secret_audit IS 'supabase-cron: supabase-cron/test';
COMMENT ON FUNCTION public.cron_secret_audit_row() IS 'supabase-cron: supabase-cron/test';
INSERT INTO public.cron_secrets VALUES ('cron_secret', 'planted-value', 'd');
INSERT INTO public.cron_secret_owners VALUES ('cron_secret', 'supabase-cron/test');
"""


@pytest.mark.parametrize("kept_in", ["table", "vault"])
def test_the_store_of_the_first_version_is_upgraded_without_losing_a_row(
    kept_in: str,
    install: Callable[..., None],
    provide: Provide,
    postgres: Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    postgres.execute(FIRST_VERSION)
    assert provide(SecretProvider).check(secret(), secret()).failures == []
    assert not provide(SecretProvider).diff("public.cron_secret", secret(), secret()).changes
    assert capsys.readouterr().out == "", "a preview before the upgrade tells of no drift"
    wanted = store(store=kept_in)
    assert provide(SecretStoreProvider).check(store(), wanted).failures == []
    assert provide(SecretStoreProvider).update("public", store(), wanted).outs["differences"] == []
    install(store=kept_in)
    assert not provide(SecretProvider).diff("public.cron_secret", secret(), secret()).changes
    assert postgres.execute("SELECT public.get_secret('cron_secret')").fetchone() == ("planted-value",)
    assert postgres.execute("SELECT count(*) FROM public.cron_secret_audit WHERE action = 'created'").fetchone() == (1,)
    postgres.execute("SELECT public.rotate_cron_secret('cron_secret', 'planted-second')")
    assert postgres.execute("SELECT public.get_secret('cron_secret')").fetchone() == ("planted-second",)
    indexes = postgres.execute(
        "SELECT indexname FROM pg_indexes WHERE tablename LIKE 'cron_secret%' ORDER BY 1"
    ).fetchall()
    assert [name for (name,) in indexes] == [
        f"cron_{name}_pkey" for name in ("secret_audit", "secret_owners", "secret_probes", "secret_stages", "secrets")
    ]


def probed(value: str) -> dict[str, Any]:
    request = f"SELECT net.http_get('http://x/', '{{}}', jsonb_build_object('Authorization', 'Bearer ' || {value}))"
    return {"request": request, "timeout": 5.0, "status": "{[200,201)}", "control": True}


def test_the_store_of_the_version_before_hosts_is_upgraded_with_its_probes(
    install: Callable[..., None], provide: Provide, postgres: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    install()
    now = secret(probe=probed("\"public\".cron_secret_under_test('cron_secret', $1::text)"))
    created = provide(SecretProvider).create(secret())
    postgres.execute(
        "DROP FUNCTION public.cron_secret_under_test, public.guard_cron_address, public.cron_secret_pattern"
    )
    postgres.execute("DROP FUNCTION public.mask_cron_secrets")
    postgres.execute("ALTER TABLE public.cron_secret_declarations DROP COLUMN hosts")
    postgres.execute("UPDATE public.cron_secret_declarations SET probe = %s", [json.dumps(probed("$1::text"))])
    rows = postgres.execute(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ 'cron|secret'"
    ).fetchall()
    for (function,) in rows:
        postgres.execute(f"ALTER FUNCTION {function} RESET ALL".encode())
        postgres.execute(f"ALTER FUNCTION {function} SET search_path = ''".encode())
    assert not provide(SecretProvider).diff("public.cron_secret", created.outs, secret()).changes
    assert "drift" not in capsys.readouterr().out, "a preview before the upgrade tells of no drift"
    assert provide(SecretStoreProvider).diff("public", store(), store()).changes
    install()
    assert not provide(SecretStoreProvider).diff("public", store(), store()).changes
    assert not provide(SecretProvider).diff("public.cron_secret", {**created.outs, **now}, now).changes
    install()
    assert not provide(SecretProvider).diff("public.cron_secret", {**created.outs, **now}, now).changes


def test_a_table_without_a_primary_key_is_given_one(provide: Provide, postgres: Connection) -> None:
    postgres.execute("CREATE TABLE public.cron_secrets (key text NOT NULL, value text NOT NULL)")
    provide(SecretStoreProvider).create(store(adopt=True))
    key = "SELECT count(*) FROM pg_index WHERE indrelid = 'public.cron_secrets'::regclass AND indisprimary"
    assert postgres.execute(key.encode()).fetchone() == (1,)
