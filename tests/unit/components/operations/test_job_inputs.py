"""Inputs of a manual trigger: read by their types, put into the body, refused by name."""

from typing import Any

import pytest

from components.catalogue.job import Job
from components.errors import InvalidConfiguration
from components.operations.job_inputs import with_inputs

BODY = {"limit": 5, "kept": [1], "share": 1, "dry_run": False, "month": None}
JOB = Job.model_validate(
    {
        "description": "d",
        "schedule": "0 1 * * *",
        "http": {"url": "https://example.com/", "timeout": 5, "body": BODY},
        "inputs": {
            "limit": {"type": "integer"},
            "share": {"type": "number"},
            "dry_run": {"type": "boolean", "default": True},
            "month": {"type": "string"},
        },
    }
)


def body(job: Job) -> Any:
    assert job.http is not None
    return job.http.body


def test_values_are_read_by_their_types() -> None:
    given = {"limit": "7", "share": "0.5", "dry_run": "False", "month": "2026-11"}
    changed = with_inputs("invoices", JOB, given)
    assert body(changed) == {"limit": 7, "kept": [1], "share": 0.5, "dry_run": False, "month": "2026-11"}
    assert body(JOB) == BODY


def test_defaults_are_put_in() -> None:
    assert body(with_inputs("invoices", JOB, {})) == {**BODY, "dry_run": True}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"limt": "7"}, "job 'invoices' has no input 'limt'; did you mean 'limit'?"),
        ({"limit": "many"}, "input 'limit' of job 'invoices' must be of type integer, and 'many' is not"),
        ({"share": "nan"}, "input 'share' of job 'invoices' must be of type number, and 'nan' is not"),
        ({"share": "1e400"}, "input 'share' of job 'invoices' must be of type number, and '1e400' is not"),
        ({"dry_run": "1"}, "input 'dry_run' of job 'invoices' must be of type boolean, and '1' is not"),
    ],
)
def test_a_wrong_input_is_refused(given: dict[str, str], expected: str) -> None:
    with pytest.raises(InvalidConfiguration) as refused:
        with_inputs("invoices", JOB, given)
    assert expected in str(refused.value)


def test_a_job_without_inputs_says_how_to_have_some() -> None:
    job = JOB.model_copy(update={"inputs": {}})
    with pytest.raises(InvalidConfiguration, match="declare them with 'inputs:'"):
        with_inputs("invoices", job, {"limit": "7"})
