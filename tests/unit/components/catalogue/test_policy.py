"""Policies and alerts in the catalogue: what is accepted, what is refused and how, and what they compile to."""

from datetime import date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from components.catalogue.alert import Alert
from components.catalogue.base_model import problems
from components.catalogue.job import Job
from components.catalogue.jobs_file import Catalogue
from components.declaration.command import compile_command
from components.declaration.declared_objects import alert_job, catch_up_job

URL = "https://example.com/"
STACK = "supabase-cron/dev"
EASTERN = {ord("0") + digit: ord("\N{ARABIC-INDIC DIGIT ZERO}") + digit for digit in range(10)}


def job(http: dict[str, Any] | None = None, schedule: str = "0 1 * * *", **given: Any) -> Job:
    action = {"url": URL, "timeout": 5, **(http or {})}
    return Job.model_validate({"description": "d", "schedule": schedule, "http": action, **given})


def sentence(http: dict[str, Any] | None = None, **given: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        job(http, **given)
    ((_, text),) = problems(caught.value, Job)
    return text


def compiled(http: dict[str, Any] | None = None, **given: Any) -> str:
    return compile_command("nightly", job(http, **given), stack=STACK, schema="public")


def test_a_job_with_policies_asks_before_it_sends() -> None:
    retry = {"attempts": 4, "backoff": 10, "max_backoff": 60, "on": ["failed"]}
    text = compiled(
        {"method": "GET", "retry": retry, "overlap": "skip", "idempotency": "Idempotency-Key"},
        active_between={"from": date(2026, 9, 1), "to": "2027-06-30"},
    )
    assert text == (
        "-- supabase-cron: supabase-cron/dev/nightly\n"
        'SELECT "public".record_cron_run_request(begun.run, net.http_get(\n'
        "    url := 'https://example.com/',\n"
        "    headers := pg_catalog.jsonb_build_object(\n"
        "        'Idempotency-Key', begun.idempotency\n"
        "    ),\n"
        "    timeout_milliseconds := 5000\n"
        '), \'{"timeout": 5.0, "status": "{[200,300)}"}\')\n'
        'FROM "public".begin_cron_run(\'nightly\', \'{"retry": {"attempts": 4, "backoff": 10.0, "max_backoff": 60.0, '
        '"on": ["failed"]}, "overlap": "skip", "idempotency": true, "active_between": {"from": "2026-09-01", '
        '"to": "2027-06-30"}}\') AS begun\n'
        'WHERE "public".guard_cron_queue();'
    )


def test_a_signed_request_with_a_policy_is_written_down_for_each_run() -> None:
    text = compiled({"auth": {"hmac": "key"}, "overlap": "skip"})
    assert "AS begun CROSS JOIN LATERAL (\n    SELECT\n        'https://example.com/' AS url" in text


def test_without_a_policy_nothing_is_asked() -> None:
    assert "begin_cron_run" not in compiled({"overlap": "allow"}, catch_up="latest")


def test_a_job_of_its_own_knows_what_to_make_up_for() -> None:
    text = catch_up_job("public", STACK, [("it's", None, None), ("b", "-3", "2026-09-01")]).command
    assert "sweep_cron_catch_up('{{it''s,NULL,NULL},{b,-3,2026-09-01}}'::text[])" in text
    assert "'{}'::text[]" in catch_up_job("public", STACK, []).command


def test_a_call_may_take_longer_than_the_period_where_runs_do_not_overlap() -> None:
    assert job({"timeout": 90, "overlap": "skip"}, schedule="* * * * *")
    assert "calls would pile up" in sentence({"timeout": 90}, schedule="* * * * *")


@pytest.mark.parametrize(
    ("http", "given", "expected"),
    [
        ({"retry": {"attempts": 1}}, {}, "input should be greater than or equal to 2"),
        ({"retry": {"on": []}}, {}, "list should have at least 1 item"),
        ({"retry": {"on": ["ok"]}}, {}, "input should be 'failed', 'timed_out' or 'lost'"),
        ({"retry": {"atempts": 2}}, {}, "unknown field 'atempts'; did you mean 'attempts'?"),
        ({"overlap": "queue"}, {}, "input should be 'allow' or 'skip'"),
        ({"idempotency": "X A"}, {}, "is not a header name"),
        ({"idempotency": "host"}, {}, "the idempotency key cannot go in 'host'"),
        ({"idempotency": "apikey", "auth": {"api_key": "k"}}, {}, "the idempotency key cannot go in 'apikey'"),
        ({"idempotency": "X-A", "headers": {"x-a": "1"}}, {}, "the idempotency key cannot go in 'X-A'"),
        ({}, {"catch_up": "all"}, "input should be 'none' or 'latest'"),
        ({}, {"catch_up": "latest", "schedule": "30 seconds"}, "'catch_up' is for times of the day"),
        ({}, {"active_between": {"from": "2026-09-01", "to": "12-31"}}, "are days of different kinds"),
        ({}, {"active_between": {"from": "2026-09-01", "to": "2026-08-31"}}, "ends on 2026-08-31, before it begins"),
        ({}, {"active_between": {"from": "02-30", "to": "03-01"}}, "'02-30' is no day"),
        ({}, {"active_between": {"from": 32, "to": 1}}, "32 is no day of the month"),
        ({}, {"active_between": {"from": "monday", "to": 1}}, "'monday' is no day"),
        *(
            ({}, {"active_between": {"from": day, "to": 5}}, f"{str(day)!r} is no day; write a date (2026-09-01)")
            for day in (
                *("2026-W01-1", "2026W011", "20260101", "2026-001", "2026-1-1", "26-01-01", "+2026-01-01"),
                *(day.translate(EASTERN) for day in ("2026-09-01", "09-01", "25", "-1")),
                *(
                    "2026-02-29",
                    "0000-01-01",
                    "2026-09-01 10:00",
                    "9-1",
                    " 25",
                    "25\n",
                    "09-01\n",
                    "",
                    "1.0",
                    1.0,
                    True,
                ),
                datetime(2026, 9, 1, 10),
            )
        ),
        ({}, {"active_between": {"from": 0, "to": 1}}, "0 is no day of the month"),
        ({}, {"active_between": {"from": -29, "to": -1}}, "-29 is no day of the month"),
    ],
)
def test_what_is_refused(http: dict[str, Any], given: dict[str, Any], expected: str) -> None:
    assert expected in sentence(http, **given)


@pytest.mark.parametrize(
    ("schedule", "bounds", "never"),
    [
        ("30 1 1 1 *", (-3, -1), True),
        ("0 0 30,31 * *", (1, 29), True),
        ("0 0 * 2 *", (30, -1), True),
        ("0 0 * 6 *", ("07-01", "05-31"), True),
        ("0 0 $ * *", (-1, -1), False),
        ("0 0 29 2 *", ("02-29", "02-29"), False),
        ("0 9 * * 1", (1, 7), False),
        ("0 0 * 6 *", ("06-30", "05-31"), False),
        ("0 0 1 1 *", ("2020-06-01", "2020-06-30"), False),  # dates are over in any case
        ("@reboot", (1, 1), False),
    ],
)
def test_days_on_which_a_job_is_never_due_are_told(schedule: str, bounds: tuple[object, object], never: bool) -> None:
    found = list(job(schedule=schedule, active_between={"from": bounds[0], "to": bounds[1]}).warnings())
    assert [f"is never due by {schedule!r} on a day from" in warning for warning in found] == [True] * never


def test_a_leap_day_is_a_day_of_the_year() -> None:
    assert job(active_between={"from": "02-29", "to": "03-01"})


@pytest.mark.parametrize("policy", [{"catch_up": "latest"}, {"active_between": {"from": 1, "to": 5}}])
def test_policies_are_for_requests(policy: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="a job with 'sql' has none of them"):
        Job.model_validate({"description": "d", "schedule": "0 1 * * *", "sql": "SELECT 1", **policy})


def test_an_alert_is_a_job_that_sends_what_has_changed() -> None:
    alert = Alert.model_validate({"http": {"url": "{slack}"}, "on": ["failed"], "jobs": ["nightly"]})
    assert alert_job("team", alert, "public", STACK).command == (
        "-- supabase-cron: supabase-cron/dev/cron-alert-team-public\n"
        "SELECT \"public\".record_cron_alert('team', alert.job, "
        "\"public\".record_cron_run('cron-alert-team-public', net.http_post(\n"
        "    url := \"public\".get_secret('slack'),\n"
        "    headers := pg_catalog.jsonb_build_object(\n"
        "        'Content-Type', 'application/json'\n"
        "    ),\n"
        "    body := pg_catalog.jsonb_build_object('text', pg_catalog.to_jsonb((alert.message)::text)),\n"
        "    timeout_milliseconds := 10000\n"
        '), \'{"timeout": 10, "status": "{[200,300)}"}\'::jsonb || '
        "\"public\".cron_secret_versions(ARRAY['slack'])))\n"
        "FROM \"public\".take_cron_alerts('team', 'supabase-cron/dev', "
        '\'{"on": ["failed"], "jobs": ["nightly"]}\') AS alert\n'
        'WHERE "public".guard_cron_queue();'
    )


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        ({"http": {"url": URL, "body": {"a": ["{mesage}"]}}}, "unknown field 'mesage'; did you mean 'message'?"),
        ({"http": {"url": URL, "method": "GET"}}, "input should be 'POST'"),
        ({"http": {"url": URL}, "on": ["broken"]}, "input should be 'failed', 'exhausted', 'recovered' or 'silent'"),
        ({"http": {"url": URL, "timeout": 60}}, "less than or equal to 50"),
        ({"on": ["failed"]}, "is missing"),
    ],
)
def test_alerts_that_are_refused(alert: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Alert.model_validate(alert)
    assert expected in problems(caught.value, Alert)[0][1]


def test_an_alert_names_declared_jobs_and_secrets() -> None:
    catalogue = Catalogue.model_validate(
        {
            "jobs": {"nightly": job().model_dump(exclude_none=True, exclude={"http": {"success"}})},
            "alerts": {"team": {"http": {"url": "{hook}"}, "jobs": ["nightli"]}},
        }
    )
    assert catalogue.problems() == [
        (("alerts", "team", "http"), "reads the unknown secret 'hook'"),
        (("alerts", "team", "jobs"), "names the unknown job 'nightli'; did you mean 'nightly'?"),
    ]


def test_names_of_the_projects_own_jobs_are_reserved() -> None:
    catalogue = Catalogue(jobs={"cron-alert-x": job()})
    assert catalogue.problems() == [
        (("jobs", "cron-alert-x"), "has a name that the project's own jobs have; choose another")
    ]
