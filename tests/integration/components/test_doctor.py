"""The doctor on a real server: a deployment has no problem, and each fault has its finding."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import typer
from psycopg.conninfo import make_conninfo
from typer.testing import CliRunner

from bench.proxy import proxied
from components.database.connection import Database
from components.rotation import RotationFunctionProvider
from components.run_ledger import RunLedgerProvider
from components.secret import SecretProvider
from components.secret_store import SecretStoreProvider
from components.security.doctor import CHECKS, examine
from components.security.doctor_finding import Finding
from cronctl.command_line.checks import doctor
from tests.integration.components.conftest import AS_IT_IS

STACK = "supabase-cron/test"
PLANTED = "planted-Zk3Jq8Vw2Xr7Ty5Ub9Nm4Lp6"
Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]

ROLES = ("doctor_stranger", "doctor_group", "doctor_gone", "supabase_read_only_user")


@pytest.fixture(autouse=True)
def strangers(superuser: Connection, clean: None) -> Iterator[None]:
    """Roles to tamper with: one that logs in, one to be a member of, and Supabase's reading one."""
    _drop_roles(superuser)
    superuser.execute("CREATE ROLE doctor_stranger LOGIN PASSWORD 'planted-login'")
    superuser.execute("CREATE ROLE doctor_group NOLOGIN")
    yield
    superuser.execute("DELETE FROM cron.job")
    _drop_roles(superuser)


def _drop_roles(superuser: Connection) -> None:
    for role in ROLES:
        if superuser.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None:
            superuser.execute(f"DROP OWNED BY {role} CASCADE".encode())
            superuser.execute(f"DROP ROLE {role}".encode())


def deploy(provide: Provide, schema: str = "public", store: str = "table") -> None:
    """A store with a secret and a run ledger, as a stack has them."""
    place = {"schema_name": schema, "owner": STACK}
    provide(SecretStoreProvider).create({**place, "store": store})
    provide(RunLedgerProvider).create(place)
    for name in ("rotate_cron_secret", "undo_cron_secret", "settle_cron_secret"):
        provide(RotationFunctionProvider).create({**place, "name": name})
    provide(SecretProvider).create({**place, "key": "cron_secret", "value": "planted-value", "description": "d"})


@pytest.fixture
def look(conninfo: str) -> Iterator[Callable[..., list[Finding]]]:
    """What is found, by default as the deploying login in schema public."""

    def looked(schema: str = "public", url: str = conninfo) -> list[Finding]:
        database = Database(url)
        try:
            return examine(database, schema)
        finally:
            database.close()

    yield looked


def problems(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.check, finding.object) for finding in findings if finding.level == "problem"]


def only(findings: list[Finding], check: str, name: str) -> Finding:
    (found,) = (finding for finding in findings if (finding.check, finding.object) == (check, name))
    return found


Look = Callable[..., list[Finding]]


@pytest.mark.parametrize("store", ["table", "vault"])
@pytest.mark.parametrize("schema", ["public", "jobs_private"])
def test_all_is_well_after_a_deployment(schema: str, store: str, provide: Provide, look: Look) -> None:
    deploy(provide, schema, store)
    findings = look(schema)
    assert problems(findings) == []
    assert {finding.check for finding in findings} == {*(check.name for check in CHECKS), "alive"}
    sentences = {finding.object: finding.sentence for finding in findings if finding.check == "readers"}
    assert sentences["supabase_admin"] == "reads every secret: it is a superuser"
    assert sentences["postgres"] == "reads every secret as the store's owner"
    assert "doctor_stranger" not in sentences
    assert ("authenticator" in sentences) is (store == "vault")
    if store == "vault":
        assert "vault.decrypted_secrets and may decrypt after SET ROLE service_role" in sentences["authenticator"]
        assert "Supabase's own grant on Vault" in sentences["authenticator"]
    assert {f.level for f in findings if f.check in {"linter", "job owners", "clock", "planted keys"}} == {"ok"}


def test_an_empty_database_has_no_problem(look: Look) -> None:
    findings = look("no_such_schema")
    assert problems(findings) == []
    assert only(findings, "readers", "").sentence == "there is no secret store in schema 'no_such_schema'"


