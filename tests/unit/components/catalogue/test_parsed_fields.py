"""Fields that are texts in the file and parsed objects in the model: schedules and templates."""

import pytest
from pydantic import ValidationError

from components.catalogue.base_model import problems
from components.catalogue.job import Job
from components.schedule.grammar import parse_schedule
from components.values.template import parse_template

JOB = {
    "description": "d",
    "schedule": "*/5 * * * *",
    "http": {"url": "{base}/x", "headers": {"X-Key": "{key}"}, "timeout": 5},
}


def test_the_model_holds_what_the_parser_returns() -> None:
    job = Job.model_validate(JOB)
    assert job.http is not None
    assert job.schedule == parse_schedule("*/5 * * * *")
    assert (job.http.url, job.http.headers) == (parse_template("{base}/x"), {"X-Key": parse_template("{key}")})


@pytest.mark.parametrize("mode", ["python", "json"])
def test_a_dump_holds_the_texts_and_makes_the_same_model(mode: str) -> None:
    job = Job.model_validate(JOB)
    dump = job.model_dump(mode=mode, exclude_unset=True)
    assert dump == JOB
    assert Job.model_validate(dump) == job


def test_a_value_that_is_no_text_is_refused_as_such() -> None:
    with pytest.raises(ValidationError) as caught:
        Job.model_validate({**JOB, "schedule": 5})
    assert problems(caught.value, Job) == [(("schedule",), "must be a text; put it in quotes")]
