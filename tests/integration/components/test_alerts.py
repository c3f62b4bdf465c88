"""Alerts on a real server, with pg_net's worker and a real endpoint: each change is told, once, and nothing else is."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from components.catalogue.alert import Alert
from components.cron_job import CronJobProvider
from components.declaration.declared_objects import alert_job, catch_up_job
from components.run_ledger import RunLedgerProvider
from tests.integration.components.endpoint import Answer, Endpoint
from tests.integration.components.test_run_ledger import LEDGER, STACK, command, settle, settled

Connection = psycopg.Connection[tuple[Any, ...]]
Provide = Callable[..., Any]
NEVER = "0 0 1 1 *"
ALERT_JOB = "cron-alert-slack-public"


@pytest.fixture(autouse=True)
def installed(install: Callable[..., None], provide: Provide, clean: None) -> None:
    install()
    provide(RunLedgerProvider).create(LEDGER)


def alert(endpoint: Endpoint, **given: Any) -> str:
    """The command of the alert's job."""
    http = {"url": endpoint.url + "/services/hook", **given.pop("http", {})}
    return alert_job("slack", Alert.model_validate({"http": http, **given}), "public", STACK).command


def job(provide: Provide, name: str = "nightly", schedule: str = NEVER) -> None:
    text = command("http://127.0.0.1:9/", name=name)
    provide(CronJobProvider).create({"name": name, "schedule": schedule, "command": text, "owner": STACK})


def came(postgres: Connection, state: str, job: str = "nightly", detail: str | None = None, ago: str = "0") -> None:
    """A run of the job has ended so."""
    postgres.execute(
        "INSERT INTO public.cron_runs (job, state, fired_at, settled_at, detail) "
        "VALUES (%s, %s, clock_timestamp() - %s::interval, now(), %s)",
        [job, state, ago, detail],
    )


def told(postgres: Connection, endpoint: Endpoint, text: str) -> list[Any]:
    """What the target is sent when the sweep and the alert's job come by."""
    before = len(endpoint.asked)
    settle(postgres)
    postgres.execute(text.encode())
    settled(postgres)
    return [json.loads(asked.body) for asked in endpoint.asked[before:]]