@pytest.mark.parametrize(
    ("tampering", "expected"),
    [
        (
            "GRANT SELECT ON public.cron_secrets TO doctor_stranger; ALTER TABLE public.cron_secrets DISABLE ROW LEVEL SECURITY",
            "reads public.cron_secrets (SELECT, row level security is off)",
        ),
        (
            "GRANT SELECT (value) ON public.cron_secrets TO PUBLIC; CREATE POLICY open ON public.cron_secrets USING (true)",
            "reads public.cron_secrets (SELECT, a policy lets rows through)",
        ),
        (
            "GRANT SELECT ON public.cron_secret_stages TO doctor_stranger; ALTER ROLE doctor_stranger BYPASSRLS",
            "reads public.cron_secret_stages (SELECT, BYPASSRLS)",
        ),
        (
            "GRANT pg_read_all_data TO doctor_stranger; ALTER ROLE doctor_stranger BYPASSRLS",
            "reads public.cron_secrets (SELECT, BYPASSRLS)",
        ),
        (
            "GRANT TRIGGER ON public.cron_secrets TO doctor_stranger",
            "may put a trigger on public.cron_secrets (TRIGGER)",
        ),
        ("GRANT EXECUTE ON FUNCTION public.get_secret(text) TO PUBLIC", "calls public.get_secret(text) (EXECUTE)"),
        (
            # in this order: from PostgreSQL 16 on, what a membership gives is settled when it is granted
            "GRANT EXECUTE ON FUNCTION public.get_secret(text) TO doctor_group; "
            "ALTER ROLE doctor_stranger NOINHERIT; GRANT doctor_group TO doctor_stranger",
            "calls public.get_secret(text) (EXECUTE) after SET ROLE doctor_group",
        ),
        (
            "GRANT UPDATE (probe) ON public.cron_secret_declarations TO doctor_stranger; "
            "CREATE POLICY open ON public.cron_secret_declarations FOR UPDATE USING (true)",
            "writes public.cron_secret_declarations, whose probes run as the owner",
        ),
        ("GRANT pg_read_server_files TO doctor_stranger", "reads the server's files (pg_read_server_files)"),
        ("ALTER ROLE doctor_stranger REPLICATION", "copies the whole cluster (REPLICATION)"),
    ],
)
def test_a_stranger_who_can_read_is_a_problem(
    tampering: str, expected: str, provide: Provide, superuser: Connection, look: Look
) -> None:
    deploy(provide)
    superuser.execute(tampering.encode())
    found = only(look(), "readers", "doctor_stranger")
    assert found.level == "problem"
    assert expected in found.sentence


@pytest.mark.parametrize(
    "harmless",
    [
        "GRANT SELECT ON public.cron_secrets TO doctor_stranger",  # row level security lets no row through
        "GRANT pg_read_all_data TO doctor_stranger",
        "GRANT SELECT (key) ON public.cron_secrets TO doctor_stranger; ALTER ROLE doctor_stranger BYPASSRLS",
        "GRANT EXECUTE ON FUNCTION public.rotate_cron_secret(text, text) TO doctor_stranger",
        "GRANT SELECT ON vault.decrypted_secrets TO doctor_stranger",  # not a place of the table store's values
    ],
)
def test_a_login_that_reads_no_value_has_no_finding(
    harmless: str, provide: Provide, superuser: Connection, look: Look
) -> None:
    deploy(provide)
    superuser.execute(harmless.encode())
    assert [f for f in look() if (f.check, f.object) == ("readers", "doctor_stranger")] == []


def test_a_private_schema_shuts_what_a_grant_opens(provide: Provide, superuser: Connection, look: Look) -> None:
    deploy(provide, "jobs_private")
    superuser.execute("GRANT EXECUTE ON FUNCTION jobs_private.get_secret(text) TO doctor_stranger")
    assert problems(look("jobs_private")) == []
    superuser.execute("GRANT USAGE ON SCHEMA jobs_private TO doctor_stranger")
    assert problems(look("jobs_private")) == [("readers", "doctor_stranger")]


