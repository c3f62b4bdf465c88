"""Secrets against a real server: hostile values arrive unchanged, rotated ones are told and kept, none is ever shown."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from components.errors import Conflict, Error
from components.secret import SecretProvider

STACK = "supabase-cron/test"
Props = dict[str, Any]
Provide = Callable[..., Any]
Connection = psycopg.Connection[tuple[Any, ...]]


def secret(value: str = "planted-1", **changes: Any) -> Props:
    return {
        "schema_name": "public",
        "key": "cron_secret",
        "value": value,
        "description": "d",
        "owner": STACK,
        **changes,
    }


@pytest.fixture(autouse=True)
def installed(install: Callable[..., None], clean: None) -> None:
    install()


def stored(postgres: Connection) -> str | None:
    row = postgres.execute("SELECT value FROM public.cron_secrets WHERE key = 'cron_secret'").fetchone()
    return row[0] if row else None


@pytest.mark.parametrize(
    "value",
    ["it's", "'; DROP TABLE cron_secrets; --", "back\\slash", "%s %(key)s {x}", "$$body$$", "ünïcödé 🔑", "x" * 8192],
)
def test_a_hostile_value_arrives_unchanged(value: str, provide: Provide, postgres: Connection) -> None:
    created = provide(SecretProvider).create(secret(value))
    assert stored(postgres) == value
    assert not provide(SecretProvider).diff(created.id, created.outs, secret(value)).changes


def test_a_rotated_value_is_told_with_who_and_kept(
    provide: Provide, postgres: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    created = provide(SecretProvider).create(secret("planted-1"))
    postgres.execute("SELECT public.rotate_cron_secret('cron_secret', 'planted-2')")
    assert not provide(SecretProvider).diff(created.id, created.outs, secret("planted-1")).changes
    told = capsys.readouterr().out
    assert "value is 'another, set by postgres at 20" in told
    read = provide(SecretProvider).read(created.id, created.outs)
    assert read.outs["rotated_in_database"].startswith("set by postgres at ")
    assert "planted" not in told + read.outs["rotated_in_database"]
    provide(SecretProvider).update(created.id, created.outs, secret("planted-1", description="new"))
    assert stored(postgres) == "planted-2", "an update for another reason must not undo the rotation"


def test_a_newly_configured_value_replaces_a_rotated_one(provide: Provide, postgres: Connection) -> None:
    created = provide(SecretProvider).create(secret("planted-1"))
    postgres.execute("SELECT public.rotate_cron_secret('cron_secret', 'planted-2')")
    assert provide(SecretProvider).diff(created.id, created.outs, secret("planted-3")).changes
    provide(SecretProvider).update(created.id, created.outs, secret("planted-3"))
    assert stored(postgres) == "planted-3"


def test_configuring_the_rotated_value_writes_nothing(provide: Provide, postgres: Connection) -> None:
    created = provide(SecretProvider).create(secret("planted-1"))
    postgres.execute("SELECT public.rotate_cron_secret('cron_secret', 'planted-2')")
    updated = provide(SecretProvider).update(created.id, created.outs, secret("planted-2"))
    assert updated.outs["rotated_in_database"] is None
    assert postgres.execute(
        "SELECT count(*) FROM public.cron_secret_audit WHERE action IN ('created', 'rotated')"
    ).fetchone() == (2,)


def test_a_value_that_was_emptied_by_hand_is_put_back(provide: Provide, postgres: Connection) -> None:
    created = provide(SecretProvider).create(secret("planted-1"))
    postgres.execute("UPDATE public.cron_secrets SET value = 'placeholder'")
    assert provide(SecretProvider).diff(created.id, created.outs, secret("planted-1")).changes
    provide(SecretProvider).update(created.id, created.outs, secret("planted-1"))
    assert stored(postgres) == "planted-1"


def test_a_key_put_there_by_hand_needs_adopt(provide: Provide, postgres: Connection) -> None:
    postgres.execute("INSERT INTO public.cron_secrets (key, value) VALUES ('cron_secret', 'planted-theirs')")
    (failure,) = provide(SecretProvider).check({}, secret()).failures
    assert "no stack manages it" in failure.reason
    assert "planted" not in failure.reason
    provide(SecretProvider).create(secret(adopt=True))
    assert stored(postgres) == "planted-1"


def test_lost_state_does_not_overwrite_a_rotated_value(provide: Provide, postgres: Connection) -> None:
    provide(SecretProvider).create(secret("planted-1"))
    postgres.execute("SELECT public.rotate_cron_secret('cron_secret', 'planted-2')")
    with pytest.raises(Conflict, match="the state that could tell which is newer is lost") as refused:
        provide(SecretProvider).create(secret("planted-1"))
    assert "planted" not in str(refused.value)
    assert stored(postgres) == "planted-2"


def test_no_output_but_the_value_itself_holds_the_value(provide: Provide) -> None:
    created = provide(SecretProvider).create(secret("planted-1"))
    assert "planted" not in repr({key: value for key, value in created.outs.items() if key != "value"}) + created.id


@pytest.mark.parametrize("failure", ["ALTER TABLE public.cron_secrets ADD CHECK (value !~ 'planted') NOT VALID"])
def test_a_refused_statement_does_not_quote_the_value(failure: str, provide: Provide, postgres: Connection) -> None:
    postgres.execute(failure.encode())
    with pytest.raises(Error) as refused:
        provide(SecretProvider).create(secret("planted-1"))
    assert "planted" not in str(refused.value)
    assert "secret 'cron_secret'" in str(refused.value)
    assert stored(postgres) is None


@pytest.mark.parametrize("value", ["", "  ", " padded ", "two\nlines"])
def test_the_rotation_function_refuses_a_bad_value(value: str, provide: Provide, postgres: Connection) -> None:
    provide(SecretProvider).create(secret("planted-1"))
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        postgres.execute("SELECT public.rotate_cron_secret('cron_secret', %s)", [value])
    assert stored(postgres) == "planted-1"


def test_the_rotation_function_refuses_an_unknown_key(postgres: Connection) -> None:
    with pytest.raises(psycopg.errors.NoDataFound, match="cron secret 'nobody' is not declared"):
        postgres.execute("SELECT public.rotate_cron_secret('nobody', 'planted-1')")
