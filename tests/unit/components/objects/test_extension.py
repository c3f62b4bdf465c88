"""What a server lacks for an extension, told before anything is touched."""

from typing import Any

import pytest

from components.database.server_facts import ExtensionFacts, Server
from components.errors import PreflightFailed
from components.objects.extension import ExtensionArgs, ExtensionKind


def server(installed: str | None = None, needs_superuser: bool = True, **changes: Any) -> Server:
    facts = [ExtensionFacts(name, installed, "1.6", needs_superuser) for name in ("pg_cron", "pg_net")]
    plain = Server(
        version=150018,
        role="postgres",
        is_superuser=True,
        database="postgres",
        preloaded=("pg_cron", "pg_net"),
        cron_database="postgres",
        unfit_settings=(),
        roles=frozenset({"postgres"}),
        missing_cron_privileges=(),
        missing_vault_privileges=(),
        extensions={each.name: each for each in facts},
    )
    return plain._replace(**changes)


@pytest.mark.parametrize(
    ("name", "found", "told"),
    [
        ("pg_net", server(extensions={}), "is not available on the server; install its package there"),
        ("pg_cron", server(preloaded=()), "is not preloaded; add it to shared_preload_libraries and restart"),
        ("pg_cron", server("1.6", preloaded=("pg_net",)), "is not preloaded"),
        ("pg_net", server(preloaded=("pg_cron",)), "is not preloaded"),
        ("pg_cron", server(cron_database="other"), "serves the database 'other', but the connection is to 'postgres'"),
        ("pg_cron", server(is_superuser=False), "can be created by a superuser alone, and postgres is none"),
    ],
)
def test_what_is_missing_is_told(name: str, found: Server, told: str) -> None:
    with pytest.raises(PreflightFailed, match=f"^extension '{name}' ") as refused:
        ExtensionKind().preflight(ExtensionArgs(name=name), found)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("pg_cron", server()),
        ("pg_cron", server("1.6", is_superuser=False)),
        ("pg_cron", server(preloaded=None, cron_database=None, is_superuser=False)),
        ("pg_cron", server(preloaded=("pg_cron", "supautils"), is_superuser=False)),
        ("pg_net", server("0.20.4-standin", preloaded=("pg_cron",))),
        ("pg_net", server(is_superuser=False, needs_superuser=False)),
    ],
)
def test_what_suffices_passes(name: str, found: Server) -> None:
    ExtensionKind().preflight(ExtensionArgs(name=name), found)


def statements(args: ExtensionArgs, live: Any = None) -> list[str]:
    return [query.as_string() for query, _ in ExtensionKind().plan(args, live)]


def test_the_plan_never_cascades_and_pins_only_when_asked() -> None:
    kind = ExtensionKind()
    assert statements(ExtensionArgs(name="pg_net", schema_name="extensions")) == [
        'CREATE SCHEMA IF NOT EXISTS "extensions"',
        'CREATE EXTENSION IF NOT EXISTS "pg_net" SCHEMA "extensions"',
    ]
    assert statements(ExtensionArgs(name="pg_cron", schema_name="pg_catalog")) == [
        'CREATE EXTENSION IF NOT EXISTS "pg_cron" SCHEMA "pg_catalog"'
    ]
    live = kind.parse([{"name": "pg_cron", "version": "1.5", "schema": "pg_catalog"}])
    assert statements(ExtensionArgs(name="pg_cron"), live) == []
    assert statements(ExtensionArgs(name="pg_cron", version="1.6"), live) == [
        "ALTER EXTENSION \"pg_cron\" UPDATE TO '1.6'"
    ]
    args = ExtensionArgs(name="pg_cron", drop=True)
    assert kind.retained_on_delete(args, {"created": False})
    assert kind.retained_on_delete(ExtensionArgs(name="pg_cron"), {"created": True})
    assert not kind.retained_on_delete(args, {"created": True})
    ((query, _),) = kind.drop(args, live)
    assert query.as_string() == 'DROP EXTENSION "pg_cron"'