def test_who_can_become_the_owner_or_a_superuser_is_a_note(provide: Provide, superuser: Connection, look: Look) -> None:
    deploy(provide)
    superuser.execute("ALTER ROLE doctor_stranger NOINHERIT")
    superuser.execute("GRANT postgres TO doctor_group")
    superuser.execute("GRANT doctor_group TO doctor_stranger")
    found = only(look(), "readers", "doctor_stranger")
    assert found.level == "note"
    assert found.sentence.startswith("reads every secret: it can become ")
    superuser.execute("REVOKE postgres FROM doctor_group")
    superuser.execute("ALTER ROLE doctor_group SUPERUSER")
    found = only(look(), "readers", "doctor_stranger")
    assert (found.level, found.sentence) == (
        "note",
        "reads every secret: it can become doctor_group, a superuser (SET ROLE)",
    )


@pytest.mark.parametrize("store", ["table", "vault"])
def test_supabases_reading_role_is_a_note(store: str, provide: Provide, superuser: Connection, look: Look) -> None:
    deploy(provide, store=store)
    superuser.execute("CREATE ROLE supabase_read_only_user LOGIN BYPASSRLS IN ROLE pg_read_all_data")
    found = only(look(), "readers", "supabase_read_only_user")
    assert found.level == "note"
    assert ("references to Vault" in found.sentence) is (store == "vault")


def test_a_stranger_in_vault_is_a_problem(provide: Provide, superuser: Connection, look: Look) -> None:
    deploy(provide, store="vault")
    superuser.execute("GRANT pg_read_all_data TO doctor_stranger")  # the view, without the function that decrypts
    assert problems(look()) == []
    superuser.execute("GRANT service_role TO doctor_stranger")
    found = only(look(), "readers", "doctor_stranger")
    assert found.level == "problem"
    assert "reads vault.decrypted_secrets and may decrypt" in found.sentence
    assert "end its membership in service_role" in found.sentence


def test_an_api_role_that_reads_the_table_is_a_problem_of_its_login(
    provide: Provide, superuser: Connection, look: Look
) -> None:
    deploy(provide)
    superuser.execute("GRANT SELECT ON public.cron_secrets TO service_role")
    found = only(look(), "readers", "authenticator")
    assert found.level == "problem"
    assert "(SELECT, BYPASSRLS) after SET ROLE service_role" in found.sentence


def test_the_queue_has_a_finding_with_the_jobs_for_which_it_matters(postgres: Connection, look: Look) -> None:
    sends = "SELECT net.http_post(url := 'http://x/', headers := jsonb_build_object('apikey', public.get_secret('k')))"
    signs = "SELECT net.http_post(url := 'http://x/', headers := jsonb_build_object('X-Sig', public.sign_cron_request('k')))"
    postgres.execute("SELECT cron.schedule('sends', '0 0 1 1 *', %s)", [sends])
    postgres.execute("SELECT cron.schedule('signs', '0 0 1 1 *', %s)", [signs])
    findings = [finding for finding in look() if finding.check == "request queue"]
    assert {finding.level for finding in findings} == {"note"}
    logins, jobs = findings
    assert logins.object == "net.http_request_queue, net._http_response"
    assert "doctor_stranger" in logins.sentence
    assert jobs.object == "sends"
    assert "auth: {hmac: <key>}" in jobs.sentence


