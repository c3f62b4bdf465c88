"""The program through the real engine: preview, up, up again, drift, refresh, up, destroy; and every bad input."""

import gzip
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

JOBS = {
    "generate-t5-invoices": "0 1 * * *",
    "run-escalation-orchestration": "0 2 * * *",
    "schedule-create-zoom": "*/15 * * * *",
    "generate-monthly-invoices": "0 2 * * *",
    "escalate-overdue-bookings": "0 6 * * *",
    "notification-worker": "* * * * *",
}
SWEEP = [("cron-runs-sweep-public",)]
OURS = "SELECT jobname::text, schedule, active FROM cron.job WHERE jobname NOT LIKE 'cron-%-sweep-%' ORDER BY jobname"

Connection = psycopg.Connection[tuple[Any, ...]]


class Result(Protocol):
    code: int
    output: str

    def errors(self) -> list[str]: ...


class Project(Protocol):
    folder: Path
    environment: dict[str, str]
    run: Callable[..., Result]
    pulumi: Callable[..., Result]
    up: Callable[..., Result]
    configure: Callable[..., None]
    edit: Callable[..., None]
    outputs: Callable[[], dict[str, Any]]


def jobs(postgres: Connection) -> dict[str, str]:
    """The catalogue's jobs, without the project's own sweeps."""
    return {name: schedule for name, schedule, _ in postgres.execute(OURS).fetchall()}


def jobids(postgres: Connection) -> dict[str, int]:
    found: dict[str, int] = dict(
        postgres.execute("SELECT jobname::text, jobid FROM cron.job WHERE jobname NOT LIKE 'cron-%-sweep-%'").fetchall()
    )
    return found


