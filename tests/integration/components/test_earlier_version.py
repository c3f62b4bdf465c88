"""Over the functions and jobs of the version before the job cron-catch-up-<schema>: the script, the sweep, a destroy."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from components.catalogue.stack_config import Config, load_config
from components.declaration.migration import migration
from components.objects.our_functions import LEDGER_FUNCTIONS, ROTATION_FUNCTIONS, STORE_FUNCTIONS
from components.objects.stack_mark import OWN_JOBS_PATTERN, StackName
from components.run_ledger import RunLedgerProvider
from components.secret_store import SecretStoreProvider
from tests.integration.components.conftest import STACK

EARLIER = Path(__file__).with_name("earlier_functions.sql")
PROPS = {"schema_name": "public", "owner": STACK}
SWEEP = "SELECT public.sweep_cron_runs('{}'::text[], '7 days', '7 days')"
OF_SECRETS = "SELECT cron.schedule('cron-secrets-sweep-public', '0 0 1 1 *', %s)"
POLICY = '{"retry": {"attempts": 3, "backoff": 1, "max_backoff": 1, "on": ["failed"]}}'

Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    job = {"description": "d", "schedule": "0 1 * * *", "sql": "SELECT 1"}
    (tmp_path / "jobs.yaml").write_text(json.dumps({"jobs": {"nightly": job}}), encoding="utf-8")
    stack = StackName("supabase-cron", "test")
    return load_config({}, stack=stack, root=tmp_path, environment={}, now=datetime.now(UTC))


@pytest.fixture
def earlier(clean: None, postgres: Connection) -> None:
    functions = sql.SQL(EARLIER.read_text(encoding="utf-8"))
    text = functions.format(
        schema=sql.Identifier("public"), schema_name=sql.Literal("public"), own_jobs=sql.Literal(OWN_JOBS_PATTERN)
    )
    postgres.execute("SET check_function_bodies = off")
    postgres.execute(text)
    postgres.execute("RESET check_function_bodies")


def signatures(postgres: Connection) -> set[str]:
    rows = postgres.execute(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ 'cron'"
    )
    return {name for (name,) in rows}


def test_the_script_runs_over_it_and_again(earlier: None, config: Config, postgres: Connection) -> None:
    postgres.execute(OF_SECRETS, [f"-- supabase-cron: {STACK}/cron-secrets-sweep-public\nSELECT 1"])
    for _ in range(2):
        with postgres.transaction():
            postgres.execute(migration(config).encode())
        jobs = postgres.execute("SELECT jobname FROM cron.job ORDER BY 1").fetchall()
        assert jobs == [("cron-runs-sweep-public",), ("nightly",)]
    returned = postgres.execute(
        "SELECT proname, prorettype::regtype::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace "
        "AND proname IN ('sweep_cron_secrets', 'catch_up_cron_runs') ORDER BY 1"
    ).fetchall()
    assert returned == [("catch_up_cron_runs", "boolean"), ("sweep_cron_secrets", "text")]


def test_the_script_leaves_a_job_of_that_name_that_is_not_the_stacks(config: Config, postgres: Connection) -> None:
    postgres.execute(OF_SECRETS, ["-- supabase-cron: supabase-cron/other/cron-secrets-sweep-public\nSELECT 1"])
    postgres.execute(migration(config).encode())
    assert postgres.execute("SELECT FROM cron.job WHERE jobname = 'cron-secrets-sweep-public'").rowcount == 1


def test_each_function_has_the_result_that_it_is_compared_by(config: Config, postgres: Connection) -> None:
    postgres.execute(migration(config).encode())
    rows = postgres.execute(
        "SELECT proname::text, pg_get_function_result(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    ).fetchall()
    ours = (*STORE_FUNCTIONS, *LEDGER_FUNCTIONS, *ROTATION_FUNCTIONS.values())
    assert {name: result for name, result in rows if "cron" in name or name == "get_secret"} == {
        function.name: function.result for function in ours
    }


def test_other_columns_of_a_result_are_no_hindrance(config: Config, postgres: Connection, provide: Provide) -> None:
    postgres.execute(migration(config).encode())
    postgres.execute("DROP FUNCTION public.cron_secret_expiries()")
    postgres.execute(
        "CREATE FUNCTION public.cron_secret_expiries() RETURNS TABLE (key text) LANGUAGE sql AS $$SELECT 'k'$$"
    )
    postgres.execute(f"COMMENT ON FUNCTION public.cron_secret_expiries() IS 'supabase-cron: {STACK}'".encode())
    provide(SecretStoreProvider).update("public", PROPS, PROPS)
    assert not provide(SecretStoreProvider).diff("public", PROPS, PROPS).changes
    postgres.execute(migration(config).encode())


def test_the_command_of_its_sweep_works_until_it_is_altered(
    earlier: None, provide: Provide, postgres: Connection
) -> None:
    for kind in (SecretStoreProvider, RunLedgerProvider):
        provide(kind).create({**PROPS, "adopt": True})
    command = f"-- supabase-cron: {STACK}/own\nSELECT FROM public.begin_cron_run('own', '{POLICY}')"
    postgres.execute("SELECT cron.schedule('own', '0 0 1 1 *', %s)", [command])
    postgres.execute(
        "INSERT INTO public.cron_runs (job, state, retry_at, policy) VALUES ('own', 'retrying', now(), %s)", [POLICY]
    )
    postgres.execute(SWEEP)
    assert postgres.execute("SELECT state, attempt FROM public.cron_runs").fetchall() == [("queued", 2)]
    assert postgres.execute("SELECT step, detail FROM public.cron_sweeps WHERE failed_at IS NOT NULL").fetchall() == []
    assert postgres.execute(
        "SELECT proconfig FROM pg_proc WHERE oid = 'public.sweep_cron_runs(text[], interval, interval)'::regprocedure"
    ).fetchone() == (["search_path=pg_catalog, pg_temp"],)
    postgres.execute("SELECT public.sweep_cron_runs(true, '7 days', '7 days')")


def test_a_new_database_has_nothing_of_it(provide: Provide, postgres: Connection) -> None:
    provide(SecretStoreProvider).create(PROPS)
    provide(RunLedgerProvider).create(PROPS)
    assert "sweep_cron_runs(text[],interval,interval)" not in signatures(postgres)


@pytest.mark.parametrize("upgraded", [False, True])
def test_a_destroy_leaves_nothing_of_it(earlier: None, provide: Provide, postgres: Connection, upgraded: bool) -> None:
    kinds = (SecretStoreProvider, RunLedgerProvider)
    for kind in kinds:
        provide(kind).create({**PROPS, "adopt": True})
    if not upgraded:
        postgres.execute("CREATE FUNCTION public.retry_cron_runs() RETURNS void LANGUAGE sql AS 'SELECT'")
        postgres.execute(
            "CREATE FUNCTION public.cron_body_matches(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT true'"
        )
    for kind in reversed(kinds):
        provide(kind).delete("public", PROPS)
    assert signatures(postgres) == set()
