"""The values of a job's inputs, as ``cronctl trigger --set`` gives them. Pure."""

from collections.abc import Callable
from typing import Any

from components.catalogue.job import InputSpec, Job
from components.errors import InvalidConfiguration
from components.values.exact_number import decimal_number, whole_number
from components.values.suggestion import nearest

_BOOLEANS = {"true": True, "false": False}
_READ: dict[str, Callable[[str], Any]] = {
    "string": str,
    "integer": whole_number,
    "number": decimal_number,
    "boolean": lambda text: _BOOLEANS[text.lower()],
}


def with_inputs(name: str, job: Job, given: dict[str, str]) -> Job:
    """Return a copy of the job with the values of its inputs in the request's body.

    ``given`` has texts, which are read by the types of the inputs; an input that is not given has its default. Raises
    InvalidConfiguration for an unknown input or a value of another type.
    """
    problems = []
    values = {key: spec.default for key, spec in job.inputs.items() if spec.default is not None}
    for key, text in given.items():
        if (spec := job.inputs.get(key)) is None:
            known = nearest(key, job.inputs) or "; it has no inputs, declare them with 'inputs:' in the catalogue"
            problems.append(f"job {name!r} has no input {key!r}{known}")
            continue
        try:
            values[key] = _read(spec, text)
        except ValueError as exc:
            problems.append(f"input {key!r} of job {name!r} {exc}")
    if problems:
        raise InvalidConfiguration(problems)
    if not values or job.http is None or not isinstance(job.http.body, dict):
        return job
    http = job.http.model_copy(update={"body": {**job.http.body, **values}})
    return job.model_copy(update={"http": http})


def _read(spec: InputSpec, text: str) -> Any:  # noqa: ANN401 - the input's type decides
    try:
        return _READ[spec.type](text)
    except (ValueError, KeyError):
        raise ValueError(f"must be of type {spec.type}, and {text!r} is not") from None
