"""Entries held against the catalogue's own checks, so that nothing is written which a preview would refuse. Pure."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from components.catalogue.base_model import problems
from components.catalogue.jobs_file import Catalogue
from components.workflows.call_outcome import Reading
from components.workflows.outcome import Outcome, Reason, Told


def checked(reading: Reading) -> list[Outcome]:
    """The outcomes, those refused whose entry the catalogue refuses."""
    return [_checked(outcome, reading.secrets) for outcome in reading.outcomes]


def _checked(outcome: Outcome, secrets: Mapping[str, Mapping[str, str]]) -> Outcome:
    if outcome.job is None or (sentence := _problem(outcome, secrets)) is None:
        return outcome
    reason = Told(Reason.CATALOGUE, outcome.where, (sentence,))
    return outcome._replace(kind="refused", job=None, reason=(*outcome.reason, reason))


def _problem(outcome: Outcome, secrets: Mapping[str, Mapping[str, str]]) -> str | None:
    keys = {place.key for place in outcome.asks}
    data: dict[str, Any] = {
        "secrets": {key: secret for key, secret in secrets.items() if key in keys},
        "jobs": {outcome.name: outcome.job},
    }
    try:
        found = Catalogue.model_validate(data).problems()
    except ValidationError as exc:
        found = problems(exc, Catalogue)
    if not found:
        return None
    place, sentence = found[0]
    below = ".".join(map(str, place[2:] if place[:1] == ("jobs",) else place))
    return f"{below}: {sentence}" if below else sentence
