"""docs/scale: shared state, one written at the end, a fleet, a partitioned ledger; each by the file that is shipped."""

import base64
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.acceptance.conftest import Project
from tests.integration.components.endpoint import serving

Connection = psycopg.Connection[tuple[Any, ...]]
SCALE = Path(__file__).parents[2] / "docs/scale"


class SharedState(NamedTuple):
    """A database for state: its address without the password, and a connection to look in."""

    url: str
    password: str
    database: Connection

    def locks(self) -> list[str]:
        rows = self.database.execute("SELECT key FROM pulumi_state WHERE key LIKE '%/locks/%'").fetchall()
        return [key for (key,) in rows]


@pytest.fixture
def shared_state(conninfo: str, postgres: Connection) -> Iterator[SharedState]:
    name = f"pulumi_state_{uuid4().hex[:8]}"
    parts = {"sslmode": "disable", **conninfo_to_dict(conninfo)}
    postgres.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        with psycopg.connect(make_conninfo(conninfo, dbname=name), autocommit=True) as database:
            url = f"postgres://{parts['user']}@{parts['host']}:{parts['port']}/{name}?sslmode={parts['sslmode']}"
            yield SharedState(url, str(parts["password"]), database)
    finally:
        postgres.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def begun(project: Project, **environment: str) -> subprocess.Popen[str]:
    """A ``pulumi up`` in a process group of its own."""
    return subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--stack", "test", "--non-interactive"],
        cwd=project.folder,
        env={**project.environment, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@contextmanager
def paused_in_the_middle(project: Project, state: SharedState) -> Iterator[subprocess.Popen[str]]:
    """Somebody's ``pulumi up`` that holds the stack's lock and does not go on."""
    with begun(project) as up:
        try:
            while not state.locks():
                assert up.poll() is None, "it ended without a lock"
                time.sleep(0.01)
            up.send_signal(signal.SIGSTOP)
            yield up
        finally:
            up.kill()


def test_two_people_at_one_stack(shared_state: SharedState, project: Project, planted: Mapping[str, str]) -> None:
    project.environment["PGPASSWORD"] = shared_state.password
    moved = project.run(str(SCALE / "share_state.sh"), "test", shared_state.url)
    assert moved.code == 0, moved.output
    project.environment["PULUMI_BACKEND_URL"] = shared_state.url

    with paused_in_the_middle(project, shared_state) as first:
        refused = project.pulumi("up", "--yes")
        assert refused.code != 0
        assert "the stack is currently locked by 1 lock(s)" in refused.output
        assert f"(pid {first.pid})" in refused.output
        assert shared_state.password not in refused.output
        first.send_signal(signal.SIGCONT)
        said, _ = first.communicate(timeout=60)
        assert first.returncode == 0, said
    assert "unchanged" in project.up("--expect-no-changes").output

    with paused_in_the_middle(project, shared_state) as crashing:
        crashing.kill()
    assert "the stack is currently locked" in project.pulumi("up", "--yes").output, "a crash leaves the lock"
    assert project.pulumi("cancel", "--yes").code == 0
    project.up()
    assert shared_state.locks() == []

    for key, data in shared_state.database.execute("SELECT key, data ->> 'data' FROM pulumi_state").fetchall():
        content = base64.b64decode(data).decode()
        assert not [value for value in planted.values() if value in content], key


def test_a_state_that_is_written_at_the_end_and_a_crash_before_it(project: Project, postgres: Connection) -> None:
    at_the_end = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
    with begun(project, **at_the_end) as up:
        try:
            while postgres.execute("SELECT to_regclass('public.cron_secrets') IS NULL").fetchone() == (True,):
                assert up.poll() is None, "it ended without a store"
                time.sleep(0.01)
        finally:
            os.killpg(up.pid, signal.SIGKILL)
    assert "resources" not in json.loads(project.pulumi("stack", "export").output)["deployment"]

    assert project.pulumi("cancel", "--yes").code == 0
    taken_up = project.pulumi("up", "--yes", **at_the_end)
    assert taken_up.code == 0, taken_up.output
    verified = project.run("cronctl", "verify", "--stack", "test")
    assert verified.code == 0, verified.output
    assert "unchanged" in project.up("--expect-no-changes").output


def test_a_fleet(project: Project, postgres: Connection, conninfo: str) -> None:
    def fleet(operation: str, *options: str, hamburg: str = conninfo, code: int = 0) -> str:
        done = project.run(
            *("python", str(SCALE / "fleet.py"), operation, str(SCALE / "fleet.yaml"), "--workers", "2", *options),
            BERLIN_DATABASE_URL=conninfo,
            HAMBURG_DATABASE_URL=hamburg,
            HAMBURG_CRON_SECRET="planted-of-hamburg",
        )
        assert done.code == code, done.output
        assert "planted" not in done.output
        assert str(conninfo_to_dict(conninfo)["password"]) not in done.output
        return done.output

    # One server has one database with pg_cron, so the two share it, in schemas of their own and with jobs of their own.
    for stack in ("berlin", "hamburg"):
        secret = "  cron_secret: {description: d, format: token}\n" if stack == "hamburg" else "  {}\n"
        job = f"  work-in-{stack}: {{description: d, schedule: 0 1 * * *, sql: SELECT 1}}\n"
        (project.folder / f"{stack}.yaml").write_text(f"secrets:\n{secret}jobs:\n{job}", encoding="utf-8")
        for command in (
            ("stack", "init", stack, "--no-select"),
            (
                "config",
                "set-all",
                "--stack",
                stack,
                f"--plaintext=catalogue={stack}.yaml",
                f"--plaintext=schema={stack}",
            ),
        ):
            assert project.run("pulumi", *command).code == 0
    try:
        told = fleet("up", hamburg=make_conninfo(conninfo, password="planted-wrong"), code=1)
        assert "] berlin: up done: " in told
        assert "] hamburg: up FAILED: " in told
        assert "refuses the password of postgres" in told
        assert told.endswith("1 of 2 done; failed: hamburg\n")

        assert "[1/1] hamburg: up done: " in fleet("up", "--only", "hamburg")
        assert postgres.execute("SELECT hamburg.get_secret('cron_secret')").fetchone() == ("planted-of-hamburg",)
        jobs = postgres.execute("SELECT jobname::text FROM cron.job WHERE jobname ~ '^work' ORDER BY 1").fetchall()
        assert jobs == [("work-in-berlin",), ("work-in-hamburg",)]

        told = fleet("preview")
        assert told.count("preview done: ") == 2
        assert "create" not in told, "nothing is left to do"
        assert fleet("refresh").endswith("2 of 2 done\n")
    finally:
        fleet("destroy")
    assert postgres.execute("SELECT count(*) FROM cron.job").fetchone() == (0,)

    helped = project.run("python", str(SCALE / "fleet.py"), "--help")
    assert helped.code == 0
    assert "--only" in helped.output
    (project.folder / "mistaken.yaml").write_text("a: {SUPABASE_CRON_DATABASE_URL: 'postgres://u:planted@h/d'}\n")
    refused = project.run("python", str(SCALE / "fleet.py"), "up", "mistaken.yaml")
    assert refused.code == 2
    assert "planted" not in refused.output


def test_a_partitioned_ledger(project: Project, postgres: Connection) -> None:
    def fire() -> int:
        """What pg_cron does when a job is due."""
        ((command,),) = postgres.execute(
            "SELECT command FROM cron.job WHERE jobname = 'notification-worker'"
        ).fetchall()
        ((run,),) = postgres.execute(command.encode()).fetchall()
        return int(run)

    def settled(run: int) -> str:
        """What came of a run, when the sweep has come by often enough."""
        ((sweep,),) = postgres.execute(
            "SELECT command FROM cron.job WHERE jobname = 'cron-runs-sweep-public'"
        ).fetchall()
        deadline = time.monotonic() + 30
        while True:
            postgres.execute(sweep.encode())
            ((state, ended),) = postgres.execute(
                "SELECT state, settled_at IS NOT NULL FROM public.cron_run_history WHERE run = %s", [run]
            ).fetchall()
            if ended:
                return str(state)
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def partitions() -> list[str]:
        query = "SELECT relname FROM pg_class WHERE relnamespace = 'cron_partitions'::regnamespace AND relkind = 'r' ORDER BY 1"
        return [name.removeprefix("cron_runs_") for (name,) in postgres.execute(query.encode()).fetchall()]

    def begin_at(run: int) -> None:
        postgres.execute(f"ALTER TABLE public.cron_runs ALTER run RESTART WITH {run}".encode())

    with serving() as endpoint:
        project.configure("--secret", "--path", "secrets.supabase_url", endpoint.url)
        project.configure("--path", "retention.runs", "60")
        project.configure("--path", "jobs.notification-worker.active", "false")  # it runs when it is told to here
        project.up()
        before = fire()
        assert settled(before) == "ok"
        try:
            postgres.execute((SCALE / "partitioned_ledger.sql").read_bytes())
            assert project.pulumi("preview", "--expect-no-changes").code == 0, "no drift"
            assert partitions() == ["below_1000000", "below_2000000", "rest"]
            assert postgres.execute("SELECT run FROM public.cron_runs").fetchall() == [(before,)], "its rows are there"

            # A change of the ledger, and the job of docs/scale.md that keeps the partitions.
            postgres.execute("DROP VIEW public.cron_run_history")
            job = (
                SCALE.with_suffix(".md")
                .read_text(encoding="utf-8")
                .partition("```yaml\njobs:\n")[2]
                .partition("```")[0]
            )
            with (project.folder / "jobs.yaml").open("a", encoding="utf-8") as catalogue:
                catalogue.write(f"\n{job}")
            project.up()
            assert project.pulumi("preview", "--expect-no-changes").code == 0
            ((keep,),) = postgres.execute("SELECT command FROM cron.job WHERE jobname = 'keep-partitions'").fetchall()

            after = fire()
            assert after > before
            assert settled(after) == "ok"
            begin_at(1_000_000)
            assert settled(fire()) == "ok"
            history = project.run("cronctl", "history", "--stack", "test", "--json").output
            assert history.count('"notification-worker"') == 3

            # Retention drops the partition whose runs are old; those of the next one stay.
            postgres.execute(
                "UPDATE public.cron_runs SET settled_at = settled_at - interval '31 days' WHERE run < 1000000"
            )
            postgres.execute(keep.encode())
            assert partitions() == ["below_2000000", "below_3000000", "rest"]
            assert postgres.execute("SELECT run FROM public.cron_runs WHERE run <= 1000000").fetchall() == [
                (1_000_000,)
            ]

            # Runs that nobody made a partition for are kept, and put into theirs when it is made.
            begin_at(3_000_000)
            late = fire()
            where = "SELECT tableoid::regclass::text FROM public.cron_runs WHERE run = %s"
            assert postgres.execute(where.encode(), [late]).fetchone() == ("cron_partitions.cron_runs_rest",)
            assert settled(late) == "ok"
            postgres.execute(keep.encode())
            assert postgres.execute(where.encode(), [late]).fetchone() == ("cron_partitions.cron_runs_below_4000000",)

            postgres.execute("SET ROLE service_role")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                postgres.execute("SELECT FROM cron_partitions.cron_runs_rest")
            postgres.execute("RESET ROLE")
            doctor = project.run("cronctl", "doctor", "--stack", "test", "--json")
            assert doctor.code == 0, doctor.output
        finally:
            assert project.pulumi("destroy", "--yes").code == 0
            postgres.execute("DROP SCHEMA IF EXISTS cron_partitions CASCADE")
