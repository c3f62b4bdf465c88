"""cronctl's commands about runs, as subprocesses on a database that the environment names."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench.proxy import proxied
from components.cron_job import CronJobProvider
from components.run_ledger import RunLedgerProvider
from tests.integration.components.command_line import Said
from tests.integration.components.endpoint import Endpoint, serving
from tests.integration.components.test_run_ledger import ANSWERS, LEDGER, STACK, as_asked, command, fire, settled

Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]


@pytest.fixture(autouse=True)
def deployed(
    install: Callable[..., None], provide: Provide, clean: None, superuser: Connection, postgres: Connection
) -> Iterator[None]:
    """A job that works, one whose key is refused, one that nobody ran yet, and one that is paused."""
    install()
    provide(RunLedgerProvider).create(LEDGER)
    superuser.execute("DELETE FROM cron.job_run_details")
    with serving() as endpoint:
        endpoint.answer = as_asked
        _schedule(provide, endpoint)
        with postgres.transaction():
            for _ in range(3):
                fire(postgres, endpoint.url + "/ok", name="ok")
            fire(postgres, endpoint.url + "/ok", name="unauthorized")
            for _ in range(2):
                fire(postgres, endpoint.url + "/unauthorized", name="unauthorized")
        settled(postgres)
        yield


def _schedule(provide: Provide, endpoint: Endpoint) -> None:
    paths = {"ok": "/ok", "unauthorized": "/unauthorized", "monthly": "/slow", "paused": "/ok"}
    for name, path in paths.items():
        text = command(endpoint.url + path, name=name)
        job = {"name": name, "schedule": "30 1 1 1 *", "command": text, "owner": STACK, "active": name != "paused"}
        provide(CronJobProvider).create(job)


def test_status_tells_the_verdict_and_not_that_it_was_queued(cronctl: Callable[..., Said]) -> None:
    said = cronctl("status", "--json")
    assert said.code == 1
    document = json.loads(said.data)
    jobs = {job["job"]: job for job in document["jobs"]}
    assert {name: (job["state"], job["streak"], job["in_flight"]) for name, job in jobs.items()} == {
        "ok": ("ok", 3, 0),
        "unauthorized": ("failed", 2, 0),
        "monthly": (None, 0, 0),
        "paused": (None, 0, 0),
    }
    assert jobs["unauthorized"]["explanation"]["cause"]
    assert jobs["paused"]["next_run"] is None
    assert "-01-01T01:30:00+00:00" in jobs["ok"]["next_run"]
    assert document["health"]["ledger_bytes"] > 0
    said = cronctl("status")
    assert said.code == 1
    assert "failed (401)" in said.data
    assert "unauthorized: " in said.talk
    assert "pg_net has 0 requests in its queue" in said.data


def test_status_of_dead_parts(cronctl: Callable[..., Said], postgres: Connection, superuser: Connection) -> None:
    postgres.execute("DELETE FROM public.cron_runs WHERE job = 'unauthorized'")
    postgres.execute(
        "INSERT INTO public.cron_job_declarations (job, schedule, active, command, since) "
        "VALUES ('cron-runs-sweep-public', '* * * * *', true, '', now() - interval '1 hour')"
    )
    superuser.execute(
        "INSERT INTO cron.job_run_details (jobid, runid, username, start_time) "
        "SELECT 1, last_value, 'postgres', now() - interval '5 minutes' FROM cron.runid_seq ON CONFLICT DO NOTHING"
    )
    postgres.execute(
        "INSERT INTO public.cron_runs (job, request, fired_at) VALUES ('ok', 1, now() - interval '1 hour')"
    )
    said = cronctl("status")
    assert said.code == 1
    assert "its scheduler is not alive" in said.data
    assert "its worker is not alive or far behind" in said.data.replace("\n", " ")


def test_history_failures_and_one_run(cronctl: Callable[..., Said]) -> None:
    runs = json.loads(cronctl("history", "--json").data)["runs"]
    assert len(runs) == 6
    assert [run["fired_at"] for run in runs] == sorted((run["fired_at"] for run in runs), reverse=True)
    assert {run["state"] for run in json.loads(cronctl("history", "ok", "--json").data)["runs"]} == {"ok"}
    assert len(json.loads(cronctl("history", "--limit", "2", "--json").data)["runs"]) == 2
    assert len(json.loads(cronctl("history", "--state", "failed", "--json").data)["runs"]) == 2
    failed = cronctl("failures", "--json")
    assert failed.code == 1
    numbers = [run["run"] for run in json.loads(failed.data)["runs"]]
    assert len(numbers) == 2
    told = cronctl("failures")
    assert told.talk.count("unauthorized: ") == 1  # the same advice once
    shown = cronctl("show", str(numbers[0]), "--json")
    assert shown.code == 1
    document = json.loads(shown.data)
    assert (document["status_code"], document["response"]) == (401, ANSWERS["/unauthorized"].body)
    assert document["explanation"]["next_step"]
    assert "answered with status 401" in cronctl("show", str(numbers[0])).data


def test_a_trigger_runs_it_now_and_tells_the_true_verdict(
    cronctl: Callable[..., Said], provide: Provide, postgres: Connection
) -> None:
    good = cronctl("trigger", "ok", "--json")
    assert (good.code, json.loads(good.data)["state"]) == (0, "ok")
    bad = cronctl("trigger", "unauthorized")
    assert bad.code == 1
    assert "answered with status 401" in bad.data
    assert "unauthorized: " in bad.talk
    queued = cronctl("trigger", "ok", "--no-wait", "--json")
    assert queued.code == 0
    numbers = [row[0] for row in postgres.execute("SELECT run FROM public.cron_runs ORDER BY run").fetchall()]
    assert numbers[-3:] == [
        json.loads(good.data)["run"],
        json.loads(good.data)["run"] + 1,
        json.loads(queued.data)["run"],
    ]
    slow = cronctl("trigger", "monthly", "--timeout", "0.5")
    assert slow.code == 3
    assert f"cronctl show {numbers[-1] + 1}" in slow.talk
    text = f"-- supabase-cron: {STACK}/sql\nCREATE TABLE triggered (); DROP TABLE triggered"
    job = {"name": "sql", "schedule": "30 1 1 1 *", "command": text, "owner": STACK}
    provide(CronJobProvider).create(job)
    said = cronctl("trigger", "sql", "--json")
    assert (said.code, json.loads(said.data)["state"], json.loads(said.data)["source"]) == (0, "ok", "manual"), said


def test_a_trigger_that_a_policy_skips(cronctl: Callable[..., Said], provide: Provide, postgres: Connection) -> None:
    text = command("http://127.0.0.1:9/", name="careful", overlap="skip")
    provide(CronJobProvider).create({"name": "careful", "schedule": "30 1 1 1 *", "command": text, "owner": STACK})
    with postgres.transaction():
        postgres.execute(
            "INSERT INTO public.cron_runs (job, state, retry_at) VALUES ('careful', 'retrying', now() + interval '1 hour')"
        )
    said = cronctl("trigger", "careful")
    assert said.code == 3
    assert "nothing was sent: the job's policy skips a run now" in said.talk
    assert "by hand: run" in cronctl("history", "careful", COLUMNS="200").data


def test_pause_and_resume(cronctl: Callable[..., Said], postgres: Connection) -> None:
    def active() -> bool | None:
        row = postgres.execute("SELECT active FROM cron.job WHERE jobname = 'ok'").fetchone()
        return row[0] if row else None

    paused = cronctl("pause", "ok")
    assert (paused.code, active()) == (0, False)
    assert "pulumi up puts back what the stack declares" in paused.talk
    assert "paused already" in cronctl("pause", "ok").talk
    assert json.loads(cronctl("pause", "ok", "--json").data) == {"job": "ok", "active": False, "changed": False}
    assert (cronctl("resume", "ok").code, active()) == (0, True)


def test_next_runs_are_told_in_utc_and_here(cronctl: Callable[..., Said]) -> None:
    said = cronctl("next", "ok", "--count", "2", "--json")
    assert said.code == 0
    runs = json.loads(said.data)["runs"]
    assert [(run["utc"][4:], run["local"][4:]) for run in runs] == [
        ("-01-01T01:30:00+00:00", "-01-01T10:30:00+09:00")
    ] * 2
    assert datetime.fromisoformat(runs[0]["utc"]) == datetime.fromisoformat(runs[0]["local"])
    assert "paused is paused" in cronctl("next").talk


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["show", "999"], 3, "there is no run 999"),
        (["show", "x"], 2, "Invalid value for"),
        (["next", "nightly"], 3, "there is no job 'nightly'"),
        (["trigger", "okk"], 3, "there is no job 'okk' in the database; did you mean 'ok'?"),
        (["pause", "okk"], 3, "there is no job 'okk' in the database; did you mean 'ok'?"),
        (["trigger", "ok", "--set", "a"], 2, "'a' is not KEY=VALUE"),
        (["history", "okk"], 2, "there is no job 'okk'; did you mean 'ok'?"),
        (["history", "paused"], 0, "no runs of 'paused' yet"),
        (["failures", "nobody"], 2, "there is no job 'nobody'"),
        (["history", "--state", "succeeded"], 2, "'succeeded' is no state; there is queued"),
        (["failures", "--since", "1y"], 2, "write it like 30m"),
        (["failures", "ok"], 0, "no failures in the last 24h"),
        (["status", "--schema", "nowhere"], 3, "schema 'nowhere' has no run ledger; run pulumi up"),
        (["history", "--schema", "nowhere"], 3, "schema 'nowhere' has no run ledger; run pulumi up"),
    ],
)
def test_what_it_says_otherwise(arguments: list[str], code: int, told: str, cronctl: Callable[..., Said]) -> None:
    said = cronctl(*arguments)
    assert (said.code, told in said.talk.replace("\n", " ")) == (code, True), said


def test_a_job_in_words(cronctl: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "jobs.yaml").write_text(
        "jobs: {unauthorized: {description: Tries., schedule: 30 1 1 1 *, "
        "http: {url: 'https://h.example/f', timeout: 90, retry: {attempts: 4}}}}"
    )
    said = cronctl("describe", "unauthorized", "--project", str(tmp_path))
    assert said.code == 0
    told = dict(line.split(maxsplit=1) for line in said.data.splitlines() if " " in line)
    assert told["does"] == "Tries."
    assert told["schedule"] == "30 1 1 1 * (at 01:30, on the 1st of the month, in January; UTC)"
    assert told["request"] == "POST https://h.example/f"
    assert told["timeout"] == "1 minute 30 seconds"
    assert told["retry"].startswith("attempts: 4")
    assert "failed: answered with status 401" in said.data
    assert "2 times in a row" in said.data
    assert "unauthorized: " in said.talk
    document = json.loads(cronctl("describe", "ok", "--project", str(tmp_path), "--json").data)
    assert (document["job"], document["declared"], document["last_run"]["state"]) == ("ok", None, "ok")
    assert len(document["next_runs"]) == 3
    assert "next runs   none, since it is paused" in cronctl("describe", "paused", "--project", str(tmp_path)).data
    unknown = cronctl("describe", "okk", "--project", str(tmp_path))
    assert (unknown.code, "did you mean 'ok'?" in unknown.talk) == (3, True)


def test_what_needs_no_stack_needs_no_engine(cronctl: Callable[..., Said], conninfo: str) -> None:
    nowhere = {"SUPABASE_CRON_ENGINE": "/nowhere"}
    for name in ("history", "next", "logs", "doctor"):
        assert cronctl(name, **nowhere).code != 3
        assert cronctl(name, "--database", conninfo, **{**nowhere, "SUPABASE_CRON_DATABASE_URL": ""}).code != 3
    for arguments in (["history", "--stack", "test"], ["trigger", "ok", "--set", "a=1"], ["verify"]):
        said = cronctl(*arguments, **nowhere)
        assert said.code == 3
        assert "cronctl: no executable pulumi in /nowhere" in said.talk.replace("\n", " ")
    nothing = cronctl("history", **{**nowhere, "SUPABASE_CRON_DATABASE_URL": ""})
    assert nothing.code == 3
    assert "no database to connect to; set SUPABASE_CRON_DATABASE_URL in the environment, or" in nothing.talk


@pytest.mark.parametrize("name", ["status", "next", "history", "failures", "show", "trigger", "pause"])
def test_help_answers_and_a_narrow_terminal_loses_nothing(name: str, cronctl: Callable[..., Said]) -> None:
    assert "Exit status: 0" in cronctl(name, "--help").data
    if name in ("status", "history"):
        narrow, _, _ = cronctl(name, COLUMNS="40").data.partition(
            "\npg_cron "
        )  # lines below a table wrap by themselves
        assert max(map(len, narrow.splitlines())) <= 40
        assert "unauthorized"[:4] in narrow


CONNECTING = 4
"""Round trips: TCP's own, one with the user's name, two of SCRAM."""


@pytest.mark.parametrize(
    ("command", "reads"),
    [
        *(
            (name, 1)
            for name in ("status", "status --all", "next", "history", "history --json", "failures", "failures monthly")
        ),
        ("doctor", 2),
        ("report --output -", 2),
    ],
)
def test_it_takes_few_round_trips(cronctl: Callable[..., Said], conninfo: str, command: str, reads: int) -> None:
    with proxied(conninfo, 0) as (through_proxy, proxy):
        said = cronctl(*command.split(), "--database", through_proxy)
        assert (said.code in {0, 1}, proxy.trips) == (True, CONNECTING + reads), said


def test_without_a_database(cronctl: Callable[..., Said]) -> None:
    said = cronctl("status", SUPABASE_CRON_DATABASE_URL="")
    assert said.code == 3
    assert said.talk.startswith("cronctl: ")
