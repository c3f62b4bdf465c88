"""cronctl logs as a subprocess: a line a run, and every change of state while it follows."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from components.cron_job import CronJobProvider
from components.database.connection import Database
from components.run_ledger import RunLedgerProvider
from components.runs.run_log import BATCH, OVERLAP, RunLog
from tests.integration.components.command_line import Running, Said, running_cronctl
from tests.integration.components.endpoint import Endpoint
from tests.integration.components.test_run_ledger import LEDGER, STACK, as_asked, command, fire, settled

Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]


@pytest.fixture(autouse=True)
def answered(endpoint: Endpoint) -> None:
    endpoint.answer = as_asked


@pytest.fixture(autouse=True)
def deployed(
    install: Callable[..., None], provide: Provide, clean: None, superuser: Connection, endpoint: Endpoint
) -> None:
    """A job that works, and one that has not run."""
    install()
    provide(RunLedgerProvider).create(LEDGER)
    superuser.execute("DELETE FROM cron.job_run_details")
    for name in ("ok", "idle"):
        text = command(endpoint.url + "/ok", name=name)
        job = {"name": name, "schedule": "30 1 1 1 *", "command": text, "owner": STACK}
        provide(CronJobProvider).create(job)


def states(running: Running, job: str) -> list[str]:
    found = [json.loads(line) for line in list(running.data)]
    return [run["state"] for run in found if run["job"] == job]


def add(postgres: Connection, many: int, job: str = "ok", state: str = "ok") -> None:
    postgres.execute(
        "INSERT INTO public.cron_runs (job, state, settled_at) SELECT %s, %s, now() FROM generate_series(1, %s)",
        [job, state, many],
    )


def test_a_line_a_run_oldest_first(cronctl: Callable[..., Said], postgres: Connection, endpoint: Endpoint) -> None:
    for path in ("/ok", "/unauthorized"):
        fire(postgres, endpoint.url + path, name="ok")
        settled(postgres)
    said = cronctl("logs", COLUMNS="40")
    first, second = said.data.splitlines()
    assert (said.code, said.talk) == (0, "")
    time, run, *rest = first.split()
    assert time.endswith("Z")
    assert rest[:3] == ["ok", "ok", "200"]
    assert second.split()[0] >= time
    assert second.split()[1] == str(int(run) + 1)
    assert second.split()[2:5] == ["ok", "failed", "401"]
    assert second.endswith("answered with status 401")
    assert "\x1b" not in said.data
    (line,) = cronctl("logs", "ok", "-n", "1", "--json").data.splitlines()
    document = json.loads(line)
    assert (document["run"], document["status_code"]) == (int(run) + 1, 401)
    assert document["explanation"]["cause"]


def test_what_an_endpoint_said_stays_on_its_line(cronctl: Callable[..., Said], postgres: Connection) -> None:
    add(postgres, 1, state="failed")
    postgres.execute("UPDATE public.cron_runs SET detail = E'two\\nlines \\x1b[31mred'")
    (line,) = cronctl("logs").data.splitlines()
    assert line.endswith(r"two lines \x1b[31mred")


def test_following_prints_each_change(conninfo: str, postgres: Connection, endpoint: Endpoint) -> None:
    add(postgres, 2)
    fire(postgres, endpoint.url + "/slow", name="idle")
    with running_cronctl(conninfo, "logs", "--follow", "-n", "2", "--json") as running:
        running.wait_for(lambda: len(running.data) == 2)
        assert states(running, "idle") == ["queued"]
        fire(postgres, endpoint.url + "/unauthorized", name="ok")
        running.wait_for(lambda: states(running, "ok")[-1:] == ["failed"])
        running.wait_for(lambda: states(running, "idle") == ["queued", "ok"])
        assert states(running, "ok") in (["ok", "queued", "failed"], ["ok", "failed"])
        assert running.interrupt() == 130
    assert running.talk == []


def test_following_one_job(conninfo: str, postgres: Connection, endpoint: Endpoint) -> None:
    with running_cronctl(conninfo, "logs", "ok", "-f", "-n", "0", "--json") as running:
        add(postgres, 1, job="idle")
        for _ in range(2):
            fire(postgres, endpoint.url + "/ok", name="ok")
        running.wait_for(lambda: states(running, "ok").count("ok") == 2)
        assert states(running, "idle") == []


def test_a_connection_that_breaks_is_tried_again(conninfo: str, superuser: Connection, postgres: Connection) -> None:
    named = make_conninfo(conninfo, application_name="follower")
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'follower'"
    with running_cronctl(named, "logs", "-f", "-n", "1", "--json") as running:
        add(postgres, 1)
        running.wait_for(lambda: len(running.data) == 1)
        superuser.execute("ALTER ROLE postgres CONNECTION LIMIT 0")  # what comes between a failover's two servers
        try:
            superuser.execute(end.encode())
            running.wait_for(lambda: any("trying again" in line for line in running.talk))
            superuser.execute("INSERT INTO public.cron_runs (job, state) VALUES ('ok', 'failed')")
        finally:
            superuser.execute("ALTER ROLE postgres CONNECTION LIMIT -1")
        running.wait_for(lambda: len(running.data) == 2)
        assert states(running, "ok") == ["ok", "failed"]
        running.wait_for(lambda: running.talk[-1:] == ["connected again\n"])
        assert sum("trying again" in line for line in running.talk) == 1
        assert running.interrupt() == 130


def test_a_reader_who_may_not_settle_follows_all_the_same(
    conninfo: str, superuser: Connection, postgres: Connection
) -> None:
    reading = make_conninfo(conninfo, options="-c default_transaction_read_only=on")
    with running_cronctl(reading, "logs", "-f", "--json") as running:
        superuser.execute("INSERT INTO public.cron_runs (job, request) VALUES ('ok', 4711)")
        running.wait_for(lambda: any("come with the sweep" in line for line in running.talk))
        postgres.execute("UPDATE public.cron_runs SET state = 'ok', settled_at = now()")
        running.wait_for(lambda: states(running, "ok") == ["queued", "ok"])
        assert len(running.talk) == 1


def test_without_settling_nothing_is_written(conninfo: str, postgres: Connection, endpoint: Endpoint) -> None:
    with running_cronctl(conninfo, "logs", "-f", "--no-settle") as running:
        fire(postgres, endpoint.url + "/ok", name="ok")
        running.wait_for(lambda: len(running.data) == 1)
        postgres.execute("SELECT pg_sleep(3)")
        assert postgres.execute("SELECT state FROM public.cron_runs").fetchall() == [("queued",)]
        assert len(running.data) == 1


def test_a_run_that_is_seen_late_is_told_and_none_twice(database: Database, postgres: Connection) -> None:
    """Numbers are drawn when a transaction inserts and seen when it commits, in any order."""
    add(postgres, 3)
    log = RunLog(database, "public")
    assert [run.run for run in log.begin(2)] == [2, 3]
    with psycopg.connect(postgres.info.dsn, password=postgres.info.password) as late:
        late.execute("INSERT INTO public.cron_runs (job, state) VALUES ('ok', 'ok')")
        add(postgres, 1)
        assert [run.run for run in log.changes()] == [5]
        assert log.changes() == []
    assert [run.run for run in log.changes()] == [4]
    assert not log.awaits


def test_after_a_long_pause_every_run_is_told_once(database: Database, postgres: Connection) -> None:
    add(postgres, OVERLAP * 3)
    log = RunLog(database, "public")
    assert len(log.begin(20)) == 20
    add(postgres, BATCH * 2 + 7)
    assert [run.run for run in log.changes()] == list(range(OVERLAP * 3 + 1, OVERLAP * 3 + BATCH * 2 + 8))
    assert log.changes() == []


def test_each_attempt_is_told_and_a_retry_is_not_asked_for(database: Database, postgres: Connection) -> None:
    add(postgres, 1, state="retrying")
    log = RunLog(database, "public")
    log.begin(20)
    assert not log.awaits, "its next attempt has a time, which the sweep keeps"
    for state, attempt in [("queued", 2), ("retrying", 2), ("retrying", 3), ("exhausted", 4)]:
        postgres.execute("UPDATE public.cron_runs SET state = %s, attempt = %s", [state, attempt])
        assert [(run.state, run.attempt) for run in log.changes()] == [(state, attempt)]
        assert log.changes() == []
        assert log.awaits is (state == "queued")


def test_a_line_tells_when_it_is_tried_again(cronctl: Callable[..., Said], postgres: Connection) -> None:
    add(postgres, 1, state="retrying")
    postgres.execute(
        "UPDATE public.cron_runs SET attempt = 2, detail = 'answered with status 503', retry_at = '2026-01-01 02:03:04Z'"
    )
    (line,) = cronctl("logs").data.splitlines()
    assert line.endswith("attempt 2: answered with status 503; again at 02:03:04Z")


def test_a_run_of_sql_is_told_once_before_and_after_the_sweep(
    database: Database, superuser: Connection, postgres: Connection
) -> None:
    log = RunLog(database, "public", "ok")
    assert log.begin(20) == []
    superuser.execute(
        "INSERT INTO cron.job_run_details (jobid, runid, job_pid, username, command, status, start_time) "
        "SELECT jobid, nextval('cron.runid_seq'), 1, username, 'SELECT 1', 'running', now() FROM cron.job WHERE jobname = 'ok'"
    )
    assert [(run.run, run.state) for run in log.changes()] == [(None, "sent")]
    assert log.awaits
    superuser.execute("UPDATE cron.job_run_details SET status = 'succeeded', end_time = now()")
    assert [(run.run, run.state) for run in log.changes()] == [(None, "ok")]
    postgres.execute("SELECT public.settle_cron_job_runs()")
    assert log.changes() == []
    assert [(run.run, run.state) for run in log.begin(1)] == [(1, "ok")]


@pytest.mark.parametrize("name", ["logs", "history"])
def test_a_run_that_pg_cron_has_not_started_yet_is_left_out(
    name: str, cronctl: Callable[..., Said], superuser: Connection, postgres: Connection
) -> None:
    add(postgres, 1)
    superuser.execute(
        "INSERT INTO cron.job_run_details (jobid, runid, username, command, status) "
        "SELECT jobid, nextval('cron.runid_seq'), username, 'SELECT 1', 'starting' FROM cron.job WHERE jobname = 'ok'"
    )
    said = cronctl(name, "ok", "--json")
    assert said.code == 0, said
    assert said.data.count('"fired_at"') == 1


def test_no_question_reads_more_than_the_newest(database: Database, postgres: Connection) -> None:
    add(postgres, 20_000)
    postgres.execute("ANALYZE public.cron_runs")
    log = RunLog(database, "public")
    log.begin(20)
    for question in _questions(log, database):
        plan = postgres.execute(sql.SQL("EXPLAIN {}").format(question)).fetchall()
        assert "Seq Scan on cron_runs" not in "\n".join(line for (line,) in plan), plan


def _questions(log: RunLog, database: Database) -> list[sql.Composable]:
    asked: list[sql.Composable] = []
    read = database.read_together

    def remember(queries: Sequence[sql.Composable]) -> list[list[dict[str, Any]]]:
        asked.extend(queries)
        return read(queries)

    database.read_together = remember  # type: ignore[method-assign]
    log.changes()
    log.begin(20)
    database.read_together = read  # type: ignore[method-assign]
    assert len(asked) >= 5
    return asked


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["logs"], 0, "no runs yet; the sweep puts them down within a minute"),
        (["logs", "idle"], 0, "no runs of 'idle' yet"),
        (["logs", "idel"], 3, "there is no job 'idel' in the database, nor a run of one in the ledger; did you mean"),
        (["logs", "idel", "--follow"], 3, "there is no job 'idel'"),
        (["logs", "--schema", "nowhere"], 3, "schema 'nowhere' has no run ledger; run pulumi up"),
        (["logs", "-n", "-1"], 2, "Invalid value for"),
        (["logs", ""], 2, "is empty"),
    ],
)
def test_what_it_says_otherwise(arguments: list[str], code: int, told: str, cronctl: Callable[..., Said]) -> None:
    said = cronctl(*arguments)
    assert (said.code, told in said.talk.replace("\n", " ")) == (code, True), said


def test_help_tells_the_exit_statuses(cronctl: Callable[..., Said]) -> None:
    assert "Exit status: 0" in cronctl("logs", "--help").data


@pytest.mark.parametrize("arguments", [[], ["--json"], ["--follow"], ["--follow", "--json"]])
def test_whoever_reads_may_stop(arguments: list[str], conninfo: str, postgres: Connection) -> None:
    add(postgres, 2000)
    many = ["-n", "2000", *arguments]
    with subprocess.Popen(
        [sys.executable, "-m", "cronctl", "logs", *many],
        env={**os.environ, "SUPABASE_CRON_DATABASE_URL": conninfo},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout and process.stderr
        assert process.stdout.readline()
        process.stdout.close()
        if "--follow" in arguments:
            add(postgres, 1)
        assert process.stderr.read() == ""
        assert process.wait(20) == 141