def test_the_whole_life_of_a_stack(project: Project, postgres: Connection, planted: Mapping[str, str]) -> None:
    told = []

    preview = project.pulumi("preview")
    told.append(preview.output)
    assert preview.code == 0, preview.output
    assert jobs(postgres) == {}, "a preview writes nothing"

    told.append(project.up().output)
    assert jobs(postgres) == JOBS
    sweep = "SELECT jobname::text FROM cron.job WHERE jobname LIKE 'cron-%-sweep-%' ORDER BY jobname"
    assert postgres.execute(sweep).fetchall() == SWEEP
    outputs = project.outputs()
    assert set(outputs["extensions"]) == {"pg_cron", "pg_net"}
    assert outputs["secrets"] == dict.fromkeys(planted, "set")
    assert outputs["rotators"] == []
    assert {name: job["schedule"] for name, job in outputs["jobs"].items()} == JOBS
    worker = outputs["jobs"]["notification-worker"]
    assert worker["target"] == "{supabase_url}/functions/v1/notification-worker"
    assert worker["active"] is True
    assert set(worker) == {"jobid", "schedule", "active", "target"}, "nothing that time alone changes"
    ids = jobids(postgres)
    assert {name: job["jobid"] for name, job in outputs["jobs"].items()} == ids
    for statement in outputs["verificationSql"].split(";"):
        if statement.strip():
            assert postgres.execute(statement.encode()).description, "what a person would paste runs"

    again = project.pulumi("preview", "--expect-no-changes")
    told.append(again.output)
    assert again.code == 0
    assert "Outputs:" not in again.output, "nothing changes by itself"
    again = project.up("--expect-no-changes")
    assert "unchanged" in again.output

    verified = project.run("cronctl", "verify", "--stack", "test", "--json")
    assert verified.code == 0, verified.output
    assert json.loads(verified.output)["in_sync"] is True

    postgres.execute(
        "SELECT cron.alter_job(jobid, schedule := '*/5 * * * *') FROM cron.job WHERE jobname = 'notification-worker'"
    )
    drift = project.pulumi("preview", "--expect-no-changes")
    told.append(drift.output)
    assert drift.code != 0
    assert (
        "cron job 'notification-worker' was changed in the database: schedule is '*/5 * * * *' there, "
        "'* * * * *' in the state"
    ) in drift.output
    verified = project.run("cronctl", "verify", "--stack", "test", "--json")
    assert verified.code == 1
    assert "declared '* * * * *', in the database '*/5 * * * *'" in verified.output

    postgres.execute("SELECT cron.unschedule('generate-t5-invoices')")
    refresh = project.pulumi("refresh", "--yes", "--diff")
    told.append(refresh.output)
    assert refresh.code == 0, refresh.output
    assert "*/5 * * * *" in refresh.output
    assert "generate-t5-invoices" in refresh.output
    told.append(project.up().output)
    assert jobs(postgres) == JOBS
    after = jobids(postgres)
    assert after["notification-worker"] == ids["notification-worker"], "an altered job keeps its jobid"
    assert project.pulumi("preview", "--expect-no-changes").code == 0

    project.edit("jobs.yaml", "schedule: 0 6 * * *", "schedule: 30 6 * * *")
    told.append(project.up().output)
    assert jobs(postgres)["escalate-overdue-bookings"] == "30 6 * * *"

    postgres.execute("SELECT public.rotate_cron_secret('cron_secret', 'planted-rotated')")
    rotated = project.pulumi("preview", "--expect-no-changes")
    told.append(rotated.output)
    assert rotated.code == 0, "a rotation is no change that up would undo"
    assert "secret 'cron_secret' was changed in the database: value is 'another, set by postgres at" in rotated.output
    told.append(project.pulumi("refresh", "--yes", "--diff").output)
    told.append(project.up("--diff").output)
    assert postgres.execute("SELECT public.get_secret('cron_secret')").fetchone() == ("planted-rotated",)

    told.append(project.pulumi("stack", "export").output)
    told += [repr(row) for row in postgres.execute("SELECT * FROM cron.job").fetchall()]
    told += [repr(row) for row in postgres.execute("SELECT * FROM cron.job_run_details").fetchall()]
    told += [repr(row) for row in postgres.execute("SELECT * FROM public.cron_secret_audit").fetchall()]

    destroyed = project.pulumi("destroy", "--yes")
    told.append(destroyed.output)
    assert destroyed.code == 0, destroyed.output
    assert postgres.execute("SELECT count(*) FROM cron.job").fetchone() == (0,)
    left = postgres.execute(
        "SELECT relname FROM pg_class WHERE relname LIKE 'cron_secret%' "
        "UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE '%cron_secret%' OR proname LIKE '%cron_request%' "
        "OR proname = 'get_secret'"
    ).fetchall()
    assert left == []

    values = [*planted.values(), "planted-rotated", "planted-jwt"]
    for text in told:
        assert not [value for value in values if value in text]
    assert files_with(project.folder.parent, values) == []


