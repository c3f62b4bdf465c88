"""What holds for every kind of object: create, no change, changed behind our back, update, delete, delete again."""

from collections.abc import Callable
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql
from pulumi.dynamic import Config, ConfigureRequest

from components.cron_job import CronJobProvider
from components.grants import GrantsProvider
from components.objects.our_functions import ROTATION_FUNCTIONS, STORE_FUNCTIONS
from components.objects.secret_store import TABLES
from components.provider.object_provider import ObjectProvider
from components.rotation import RotationFunctionProvider
from components.secret import SecretProvider
from components.secret_store import SecretStoreProvider

STACK = "supabase-cron/test"
Props = dict[str, Any]
Provide = Callable[..., Any]
Connection = psycopg.Connection[tuple[Any, ...]]

STORE: Props = {"schema_name": "public", "owner": STACK}
FUNCTIONS = [(RotationFunctionProvider, {**STORE, "name": name}) for name in ROTATION_FUNCTIONS]
COMMAND = f"-- supabase-cron: {STACK}/nightly\nSELECT 1"


class Case(NamedTuple):
    provider: type[ObjectProvider[Any, Any]]
    props: Props
    needs: list[tuple[type[ObjectProvider[Any, Any]], Props]]
    changed: Props
    """Inputs that the stack declares next."""
    tampering: str
    """What somebody does by hand."""
    told: str
    """What preview must say of it."""


CASES = {
    "cron_job": Case(
        CronJobProvider,
        {"name": "nightly", "schedule": "0 1 * * *", "command": COMMAND, "owner": STACK},
        [],
        {"schedule": "30 1 * * *"},
        "SELECT cron.alter_job(jobid, schedule := '*/5 * * * *') FROM cron.job WHERE jobname = 'nightly'",
        "cron job 'nightly' was changed in the database: schedule is '*/5 * * * *' there, '0 1 * * *' in the state",
    ),
    "secret_store": Case(
        SecretStoreProvider,
        STORE,
        [],
        {"owner": "supabase-cron/other"},
        "GRANT SELECT ON public.cron_secrets TO anon",
        "privileges on cron_secrets is 'anon: SELECT' there",
    ),
    "secret": Case(
        SecretProvider,
        {
            "schema_name": "public",
            "owner": STACK,
            "key": "cron_secret",
            "value": "planted-1",
            "description": "d",
        },
        [(SecretStoreProvider, STORE), *FUNCTIONS],
        {"value": "planted-2"},
        "UPDATE public.cron_secrets SET description = 'by hand' WHERE key = 'cron_secret'",
        "secret 'cron_secret' was changed in the database: description is 'by hand' there, 'd' in the state",
    ),
    "rotation": Case(
        RotationFunctionProvider,
        STORE,
        [(SecretStoreProvider, STORE)],
        {"owner": "supabase-cron/other"},
        "ALTER FUNCTION public.rotate_cron_secret(text, text) SECURITY INVOKER",
        "function rotate_cron_secret is 'another security definer' there",
    ),
    "grants": Case(
        GrantsProvider,
        {"schema_name": "public", "grantees": ["authenticator"]},
        [(SecretStoreProvider, STORE), (RotationFunctionProvider, STORE)],
        {"grantees": []},
        "GRANT EXECUTE ON FUNCTION public.rotate_cron_secret(text, text) TO anon",
        "grantees is ['anon', 'authenticator'] there, ['authenticator'] in the state",
    ),
}


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def case(request: pytest.FixtureRequest, provide: Provide) -> Case:
    found: Case = request.param
    for provider, props in found.needs:
        provide(provider).create(props)
    return found


def test_create_then_nothing_to_do(case: Case, provide: Provide) -> None:
    assert provide(case.provider).check({}, case.props).failures == []
    created = provide(case.provider).create(case.props)
    assert not provide(case.provider).diff(created.id, created.outs, case.props).changes
    read = provide(case.provider).read(created.id, created.outs)
    assert read.id == created.id
    assert read.outs == created.outs
    assert read.inputs is None, "those in the state stay"
    assert provide(case.provider).update(created.id, created.outs, case.props).outs == created.outs


