"""What a database has, in one round trip, however little of it is there or may be read."""

from collections.abc import Iterator
from typing import Any

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from bench.proxy import proxied
from components.database.connection import Database
from components.errors import StatementFailed
from components.objects.all_kinds import KINDS
from components.objects.cron_job import CronJobArgs, CronJobKind
from components.objects.grants import GrantsKind
from components.objects.object_kind import Reading, execute, snapshot
from components.objects.overview import Overview, OverviewReader
from components.objects.rotation_function import RotationFunctionKind
from components.objects.secret import SecretKind
from components.objects.secret_store import SecretStoreKind
from tests.integration.components.conftest import Connection, Install

ROLE = "overview_stranger"


def overview(database: Database) -> Overview:
    return OverviewReader("public")(database)


def test_what_is_not_there_yet_is_no_error_and_leaves_no_trace(database: Database, postgres: Connection) -> None:
    found = overview(database)
    assert found.server.database
    assert {reading.name for reading in found.rows} == {kind.reading for kind in KINDS.values()}
    assert found.objects(SecretKind(), database, "public") == {}
    assert found.objects(SecretStoreKind(), database, "public") == {}
    assert database.read(sql.SQL("SELECT name FROM pg_cursors")) == []


def test_secrets_and_jobs_are_seen_once_they_are_there(
    database: Database, install: Install, postgres: Connection
) -> None:
    install()
    postgres.execute("INSERT INTO public.cron_secrets (key, value) VALUES ('cron_secret', 'planted-value')")
    postgres.execute("SELECT cron.schedule('nightly', '0 1 * * *', 'SELECT 1')")
    found = overview(database)
    assert list(found.objects(SecretKind(), database, "public")) == ["public.cron_secret"]
    assert list(found.objects(CronJobKind(), database, None)) == ["nightly"]
    assert "planted-value" not in repr(found)


def test_it_takes_one_round_trip(conninfo: str, install: Install) -> None:
    install()
    with proxied(conninfo, 0) as (through_proxy, proxy):
        far = Database(through_proxy)
        far.read(sql.SQL("SELECT"))  # connects
        proxy.trips = 0
        overview(far)
        assert proxy.trips == 1
        far.close()


def test_a_changed_function_is_seen_with_its_privileges(database: Database, install: Install) -> None:
    install()
    found = overview(database)
    function, grants = (found.objects(kind, database, "public") for kind in (RotationFunctionKind(), GrantsKind()))
    identity = next(iter(grants))
    assert set(grants) == set(function)
    function.replace(identity, [])
    assert identity not in grants


@pytest.fixture
def stranger(conninfo: str, superuser: Connection) -> Iterator[Database]:
    """A login that may read neither the store's tables nor cron's."""
    superuser.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'local'")
    database = Database(make_conninfo(conninfo, user=ROLE, password="local"))
    yield database
    database.close()
    superuser.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


def test_a_role_that_may_not_read_all_is_told_where_it_needs_it(stranger: Database, install: Install) -> None:
    install()
    found = overview(stranger)
    assert found.server.role == ROLE
    assert found.server.missing_cron_privileges
    assert "public" in found.objects(SecretStoreKind(), stranger, "public")
    with pytest.raises(StatementFailed, match="permission denied for table cron_secret"):
        found.objects(SecretKind(), stranger, "public")


def test_a_job_is_its_versions_row_whichever_way_it_was_read(database: Database, postgres: Connection) -> None:
    postgres.execute("SELECT cron.schedule('nightly', '0 1 * * *', 'SELECT 1')")
    kind = CronJobKind()
    seen, nightly = overview(database).objects(kind, database, None), Reading.of(kind, None, "nightly")
    assert seen.rows("nightly") == snapshot(kind, database, None).rows("nightly") == nightly(database)["nightly"]
    args: Any = CronJobArgs(name="nightly", schedule="0 2 * * *", command="SELECT 1", stack="supabase-cron/test")
    with database.transaction() as transaction:
        transaction.execute(nightly.fail_if_changed(seen.rows("nightly")))
        execute(transaction, kind.plan(args, seen["nightly"]))
    with pytest.raises(StatementFailed, match="it was changed meanwhile"), database.transaction() as transaction:
        transaction.execute(nightly.fail_if_changed(seen.rows("nightly")))
