"""What a preview shows of a job beside its SQL."""

from typing import Any

from components.catalogue.as_written import LONGEST, as_written
from components.catalogue.job import Job
from components.objects.cron_job import CronJobArgs, CronJobKind

BASE: dict[str, Any] = {"description": "d", "schedule": "0 1 * * *"}


def written(**http: Any) -> dict[str, Any] | None:
    return as_written(Job.model_validate({**BASE, "http": {"url": "{base}/f", "timeout": 60, **http}}))


def test_what_is_a_default_is_left_out() -> None:
    assert written() == {"request": "POST {base}/f", "timeout": "1 minute"}


def test_what_a_person_wrote() -> None:
    assert written(
        method="DELETE",
        auth={"hmac": "key"},
        headers={"X-A": "{key}"},
        body={"a": [1, None]},
        success={"status": [204], "body": "$.ok == true"},
        retry={"attempts": 4},
        overlap="skip",
        idempotency="Idempotency-Key",
    ) == {
        "request": "DELETE {base}/f",
        "timeout": "1 minute",
        "auth": "hmac key",
        "headers": {"X-A": "{key}"},
        "body": {"a": [1, None]},
        "success": {"status": [204], "body": "$.ok == true"},
        "retry": {"attempts": 4},
        "overlap": "skip",
        "idempotency": "Idempotency-Key",
    }
    job = {
        **BASE,
        "http": {"url": "{base}/f", "timeout": 5},
        "active_between": {"from": 1, "to": 5},
        "catch_up": "latest",
    }
    assert as_written(Job.model_validate(job)) == {
        **{"request": "POST {base}/f", "timeout": "5 seconds"},
        **{"active_between": {"from": "1", "to": "5"}, "catch_up": "latest"},
    }


def test_a_long_body_is_shown_by_its_beginning() -> None:
    shown = written(body={"text": "x" * 5000})
    assert shown is not None
    assert len(shown["body"]) < LONGEST + 30
    assert shown["body"].endswith("… (5012 characters)")


def test_a_statement_is_its_command() -> None:
    assert as_written(Job.model_validate({**BASE, "sql": "SELECT 1"})) is None


def test_it_is_no_property_of_the_job_so_that_an_older_state_has_nothing_to_change() -> None:
    args = CronJobArgs(name="n", schedule="0 1 * * *", command="SELECT 1", stack="p/s", declared={"request": "POST x"})
    assert "declared" in args.properties()
    assert "declared" not in args.properties(without=CronJobKind.ignored_in_diff)