def test_a_change_behind_our_back_is_told_seen_and_mended(
    case: Case, provide: Provide, postgres: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    created = provide(case.provider).create(case.props)
    postgres.execute(case.tampering.encode())
    assert provide(case.provider).diff(created.id, created.outs, case.props).changes
    assert case.told in capsys.readouterr().out
    read = provide(case.provider).read(created.id, created.outs)
    assert read.outs != created.outs, "refresh must show the drift"
    assert (read.inputs is not None) == any(read.outs[key] != value for key, value in case.props.items())
    assert provide(case.provider).diff(read.id, read.outs, case.props).changes, "and the next up must mend it"
    updated = provide(case.provider).update(created.id, read.outs, case.props)
    assert updated.outs == created.outs
    assert not provide(case.provider).diff(created.id, updated.outs, case.props).changes


def test_a_new_declaration_is_updated_in_place(case: Case, provide: Provide) -> None:
    created = provide(case.provider).create(case.props)
    news = {**case.props, **case.changed}
    diff = provide(case.provider).diff(created.id, created.outs, news)
    assert diff.changes
    assert not diff.replaces
    updated = provide(case.provider).update(created.id, created.outs, news)
    assert not provide(case.provider).diff(created.id, updated.outs, news).changes
    for key, value in case.changed.items():
        assert updated.outs[key] == value


def test_what_changed_since_it_was_seen_is_looked_at_again(case: Case, provide: Provide, postgres: Connection) -> None:
    created = provide(case.provider).create(case.props)
    provider = provide(case.provider)
    assert not provider.diff(created.id, created.outs, case.props).changes
    postgres.execute(case.tampering.encode())
    news = {**case.props, **case.changed}
    updated = provider.update(created.id, created.outs, news)
    assert not provide(case.provider).diff(created.id, updated.outs, news).changes


def test_what_is_made_and_changed_in_one_run_is_seen_as_it_is(case: Case, provide: Provide) -> None:
    provider = provide(case.provider)
    assert provider.check({}, case.props).failures == []
    created = provider.create(case.props)
    news = {**case.props, **case.changed}
    updated = provider.update(created.id, created.outs, news)
    assert provider.read(created.id, updated.outs).outs == updated.outs
    provider.delete(created.id, updated.outs)
    assert provider.read(created.id, updated.outs).outs == provide(case.provider).read(created.id, updated.outs).outs


def test_a_create_whose_answer_got_lost_is_taken_up(case: Case, provide: Provide) -> None:
    first = provide(case.provider).create(case.props)
    assert provide(case.provider).check({}, case.props).failures == []
    assert provide(case.provider).create(case.props).outs == first.outs


def test_delete_and_delete_again(case: Case, provide: Provide) -> None:
    created = provide(case.provider).create(case.props)
    provide(case.provider).delete(created.id, created.outs)
    left = provide(case.provider).read(created.id, created.outs)
    if case.provider is GrantsProvider:
        assert left.outs["grantees"] == []
    else:
        assert not left.id
        assert left.outs == {}
    provide(case.provider).delete(created.id, created.outs)


def test_what_was_removed_by_hand_comes_back(
    case: Case, provide: Provide, superuser: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    created = provide(case.provider).create(case.props)
    superuser.execute("SELECT cron.unschedule(jobid) FROM cron.job")
    for table in TABLES:
        superuser.execute(f"DROP TABLE IF EXISTS public.{table}".encode())
    for function in (*STORE_FUNCTIONS, *ROTATION_FUNCTIONS.values()):
        superuser.execute(sql.SQL("DROP FUNCTION IF EXISTS {}").format(function.reference("public")))
    assert not provide(case.provider).read(created.id, created.outs).id
    assert provide(case.provider).diff(created.id, created.outs, case.props).changes
    assert "gone from the database" in capsys.readouterr().out
    for provider, props in case.needs:
        provide(provider).create(props)
    provide(case.provider).update(created.id, created.outs, case.props)
    again = provide(case.provider).read(created.id, created.outs)
    assert again.id == created.id


def test_a_function_goes_after_the_grants_on_it_in_one_run(provide: Provide) -> None:
    provide(SecretStoreProvider).create(STORE)
    function = provide(RotationFunctionProvider).create(STORE)
    props = {"schema_name": "public", "grantees": ["authenticator"]}
    grants = provide(GrantsProvider).create(props)
    provider, run = provide(GrantsProvider), RotationFunctionProvider()
    run.configure(ConfigureRequest(Config({}, "supabase-cron")))
    provider.delete(grants.id, grants.outs)
    run.delete(function.id, function.outs)
    assert provide(RotationFunctionProvider).read(function.id, function.outs).id is None