def files_with(folder: Path, values: list[str]) -> list[Path]:
    """The files below a folder (state, its history and backups, engine logs) in which a value stands in clear."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            if any(value.encode() in content for value in values):
                found.append(path)
    return found


def test_an_existing_job_is_told_at_preview_and_adopted_when_asked(project: Project, postgres: Connection) -> None:
    postgres.execute("SELECT cron.schedule('notification-worker', '*/9 * * * *', 'SELECT 1')")
    try:
        told = project.pulumi("preview")
        assert told.code != 0
        (error,) = told.errors()
        assert "cron job 'notification-worker' exists already" in error
        assert "adopt" in error
        project.configure("adopt", "true")
        project.up()
        assert jobs(postgres) == JOBS
    finally:
        project.pulumi("destroy", "--yes")
        postgres.execute("SELECT cron.unschedule(jobid) FROM cron.job")


def test_a_change_made_a_second_ago_is_seen_by_preview_and_refresh(project: Project, postgres: Connection) -> None:
    def by_hand(schedule: str) -> None:
        change = "SELECT cron.alter_job(jobid, schedule := %s) FROM cron.job WHERE jobname = 'notification-worker'"
        postgres.execute(change.encode(), [schedule])
        time.sleep(1)

    def stored() -> str:
        state = json.loads(project.pulumi("stack", "export").output)["deployment"]["resources"]
        (schedule,) = (r["outputs"]["schedule"] for r in state if r["urn"].endswith("::notification-worker"))
        return str(schedule)

    project.up()
    by_hand("*/2 * * * *")
    told = project.pulumi("preview").output
    assert "schedule is '*/2 * * * *' there, '* * * * *' in the state" in told
    by_hand("*/3 * * * *")
    refreshed = project.pulumi("refresh", "--yes", "--skip-preview")
    assert refreshed.code == 0, refreshed.output
    assert stored() == "*/3 * * * *"
    by_hand("*/4 * * * *")
    project.up("--skip-preview")
    assert jobs(postgres) == JOBS
    assert stored() == "* * * * *"


def test_a_table_made_by_hand_is_told_at_preview_and_adopted_with_its_rows(
    project: Project, postgres: Connection, planted: Mapping[str, str]
) -> None:
    postgres.execute("CREATE TABLE public.cron_secrets (key text PRIMARY KEY, value text NOT NULL, description text)")
    for key, value in planted.items():
        postgres.execute("INSERT INTO public.cron_secrets VALUES (%s, %s, 'by hand')", [key, value])
    told = project.pulumi("preview")
    assert told.code != 0
    assert "table 'cron_secrets' in schema 'public' exists already and no stack manages it" in told.errors()[0]
    project.configure("adopt", "true")
    preview = project.pulumi("preview")
    assert preview.code == 0, preview.output
    assert project.run("cronctl", "verify", "--stack", "test").code == 1
    project.up()
    assert project.pulumi("preview", "--expect-no-changes").code == 0
    audit = postgres.execute("SELECT DISTINCT action FROM public.cron_secret_audit").fetchall()
    assert audit == [("described",)], "the values stayed as they were"


def test_a_stack_overrides_a_header_and_pauses_a_job(project: Project, postgres: Connection) -> None:
    project.configure("--path", "jobs.notification-worker.active", "false")
    header = "jobs.schedule-create-zoom.http.headers.X-Scheduler-Token"
    project.configure("--plaintext", "--path", header, "{scheduler_secret_token}")
    project.up()
    active = {name: active for name, _, active in postgres.execute(OURS).fetchall()}
    assert active == {**dict.fromkeys(JOBS, True), "notification-worker": False}
    command = postgres.execute("SELECT command FROM cron.job WHERE jobname = 'schedule-create-zoom'").fetchone()
    assert command is not None
    assert "'X-Scheduler-Token', \"public\".get_secret('scheduler_secret_token')" in command[0]


def test_a_stack_moves_to_another_schema_in_one_up(project: Project, postgres: Connection) -> None:
    project.up()
    before = jobids(postgres)
    project.configure("schema", "jobs_private")
    project.up()
    assert jobids(postgres) == before
    assert postgres.execute("SELECT to_regclass('public.cron_secrets')").fetchone() == (None,)
    assert postgres.execute("SELECT jobs_private.get_secret('cron_secret')").fetchone() == ("planted-cron-secret",)
    commands = [command for (command,) in postgres.execute("SELECT command FROM cron.job").fetchall()]
    assert all('"jobs_private".' in command for command in commands)
    assert postgres.execute("SELECT count(*) FROM cron.job").fetchone() == (len(JOBS) + len(SWEEP),)
    assert project.pulumi("preview", "--expect-no-changes").code == 0
    assert project.pulumi("destroy", "--yes").code == 0
    assert postgres.execute("SELECT to_regnamespace('jobs_private')").fetchone() == (None,)


def conninfo_with(**changes: Any) -> Callable[[str], str]:
    return lambda conninfo: make_conninfo(conninfo, **changes)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (conninfo_with(port=1), "no database at 127.0.0.1:1"),
        (conninfo_with(password="planted-wrong"), "refuses the password of postgres"),
        (conninfo_with(sslmode="require"), "no verified TLS connection to the database"),
        (conninfo_with(dbname="template1"), "extension 'pg_cron' serves the database 'postgres'"),
        (lambda _: "host=db.example.com sslmode=require", "would not verify the server (sslmode=require)"),
        (lambda _: "postgresql://u:planted%zz@h/db", "the database url is no PostgreSQL conninfo"),
        (lambda _: "postgresql://u:x@planted@h/db", "percent-encode special characters, @ as %40 and / as %2F"),
        (lambda _: "", "no database to connect to; set SUPABASE_CRON_DATABASE_URL"),
    ],
)
def test_a_database_out_of_reach_is_told_once(
    change: Callable[[str], str], told: str, project: Project, conninfo: str
) -> None:
    result = project.pulumi("preview", SUPABASE_CRON_DATABASE_URL=change(conninfo))
    assert result.code != 0
    (error,) = result.errors()
    assert told in error
    assert "planted" not in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("schedule: 0 6 * * *", "shedule: 0 6 * * *", "unknown field 'shedule'; did you mean 'schedule'?"),
        ("schedule: 0 6 * * *", "schedule: 0 14-3 * * *", "write '0 14-23,0-3 * * *'"),
        (
            "Bearer {cron_secret}",
            "Bearer {cron_secrt}",
            "reads the unknown secret 'cron_secrt'; did you mean 'cron_secret'?",
        ),
        ("jobs:\n", "jobs: {\n", "invalid YAML"),
    ],
)
def test_a_mistake_in_the_catalogue_is_told_before_anything_is_touched(
    old: str, new: str, told: str, project: Project, postgres: Connection
) -> None:
    project.edit("jobs.yaml", old, new)
    result = project.pulumi("up", "--yes", "--skip-preview")
    assert result.code != 0
    assert told in result.output
    assert "jobs.yaml:" in result.output
    assert "Traceback" not in result.output
    assert jobs(postgres) == {}


def test_a_password_in_clear_is_refused(project: Project) -> None:
    project.configure("--plaintext", "databaseUrl", "postgresql://postgres:planted-clear@127.0.0.1/postgres")
    result = project.pulumi("preview")
    assert result.code != 0
    (error,) = result.errors()
    assert error.startswith("supabase-cron:databaseUrl stands in clear in the stack's file; run: pulumi config set")
    assert "planted-clear" not in result.output
    assert project.pulumi("config", "rm", "databaseUrl").code == 0


def test_a_value_in_clear_beside_encrypted_ones_is_refused(project: Project) -> None:
    project.configure("--plaintext", "--path", "secrets.cron_secret", "planted-clear-value")
    for command in (
        ("pulumi", "preview", "--stack", "test", "--color", "never"),
        ("cronctl", "verify", "--stack", "test"),
    ):
        result = project.run(*command)
        assert result.code != 0
        assert (
            "supabase-cron:secrets.cron_secret stands in clear in the stack's file; run: pulumi config set --secret --path "
            "secrets.cron_secret --stack test"
        ) in " ".join(result.output.split())
        assert "planted-clear" not in result.output
    project.configure("--secret", "--path", "secrets.cron_secret", "planted-cron-secret")


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        (
            "Pulumi.test.yaml",
            "  supabase-cron:secrets:\n",
            "  supabase-cron:config:secrets:\n    planted: planted-clear-value\n",
            "secrets.planted",
        ),
        (
            "Pulumi.yaml",
            "  secrets:\n    type: object\n    default: {}\n",
            "  secrets:\n    type: object\n    default: {cron_secret: planted-clear-value}\n",
            "secrets",
        ),
    ],
)
def test_a_value_in_clear_is_refused_however_the_engine_came_to_it(
    file: str, old: str, new: str, place: str, project: Project
) -> None:
    if file == "Pulumi.yaml":
        assert project.pulumi("config", "rm", "secrets").code == 0
    project.edit(file, old, new)
    for command in (
        ("pulumi", "preview", "--stack", "test", "--color", "never"),
        ("cronctl", "export", "--stack", "test"),
    ):
        result = project.run(*command)
        assert result.code != 0
        assert f"supabase-cron:{place} stands in clear in the stack's file" in " ".join(result.output.split())
        assert "planted-clear" not in result.output
    project.edit(file, new, old)


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (
            "      headers:\n        X-Api-Key: 7d0c5a60-5d7b-4c0e-9a66-0f1f6a4a3f11\n",
            "headers.X-Api-Key: holds what looks like a key (a literal X-Api-Key); declare it under secrets",
        ),
        (
            "      headers:\n        X-Words: say planted-cron-secret once\n",
            "headers.X-Words: the value of secret 'cron_secret' is written out; write {cron_secret}",
        ),
        (
            '      headers:\n        X-Token: "{Zk3Jq8Vw2Xr7Ty5Ub9Nm4Lp6}"\n',
            "holds what looks like a key (a long random literal) where a secret's name stands",
        ),
    ],
)
def test_a_key_that_is_pasted_into_the_catalogue_is_refused(
    new: str, told: str, project: Project, postgres: Connection
) -> None:
    project.edit("jobs.yaml", "      headers:\n", new)
    result = project.pulumi("up", "--yes", "--skip-preview")
    assert result.code != 0
    assert told in result.output
    for part in ("7d0c5a60", "planted-cron", "Zk3Jq8"):
        assert part not in result.output
    assert jobs(postgres) == {}


def test_a_failing_update_is_one_sentence_without_a_traceback(project: Project, postgres: Connection) -> None:
    project.up()
    postgres.execute("ALTER TABLE public.cron_secrets ADD CHECK (value !~ 'planted-refused') NOT VALID")
    project.configure("--secret", "--path", "secrets.cron_secret", "planted-refused")
    result = project.pulumi("up", "--yes")
    assert result.code != 0
    assert any(error.startswith("secret 'cron_secret': ") for error in result.errors()), result.output
    assert "Traceback" not in result.output
    assert "planted-refused" not in result.output


def test_a_store_moves_to_vault_and_back_and_a_rotation_there_is_kept_refused_or_undone(
    project: Project, postgres: Connection
) -> None:
    def current() -> str:
        ((value,),) = postgres.execute("SELECT public.get_secret('cron_secret')").fetchall()
        return str(value)

    def stored() -> str:
        ((value,),) = postgres.execute("SELECT value FROM public.cron_secrets WHERE key = 'cron_secret'").fetchall()
        return str(value)

    project.up()
    project.configure("store", "vault")
    assert project.pulumi("preview").code == 0
    project.up()
    assert set(project.outputs()["extensions"]) == {"pg_cron", "pg_net", "supabase_vault"}
    assert stored().startswith("vault:")
    assert current() == "planted-cron-secret"
    assert project.pulumi("preview", "--expect-no-changes").code == 0

    postgres.execute("SELECT public.rotate_cron_secret('cron_secret', 'planted-rotated')")
    project.configure("onRotatedInDatabase", "fail")
    failed = project.pulumi("preview")
    assert failed.code != 0
    (error,) = failed.errors()
    assert "secret 'cron_secret' was rotated in the database (set by postgres at " in error
    project.configure("onRotatedInDatabase", "restore")
    project.up()
    assert current() == "planted-cron-secret"

    project.configure("store", "table")
    project.up()
    assert stored() == "planted-cron-secret"
    assert postgres.execute("SELECT count(*) FROM vault.secrets").fetchone() == (0,)
    assert project.pulumi("preview", "--expect-no-changes").code == 0
    project.configure("store", "safe")
    refused = project.pulumi("preview")
    assert refused.code != 0
    assert "supabase-cron:store: input should be 'table' or 'vault'" in refused.output
    project.configure("store", "table")