@pytest.mark.parametrize(
    ("tampering", "lint", "name"),
    [
        ("ALTER TABLE public.cron_secrets DROP CONSTRAINT cron_secrets_pkey", "0004", "public.cron_secrets"),
        ("ALTER TABLE public.cron_secrets DISABLE ROW LEVEL SECURITY", "0007", "public.cron_secrets"),
        ("DROP POLICY nobody ON public.cron_secrets", "0008", "public.cron_secrets"),
        (
            "CREATE VIEW public.marked AS SELECT 1; COMMENT ON VIEW public.marked IS 'supabase-cron: a/b'; "
            "GRANT SELECT ON public.marked TO anon",
            "0010",
            "public.marked",
        ),
        (
            "ALTER TABLE public.cron_secrets DISABLE ROW LEVEL SECURITY; GRANT SELECT ON public.cron_secrets TO anon",
            "0013",
            "public.cron_secrets",
        ),
        (
            'CREATE TABLE public.marked (id int PRIMARY KEY, "API-key" text); '
            "COMMENT ON TABLE public.marked IS 'supabase-cron: a/b'; GRANT SELECT ON public.marked TO authenticated",
            "0023",
            "public.marked",
        ),
        ("CREATE POLICY open ON public.cron_secrets FOR UPDATE USING (true)", "0024", "public.cron_secrets"),
        ("GRANT EXECUTE ON FUNCTION public.get_secret(text) TO anon", "0028", "public.get_secret(text)"),
        ("GRANT EXECUTE ON FUNCTION public.get_secret(text) TO PUBLIC", "0029", "public.get_secret(text)"),
    ],
)
def test_each_lint_is_found(
    tampering: str, lint: str, name: str, provide: Provide, superuser: Connection, look: Look
) -> None:
    deploy(provide)
    superuser.execute(tampering.encode())
    try:
        found = [f for f in look() if f.check == "linter" and f.object == name and f"lint {lint} " in f.sentence]
        assert [finding.level for finding in found] == ["problem"]
    finally:
        superuser.execute("DROP VIEW IF EXISTS public.marked") if "VIEW" in tampering else None
        superuser.execute("DROP TABLE IF EXISTS public.marked") if "TABLE public.marked" in tampering else None


def test_pg_graphql_shows_tables_in_every_schema(provide: Provide, superuser: Connection, look: Look) -> None:
    deploy(provide, "jobs_private")
    superuser.execute("GRANT SELECT (key) ON jobs_private.cron_secrets TO anon")
    superuser.execute("GRANT SELECT ON jobs_private.cron_secrets TO authenticated")
    assert not any("graphql" in finding.sentence for finding in look("jobs_private"))
    with pretended_extension(superuser, "pg_graphql"):
        sentences = [finding.sentence for finding in look("jobs_private") if finding.check == "linter"]
    assert sorted(sentence.split()[2] for sentence in sentences) == ["0026", "0027"]


@contextmanager
def pretended_extension(superuser: Connection, name: str) -> Iterator[None]:
    """A row as CREATE EXTENSION would make it, where the server has no such files."""
    superuser.execute(
        "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) "
        "SELECT 4242424242::oid, %s, extowner, 'public'::regnamespace, false, '0' FROM pg_extension LIMIT 1",
        [name],
    )
    try:
        yield
    finally:
        superuser.execute("DELETE FROM pg_extension WHERE extname = %s", [name])


def test_exposed_schemas_are_those_of_postgrests_login(provide: Provide, superuser: Connection, look: Look) -> None:
    deploy(provide, "jobs_private")
    superuser.execute("ALTER TABLE jobs_private.cron_secrets DISABLE ROW LEVEL SECURITY")
    superuser.execute("GRANT SELECT ON jobs_private.cron_secrets TO anon")
    assert not any("lint 0013" in finding.sentence for finding in look("jobs_private"))
    superuser.execute("ALTER ROLE authenticator SET pgrst.db_schemas = 'public, jobs_private'")
    try:
        assert any("lint 0013" in finding.sentence for finding in look("jobs_private"))
    finally:
        superuser.execute("ALTER ROLE authenticator RESET pgrst.db_schemas")


def test_an_extension_in_public_is_a_note(superuser: Connection, look: Look) -> None:
    superuser.execute("UPDATE pg_extension SET extnamespace = 'public'::regnamespace WHERE extname = 'pg_net'")
    try:
        found = only(look(), "linter", "pg_net")
    finally:
        superuser.execute("UPDATE pg_extension SET extnamespace = 'extensions'::regnamespace WHERE extname = 'pg_net'")
    assert found.level == "note"
    assert "lint 0014 (extension_in_public)" in found.sentence


def test_an_outdated_extension_is_a_note(superuser: Connection, look: Look) -> None:
    row = superuser.execute("SELECT extversion FROM pg_extension WHERE extname = 'pg_net'").fetchone()
    assert row
    superuser.execute("UPDATE pg_extension SET extversion = '0.0' WHERE extname = 'pg_net'")
    try:
        found = only(look(), "linter", "pg_net")
    finally:
        superuser.execute("UPDATE pg_extension SET extversion = %s WHERE extname = 'pg_net'", [row[0]])
    assert found.level == "note"
    assert "lint 0022 (extension_versions_outdated)" in found.sentence