def test_changes_are_told_once_each_as_slack_wants_it(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    job(provide)
    text = alert(endpoint)
    assert told(postgres, endpoint, text) == []
    came(postgres, "ok")
    assert told(postgres, endpoint, text) == []
    came(postgres, "failed", detail="answered with status 401")
    assert told(postgres, endpoint, text) == [
        {"text": "supabase-cron/test: job nightly failed: answered with status 401 (run 2)"}
    ]
    came(postgres, "timed_out")
    came(postgres, "skipped")
    came(postgres, "retrying")
    assert told(postgres, endpoint, text) == []
    came(postgres, "exhausted", detail="no answer within 5 s")
    (exhausted,) = told(postgres, endpoint, text)
    assert "failed in all its attempts: no answer within 5 s" in exhausted["text"]
    came(postgres, "ok")
    (recovered,) = told(postgres, endpoint, text)
    assert "job nightly works again" in recovered["text"]
    came(postgres, "ok")
    assert told(postgres, endpoint, text) == []


def test_a_first_run_that_fails_is_told(provide: Provide, postgres: Connection, endpoint: Endpoint) -> None:
    job(provide)
    came(postgres, "failed", detail="d")
    assert len(told(postgres, endpoint, alert(endpoint))) == 1


def test_only_the_asked_events_and_jobs(provide: Provide, postgres: Connection, endpoint: Endpoint) -> None:
    job(provide)
    job(provide, "other")
    text = alert(endpoint, on=["failed"], jobs=["nightly"])
    came(postgres, "failed", "other")
    assert told(postgres, endpoint, text) == []
    came(postgres, "exhausted")
    assert len(told(postgres, endpoint, text)) == 1  # who asks for failures is told of that one, too
    came(postgres, "ok")
    assert told(postgres, endpoint, text) == []
    came(postgres, "failed")
    assert len(told(postgres, endpoint, text)) == 1


@pytest.mark.parametrize(("on", "many"), [(["exhausted", "recovered"], 0), (["failed", "recovered"], 1)])
def test_who_was_told_of_no_failure_is_told_of_no_recovery(
    on: list[str], many: int, provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    job(provide)
    text = alert(endpoint, on=on)
    came(postgres, "ok")
    assert told(postgres, endpoint, text) == []
    came(postgres, "failed")
    assert len(told(postgres, endpoint, text)) == many
    came(postgres, "ok")
    assert ["works again" in each["text"] for each in told(postgres, endpoint, text)] == [True] * many


def test_what_an_alert_is_not_on_changes_nothing_that_it_knows(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    job(provide)
    text = alert(endpoint, on=["failed", "recovered"])
    came(postgres, "failed")
    assert len(told(postgres, endpoint, text)) == 1
    postgres.execute("SELECT cron.alter_job(jobid, active := false) FROM cron.job WHERE jobname = 'nightly'")
    assert told(postgres, endpoint, text) == [], "it is silent now"
    postgres.execute("SELECT cron.alter_job(jobid, active := true) FROM cron.job WHERE jobname = 'nightly'")
    assert told(postgres, endpoint, text) == [], "failed, as is known"
    came(postgres, "ok")
    assert len(told(postgres, endpoint, text)) == 1


def test_a_second_silence_is_told_whatever_came_between(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    job(provide)
    text = alert(endpoint, on=["silent", "recovered"])
    assert told(postgres, endpoint, text) == []
    for active, condition, many in ((False, None, 1), (True, "failed", 0), (False, None, 1), (True, "ok", 1)):
        change = "SELECT cron.alter_job(jobid, active := %s) FROM cron.job WHERE jobname = 'nightly'"
        postgres.execute(change, [active])
        if condition:
            came(postgres, condition)
        assert len(told(postgres, endpoint, text)) == many, (active, condition)


def test_another_stacks_jobs_are_none_of_ours(provide: Provide, postgres: Connection, endpoint: Endpoint) -> None:
    text = command("http://127.0.0.1:9/").replace(STACK, "supabase-cron/tester")
    provide(CronJobProvider).create(
        {"name": "nightly", "schedule": NEVER, "command": text, "owner": "supabase-cron/tester"}
    )
    came(postgres, "failed")
    assert told(postgres, endpoint, alert(endpoint)) == []


def test_a_body_of_ones_own(provide: Provide, postgres: Connection, endpoint: Endpoint) -> None:
    job(provide)
    body = {"content": "{{{job}}} {event}: {detail}", "level": 3, "tags": ["{stack}", "it's"], "run": "{run}"}
    text = alert(endpoint, http={"body": body, "headers": {"X-A": "b"}})
    came(postgres, "failed", detail='a "quoted" {thing}')
    assert told(postgres, endpoint, text) == [
        {"content": '{nightly} failed: a "quoted" {thing}', "level": 3, "tags": [STACK, "it's"], "run": "1"}
    ]
    assert endpoint.asked[-1].headers["X-A"] == "b"


def test_a_target_and_a_signature_by_secrets(provide: Provide, postgres: Connection, endpoint: Endpoint) -> None:
    postgres.execute(
        "INSERT INTO public.cron_secrets (key, value) VALUES ('hook', %s), ('key', repeat('k', 40))", [endpoint.url]
    )
    job(provide)
    http = {"url": "{hook}/x", "auth": {"hmac": "key"}}
    text = alert_job("slack", Alert.model_validate({"http": http}), "public", STACK).command
    assert "kkk" not in text
    job(provide, "other")
    came(postgres, "failed", detail="one")
    came(postgres, "failed", "other", detail="two")
    bodies = sorted(body["text"] for body in told(postgres, endpoint, text))
    assert [": one" in bodies[0], ": two" in bodies[1]] == [True, True]
    assert len({asked.headers["X-Cron-Signature"] for asked in endpoint.asked}) == 2


def test_a_message_that_did_not_arrive_is_sent_again(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    job(provide)
    text = alert(endpoint)
    endpoint.answer = lambda _: Answer(429)
    came(postgres, "failed")
    for attempt in range(1, 7):
        assert len(told(postgres, endpoint, text)) == (attempt <= 5)
        assert told(postgres, endpoint, text) == []  # not at once
        postgres.execute("UPDATE public.cron_runs SET settled_at = settled_at - interval '1 hour'")
    failures = postgres.execute("SELECT count(*) FROM public.cron_runs WHERE job = %s", [ALERT_JOB]).fetchone()
    assert failures == (5,)


def test_a_message_that_cannot_be_sent_is_not_forgotten(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    job(provide)
    text = alert(endpoint, http={"headers": {"X-Token": "{token}"}})
    came(postgres, "failed")
    with pytest.raises(psycopg.errors.NoDataFound):
        told(postgres, endpoint, text)
    postgres.execute("INSERT INTO public.cron_secrets (key, value) VALUES ('token', 'secret')")
    assert len(told(postgres, endpoint, text)) == 1


def at(*ago: int) -> str:
    """A schedule that was due so many minutes ago, all within one hour or day."""
    now = datetime.now(UTC)
    times = [now - timedelta(minutes=minutes) for minutes in ago]
    minutes, hours = {time.minute for time in times}, {time.hour for time in times}
    return f"{','.join(map(str, sorted(minutes)))} {','.join(map(str, sorted(hours)))} * * *"


def watched(postgres: Connection, since: str = "1 day") -> None:
    settle(postgres)
    postgres.execute("UPDATE public.cron_watched_jobs SET since = now() - %s::interval", [since])


def test_a_job_that_does_not_run_is_told_and_its_return(
    provide: Provide, postgres: Connection, endpoint: Endpoint
) -> None:
    job(provide, schedule="* * * * *")
    text = alert(endpoint)
    came(postgres, "ok", ago="5 minutes")
    watched(postgres)
    (silent,) = told(postgres, endpoint, text)
    assert "has not run since" in silent["text"]
    assert "though it was due twice (* * * * *)" in silent["text"]
    assert told(postgres, endpoint, text) == []
    came(postgres, "ok")
    (recovered,) = told(postgres, endpoint, text)
    assert "works again" in recovered["text"]


@pytest.mark.parametrize(
    ("schedule", "fired", "silent"),
    [
        ("* * * * *", "2 minutes", False),
        ("* * * * *", "4 minutes", True),
        ((20, 10), "30 minutes", True),
        ((20, 10), "19 minutes 55 seconds", False),
        ((20,), "3 hours", False),
        ("30 seconds", "140 seconds", False),
        ("30 seconds", "160 seconds", True),
        ("30 SECONDS", "140 seconds", False),
        ("30 SECONDS", "160 seconds", True),
        (" +5second", "110 seconds", True),
        ("05 Second", "95 seconds", False),
        ("\t30Seconds ", "160 seconds", True),
        # pg_cron refuses them, or reads what nobody means
        ("99999999999999999999 seconds", "1 year", False),
        ("4294967301 seconds", "1 year", False),
        (NEVER, "300 days", False),
    ],
)
def test_silence_is_two_times_that_it_was_due(
    postgres: Connection, schedule: str | tuple[int, ...], fired: str, silent: bool
) -> None:
    text = schedule if isinstance(schedule, str) else at(*schedule)  # by the clock of now, not of the collection
    found = postgres.execute(
        "SELECT public.cron_job_is_silent(%s, now() - interval '2 years', now() - %s::interval)", [text, fired]
    ).fetchone()
    assert found == (silent,)


def test_neither_a_new_nor_a_paused_job_is_silent(provide: Provide, postgres: Connection, endpoint: Endpoint) -> None:
    job(provide, "new", schedule="* * * * *")
    job(provide, "paused", schedule="* * * * *")
    postgres.execute("SELECT cron.alter_job(jobid, active := false) FROM cron.job WHERE jobname = 'paused'")
    settle(postgres)
    postgres.execute(
        "UPDATE public.cron_watched_jobs SET since = now() - CASE job WHEN 'new' THEN interval '1 minute' "
        "ELSE interval '1 day' END"
    )
    assert told(postgres, endpoint, alert(endpoint)) == []


def test_pg_cron_sends_it(provide: Provide, postgres: Connection, endpoint: Endpoint) -> None:
    job(provide)
    came(postgres, "failed", detail="told by pg_cron")
    settle(postgres)
    declared = alert_job("slack", Alert.model_validate({"http": {"url": endpoint.url}}), "public", STACK)
    provide(CronJobProvider).create(declared.properties())
    deadline = time.monotonic() + 75
    while not endpoint.asked:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    settled(postgres)
    assert "told by pg_cron" in json.loads(endpoint.asked[0].body)["text"]
    carried = postgres.execute("SELECT state FROM public.cron_runs WHERE job = %s", [ALERT_JOB]).fetchall()
    assert carried == [("ok",)]


def test_what_becomes_of_the_job_that_catches_up_is_told(provide: Provide, postgres: Connection) -> None:
    caught = catch_up_job("public", STACK, [("nightly", None, None)])
    provide(CronJobProvider).create({**caught.properties(), "schedule": NEVER})

    def messages() -> list[str]:
        query = "SELECT message FROM public.take_cron_alerts('slack', %s, %s)"
        policy = '{"on": ["failed", "recovered", "silent"]}'
        found = [message for (message,) in postgres.execute(query, [STACK, policy]).fetchall()]
        postgres.execute("UPDATE public.cron_alerts SET sent = 0")
        return found

    assert messages() == []
    postgres.execute(
        "INSERT INTO public.cron_sweeps (step, failed_at, detail) VALUES ('catch_up_cron_runs', now(), 'a planted fault')"
    )
    job = "supabase-cron/test: job cron-catch-up-public"
    assert messages() == [f"{job} failed: catch_up_cron_runs: a planted fault"]
    assert messages() == []
    postgres.execute("UPDATE public.cron_sweeps SET ended_at = now() - interval '1 hour', failed_at = NULL")
    assert messages() == [f"{job} works again"], "what it executes may take its time"
    postgres.execute("SELECT cron.unschedule('cron-catch-up-public')")
    assert messages() == [f"{job} is gone: somebody unscheduled it"]
