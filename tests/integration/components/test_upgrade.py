"""What is told of functions and views that an earlier version of this project made, and of those changed by hand."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from components.database.connection import Database
from components.objects.all_kinds import KINDS
from components.objects.object_kind import snapshot
from components.run_ledger import RunLedgerProvider
from components.secret_store import SecretStoreProvider
from components.sql import load_sql
from cronctl import drift, verify
from cronctl.stack import StateResource
from tests.integration.components.conftest import STACK

Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]
PROPS = {"schema_name": "public", "owner": STACK}
NEWER = "this version of the project brings a newer "


@pytest.fixture(autouse=True)
def earlier(clean: None, provide: Provide) -> None:
    """Store and ledger as a version left them that had one function and one view written otherwise."""

    def otherwise(name: str) -> sql.SQL:
        text = load_sql(name).as_string()
        if name == "get_secret":
            text = text.replace("$body$", "$body$-- as it was\n", 1)
        return sql.SQL(f"{text}\n-- as it was" if name == "cron_job_standings" else text)

    with pytest.MonkeyPatch.context() as of_then:
        for module in ("functions", "run_ledger"):
            of_then.setattr(f"components.objects.{module}.load_sql", otherwise)
        provide(SecretStoreProvider).create(PROPS)
        provide(RunLedgerProvider).create(PROPS)


def told(kind: str, database: Database) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What drift and verify find, each with its status."""
    database.forget()
    drifted = drift._finding(KINDS[kind], StateResource(kind, "public", PROPS), database)
    args = KINDS[kind].args.from_properties(PROPS)
    live = snapshot(KINDS[kind], database, "public")["public"]
    held = verify._finding(kind, KINDS[kind], args, live, PROPS)
    return (drifted.status, drifted.details), (held.status, held.details)


def preview(provider: Any, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert provider.diff("public", PROPS, PROPS).changes
    return capsys.readouterr().out


def test_a_version_that_brings_newer_ones_is_no_change_by_hand(
    provide: Provide, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    store = f"upgrade: secret store in schema 'public': {NEWER}function get_secret; pulumi up installs it\n"
    assert preview(provide(SecretStoreProvider), capsys) == store
    said = preview(provide(RunLedgerProvider), capsys)
    assert said == f"upgrade: run ledger in schema 'public': {NEWER}view cron_job_standings; pulumi up installs it\n"
    for kind, name in (("SecretStore", "function get_secret"), ("RunLedger", "view cron_job_standings")):
        assert told(kind, database) == (("in sync", (NEWER + name,)), ("differs", (NEWER + name,)))


def test_a_change_by_hand_is_told_as_one_before_an_upgrade_and_after_it(
    provide: Provide, database: Database, postgres: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    by_hand = "ALTER FUNCTION public.get_secret(text) STRICT VOLATILE"
    for changed in ("source, volatility", "volatility"):
        postgres.execute(by_hand.encode())
        line = "function get_secret is 'another {}' there, 'as defined' in the state"
        said = preview(provide(SecretStoreProvider), capsys)
        assert said == f"drift: secret store in schema 'public' was changed in the database: {line.format(changed)}\n"
        declared = f"function get_secret: declared 'as defined', in the database 'another {changed}'"
        assert told("SecretStore", database) == (
            ("differs", (line.format(changed),)),
            ("differs", (declared,)),
        )
        provide(SecretStoreProvider).update("public", PROPS, PROPS)


def test_what_a_version_left_without_saying_how_may_be_either(
    provide: Provide, database: Database, postgres: Connection
) -> None:
    postgres.execute(f"COMMENT ON FUNCTION public.get_secret(text) IS 'supabase-cron: {STACK}'".encode())
    (status, (line,)), _ = told("SecretStore", database)
    assert (status, "another source, an earlier version's or changed by hand" in line) == ("differs", True)
    postgres.execute("COMMENT ON FUNCTION public.get_secret(text) IS NULL")
    (status, (line,)), _ = told("SecretStore", database)
    assert (status, "'another source, stack' there" in line) == ("differs", True)


def test_what_a_version_adds_is_newer_and_what_is_gone_since_is_not(
    provide: Provide, database: Database, postgres: Connection
) -> None:
    gone = "function cron_ascii_text is 'gone' there, 'there' in the state"
    drop = "DROP FUNCTION public.cron_ascii_text(text) CASCADE"
    postgres.execute(drop.encode())
    (status, lines), _ = told("SecretStore", database)
    assert (status, "function cron_ascii_text" in "".join(lines)) == ("in sync", True)
    postgres.execute("ALTER TABLE public.cron_sweeps DROP COLUMN detail")
    (status, lines), _ = told("RunLedger", database)
    assert (status, "table cron_sweeps" in "".join(lines)) == ("in sync", True)

    provide(SecretStoreProvider).update("public", PROPS, PROPS)
    postgres.execute(drop.encode())
    assert told("SecretStore", database)[0] == ("differs", (gone,))

    postgres.execute(f"COMMENT ON TABLE public.cron_secrets IS 'supabase-cron: {STACK}'".encode())
    (status, (line,)), _ = told("SecretStore", database)
    assert (status, "gone, an earlier version's or removed by hand" in line) == ("differs", True)