def test_functions_without_a_search_path(provide: Provide, superuser: Connection, look: Look) -> None:
    deploy(provide)
    superuser.execute("ALTER FUNCTION public.get_secret(text) RESET search_path")
    superuser.execute("CREATE SCHEMA doctor_theirs")
    superuser.execute("CREATE FUNCTION doctor_theirs.f(int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
    superuser.execute("CREATE FUNCTION doctor_theirs.g() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    try:
        findings = [finding for finding in look() if finding.check == "search_path"]
    finally:
        superuser.execute("DROP SCHEMA doctor_theirs CASCADE")
    assert {(finding.object, finding.level) for finding in findings} == {
        ("public.get_secret(text)", "problem"),
        ("doctor_theirs.f(integer)", "note"),
    }


def test_a_trigger_that_somebody_put_on_pg_nets_tables(superuser: Connection, look: Look) -> None:
    assert only(look(), "queue triggers", "").level == "ok"
    superuser.execute(
        "CREATE FUNCTION public.doctor_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
        "ALTER FUNCTION public.doctor_trigger() OWNER TO doctor_stranger; "
        "CREATE TRIGGER theirs AFTER DELETE ON net._http_response EXECUTE FUNCTION public.doctor_trigger()"
    )
    try:
        found = only(look(), "queue triggers", "net._http_response")
    finally:
        superuser.execute("DROP FUNCTION public.doctor_trigger() CASCADE")
    assert found.level == "problem"
    assert found.sentence.startswith("has the trigger theirs of doctor_stranger, which runs as who sends or answers")


def test_a_schema_on_the_path_in_which_others_may_create(superuser: Connection, look: Look) -> None:
    assert only(look(), "path schemas", "").level == "ok"
    superuser.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    try:
        found = only(look(), "path schemas", "schema public")
    finally:
        superuser.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    assert found.level == "problem"
    assert "authenticator, doctor_stranger may create functions there" in found.sentence
    assert 'REVOKE CREATE ON SCHEMA "public" FROM PUBLIC' in found.sentence


PATHS = {
    "empty": "''",
    "first": "pg_temp, public",
    "left_out": "pg_catalog, public",
    "twice": "pg_temp, pg_catalog",
    "named_like_it": "pg_catalog, my_pg_temp",
}
"""Search paths in which a session's own names come first, by the name of a function that has one."""


def test_functions_whose_path_does_not_end_in_pg_temp(
    provide: Provide, superuser: Connection, postgres: Connection, look: Look
) -> None:
    deploy(provide)
    postgres.execute("ALTER FUNCTION public.get_secret(text) SET search_path = ''")
    superuser.execute("CREATE SCHEMA doctor_theirs")
    superuser.execute("GRANT ALL ON SCHEMA doctor_theirs TO postgres")
    definer = "RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = {} AS 'SELECT 1'"
    for name, path in {**PATHS, "right": "pg_catalog, pg_temp", "right_too": '"$user", public, "pg_temp"'}.items():
        postgres.execute(f"CREATE FUNCTION doctor_theirs.{name}() {definer.format(path)}".encode())
    superuser.execute(f"CREATE FUNCTION doctor_theirs.of_somebody_else() {definer.format(chr(39) * 2)}".encode())
    superuser.execute(f"CREATE FUNCTION public.doctor_of_the_schema() {definer.format(chr(39) * 2)}".encode())
    try:
        findings = [finding for finding in look() if finding.check == "search_path"]
    finally:
        superuser.execute("DROP SCHEMA doctor_theirs CASCADE")
        superuser.execute("DROP FUNCTION public.doctor_of_the_schema()")
    assert {(finding.object, finding.level) for finding in findings} == {
        ("public.get_secret(text)", "problem"),
        ("public.doctor_of_the_schema()", "note"),
        *((f"doctor_theirs.{name}()", "note") for name in PATHS),
    }
    sentences = {finding.object: finding.sentence for finding in findings}
    assert 'has the search_path "", in which pg_temp is not the last' in sentences["public.get_secret(text)"]
    assert "run as postgres" in sentences["doctor_theirs.first()"]


def test_a_job_of_a_role_that_is_gone(superuser: Connection, look: Look) -> None:
    row = superuser.execute(
        "INSERT INTO cron.job (schedule, command, username, active, jobname) "
        "VALUES ('0 0 1 1 *', 'SELECT 1', 'doctor_gone', false, 'orphan') RETURNING jobid"
    ).fetchone()
    found = only(look(), "job owners", "orphan")
    superuser.execute("DELETE FROM cron.job WHERE jobname = 'orphan'")
    assert row
    assert found.level == "problem"
    assert f"DELETE FROM cron.job WHERE jobid = {row[0]}" in found.sentence


def test_without_a_superuser_the_role_can_be_made_again_to_remove_its_job(
    superuser: Connection, postgres: Connection, look: Look
) -> None:
    superuser.execute(
        "INSERT INTO cron.job (schedule, command, username, active, jobname) "
        "VALUES ('0 0 1 1 *', 'SELECT 1', 'doctor_gone', false, 'orphan')"
    )
    postgres.execute("CREATE ROLE doctor_gone")
    postgres.execute("GRANT doctor_gone TO postgres")
    postgres.execute("GRANT USAGE ON SCHEMA cron TO doctor_gone")
    postgres.execute("SET ROLE doctor_gone")
    postgres.execute("SELECT cron.unschedule(jobid) FROM cron.job")
    postgres.execute("RESET ROLE")
    postgres.execute(
        "REVOKE USAGE ON SCHEMA cron FROM doctor_gone"
    )  # DROP OWNED leaves what another than the owner gave
    assert only(look(), "job owners", "").level == "ok"


def test_a_planted_key_is_reported_without_its_text(postgres: Connection, look: Look) -> None:
    command = (
        f"SELECT net.http_post(url := 'http://x/', headers := '{{\"Authorization\": \"Bearer {PLANTED}\"}}'::jsonb)"
    )
    postgres.execute("SELECT cron.schedule('careless', '0 0 1 1 *', %s)", [command])
    findings = look()
    assert only(findings, "planted keys", "careless").level == "problem"
    assert PLANTED not in str(findings)


def test_a_zone_that_has_no_effect(
    provide: Provide, superuser: Connection, look: Look, without_cron_timezone: None
) -> None:
    deploy(provide)
    superuser.execute("ALTER ROLE postgres SET cron.timezone = 'Europe/Berlin'")
    try:
        found = only(look(), "clock", "cron.timezone")
    finally:
        superuser.execute("ALTER ROLE postgres RESET cron.timezone")
    assert (found.level, "is set to 'Europe/Berlin' and has no effect" in found.sentence) == ("note", True)


def test_jobs_that_an_early_build_runs_a_day_off(provide: Provide, superuser: Connection, look: Look) -> None:
    deploy(provide)
    superuser.execute("SELECT cron.schedule('monthly', '0 0 1 * *', 'SELECT 1')")
    superuser.execute("UPDATE pg_extension SET extversion = '1.6' WHERE extname = 'pg_cron'")
    try:
        assert only(look(), "clock", "monthly").level == "note"
    finally:
        superuser.execute(AS_IT_IS)


def test_a_login_without_rights_gets_notes_on_what_it_cannot_see(
    provide: Provide, conninfo: str, superuser: Connection, look: Look
) -> None:
    deploy(provide)
    stranger = make_conninfo(conninfo, user="doctor_stranger", password="planted-login")
    findings = look(url=stranger)
    assert only(findings, "planted keys", "").sentence == (
        "cannot be told as doctor_stranger: permission denied for schema cron"
    )
    assert only(findings, "readers", "postgres").level == "note"
    superuser.execute("GRANT USAGE ON SCHEMA cron TO doctor_stranger")
    superuser.execute("SELECT cron.schedule('not-seen', '0 0 1 1 *', %s)", [f"SELECT 'Bearer {PLANTED}'"])
    findings = look(url=stranger)
    assert only(findings, "planted keys", "").sentence.startswith("doctor_stranger sees its own jobs alone")


def test_without_extensions_there_is_nothing_to_ask(superuser: Connection, conninfo: str, look: Look) -> None:
    superuser.execute("DROP DATABASE IF EXISTS doctor_plain")
    superuser.execute("CREATE DATABASE doctor_plain")
    try:
        findings = look(url=make_conninfo(conninfo, dbname="doctor_plain"))
    finally:
        superuser.execute("DROP DATABASE doctor_plain WITH (FORCE)")
    assert problems(findings) == []
    assert only(findings, "request queue", "").sentence == "pg_net is not there"
    assert only(findings, "job owners", "").sentence == "pg_cron is not there"


def test_a_table_that_a_login_may_not_read_hides_no_other_finding(
    provide: Provide, conninfo: str, superuser: Connection, look: Look
) -> None:
    deploy(provide)
    superuser.execute("GRANT USAGE ON SCHEMA cron TO doctor_stranger")
    stranger = make_conninfo(conninfo, user="doctor_stranger", password="planted-login")
    readable = look(url=stranger)
    superuser.execute("REVOKE SELECT ON cron.job FROM PUBLIC")
    try:
        refused = look(url=stranger)
    finally:
        superuser.execute("GRANT SELECT ON cron.job TO PUBLIC")
    needing_it = {check.name for check in CHECKS if "jobs" in check.needs}
    assert {(f.check, f.sentence) for f in refused if f.check in needing_it} == {
        (name, "cannot be told as doctor_stranger: permission denied for table job") for name in needing_it
    }
    others = [finding for finding in readable if finding.check not in {*needing_it, "alive"}]
    assert [finding for finding in refused if finding.check not in {*needing_it, "alive"}] == others
    assert {finding.check for finding in others} == {check.name for check in CHECKS} - needing_it


def test_it_takes_two_round_trips(provide: Provide, conninfo: str) -> None:
    deploy(provide)
    with proxied(conninfo, 0) as (through_proxy, proxy):
        far = Database(through_proxy)
        far.connect()
        proxy.trips = 0
        examine(far, "public")
        trips = proxy.trips
        far.close()
    assert trips == 2


# The command


@pytest.fixture
def run(conninfo: str) -> Callable[..., Any]:
    app = typer.Typer()
    app.command()(doctor)

    def ran(*arguments: str, url: str = conninfo) -> Any:
        return CliRunner().invoke(app, arguments, env={"SUPABASE_CRON_DATABASE_URL": url, "COLUMNS": "200"})

    return ran


Run = Callable[..., Any]


def test_the_command_prints_findings_and_ends_with_its_status(
    provide: Provide, superuser: Connection, run: Run
) -> None:
    deploy(provide)
    result = run("--json")
    assert (result.exit_code, json.loads(result.stdout)["well"]) == (0, True), result.output
    superuser.execute("GRANT EXECUTE ON FUNCTION public.get_secret(text) TO doctor_stranger")
    superuser.execute("SELECT cron.schedule('careless', '0 0 1 1 *', %s)", [f"SELECT 'Bearer {PLANTED}'"])
    result = run("--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert not document["well"]
    assert {f["object"] for f in document["findings"] if f["level"] == "problem"} == {"doctor_stranger", "careless"}
    assert "2 problems found" in result.stderr
    table = run()
    assert table.exit_code == 1
    assert "doctor_stranger" in table.stdout
    assert PLANTED not in table.output + result.output


def test_the_schema_can_be_named(provide: Provide, run: Run) -> None:
    deploy(provide, "jobs_private")
    result = run("--schema", "jobs_private", "--json")
    assert result.exit_code == 0
    assert "there is no secret store" not in result.output


@pytest.mark.parametrize(
    ("arguments", "url", "code", "expected"),
    [
        (["--nonsense"], "host=127.0.0.1", 2, "--nonsense"),
        ([], "", 3, "no database to connect to"),
        ([], "host=127.0.0.1 port=1 user=postgres", 3, "no database at 127.0.0.1:1"),
        ([], "postgresql://u@example.com/x?sslmode=require", 3, "would not verify the server"),
    ],
)
def test_what_it_says_when_it_cannot(arguments: list[str], url: str, code: int, expected: str, run: Run) -> None:
    result = run(*arguments, url=url)
    assert result.exit_code == code
    assert expected in " ".join(result.stderr.replace("│", " ").split())
