"""The configuration of a stack: its own keys and the catalogue, merged and checked before anything is touched.

The same function serves the program (settings from the engine) and cronctl (settings from ``pulumi config``), so both
read the same declarations. It is pure except for reading the catalogue's file.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr, ValidationError

from components.catalogue.address_rules import PLAIN_HTTP
from components.catalogue.base_model import problems
from components.catalogue.fields import HEADER_WITH_VALUE
from components.catalogue.jobs_file import Catalogue, defaults_model
from components.catalogue.pasted_key import written_values
from components.catalogue.secret_value import (
    expiry,
    misplaced_keys,
    misplaced_probe_keys,
    value_problem,
)
from components.catalogue.settings import Settings
from components.catalogue.texts import Place, texts
from components.catalogue.yaml_source import Location, Source, read_source
from components.database.tls_rule import stays_on_this_machine
from components.errors import InvalidConfiguration
from components.objects.stack_mark import StackName
from components.values.expiry import expiry_warning
from components.values.suggestion import nearest
from components.values.visible_text import acts_on_engine, visible_line

SECRET_VARIABLE = "SUPABASE_CRON_SECRET_"  # noqa: S105 - a prefix of names
"""Prefix of ``SUPABASE_CRON_SECRET_<KEY>`` in the environment, which comes before the stack's configuration."""


class Config(NamedTuple):
    """The whole configuration of a stack, checked."""

    stack: StackName
    settings: Settings
    catalogue: Catalogue
    secrets: Mapping[str, SecretStr]
    warnings: tuple[str, ...]

    @property
    def rotators(self) -> tuple[str, ...]:
        """The roles that may call the rotation function, beside its owner."""
        operators = (self.settings.operators.role,) if self.settings.operators else ()
        return tuple(sorted({*self.settings.rotators, *operators}))


def load_config(
    raw: Mapping[str, Any], *, stack: StackName, root: Path, environment: Mapping[str, str], now: datetime
) -> Config:
    """The configuration of a stack, read, merged and checked.

    ``raw`` maps the keys of the project's own namespace to their values in clear (structures as JSON text or data);
    ``root`` is the folder that the catalogue's path is relative to; ``now`` is an aware datetime.
    Raises InvalidConfiguration with all mistakes of the first level that has any.
    """
    stack_file = f"Pulumi.{stack.name}.yaml"
    try:
        settings = Settings.model_validate(dict(raw))
    except ValidationError as exc:
        raise InvalidConfiguration(
            f"{stack_file}: {stack.project}:{_path(location)}: {sentence}"
            for location, sentence in problems(exc, Settings)
        ) from None
    if settings.plain_http_hosts and not stays_on_this_machine(settings.conninfo(environment)):
        raise InvalidConfiguration(
            [
                f"{stack_file}: {stack.project}:plainHttpHosts: plain http is for containers beside a database on this "
                "machine, and this stack's is on another; remove it, and use https"
            ]
        )
    source = read_source(root / settings.catalogue)
    catalogue = read_catalogue(source, settings, stack_file, root)
    secrets = _secret_values(catalogue, settings, environment)
    if mistakes := [
        *_secret_problems(catalogue, secrets, stack, settings, now),
        *_written_out(catalogue, settings, secrets),
        *_shown_by_probes(catalogue, settings),
    ]:
        raise InvalidConfiguration(mistakes)
    return Config(stack, settings, catalogue, secrets, (*catalogue.warnings(), *_expiring(catalogue, secrets, now)))


def read_catalogue(source: Source, settings: Settings, stack_file: str, root: Path) -> Catalogue:
    """A catalogue with its defaults and the stack's overrides merged in. Raises InvalidConfiguration.

    ``stack_file`` names the file of the overrides in error sentences; ``root`` is the project's folder.
    """
    name = source.path.relative_to(root) if source.path.is_relative_to(root) else source.path

    def with_place(location: Location, sentence: str) -> str:
        if location[:1] == ("jobs",) and location[1:] and _holds(settings.jobs, location[1:]):
            return f"{stack_file}: {_path(location)}: {sentence}"
        place = source.position(location) or source.position(("defaults", *location[2:])) or source.nearest(location)
        where = f"{name}:{place[0]}:{place[1]}" if place else name
        return f"{where}: {_path(location)}: {sentence}"

    if mistakes := _defaults_problems(source.data.get("defaults")):
        raise InvalidConfiguration(with_place(("defaults", *location), sentence) for location, sentence in mistakes)
    merged = _merge_jobs(source.data, settings, stack_file)
    try:
        catalogue = Catalogue.model_validate(merged, context={PLAIN_HTTP: settings.plain_http_hosts})
    except ValidationError as exc:
        raise InvalidConfiguration(with_place(*problem) for problem in problems(exc, Catalogue)) from None
    if mistakes := [*catalogue.problems(), *_acting_texts(catalogue)]:
        raise InvalidConfiguration(with_place(*problem) for problem in mistakes)
    return catalogue


def _defaults_problems(defaults: object) -> list[tuple[Place, str]]:
    """The mistakes in the defaults, as (place, sentence), whether jobs take the defaults or not."""
    if defaults is None:
        return []
    model = defaults_model()
    try:
        model.model_validate(defaults)
    except ValidationError as exc:
        return problems(exc, model)
    return []


def _acting_texts(catalogue: Catalogue) -> Iterator[tuple[Place, str]]:
    """(place, sentence) for each text that the engine would obey instead of showing it."""
    for place, text in texts(catalogue.model_dump()):
        if acts_on_engine(text):
            yield place, "holds a control character or a colour directive of the engine's (<{% or %}>); leave it out"


def _merge_jobs(data: dict[str, Any], settings: Settings, stack_file: str) -> dict[str, Any]:
    """The data of a catalogue in which each job has its defaults and the stack's overrides."""
    jobs, defaults = data.get("jobs"), data.pop("defaults", None) or {}
    if not isinstance(jobs, dict):
        return data
    if strangers := [job for job in settings.jobs if job not in jobs]:
        raise InvalidConfiguration(
            f"{stack_file}: jobs: no job {job!r} to override{nearest(job, map(str, jobs))}" for job in strangers
        )
    for name, job in jobs.items():
        if isinstance(job, dict):
            below = {k: v for k, v in defaults.items() if k != "http" or "http" in job}
            jobs[name] = _merge_job(_merge_job(below, job), settings.jobs.get(str(name), {}))
    return data


def _merge_job(job: dict[str, Any], patch: dict[str, Any]) -> Any:  # noqa: ANN401 - what a job should be
    """A job merged with a patch by RFC 7396; but a null in the body that finds nothing to remove is sent."""
    merged = merge_patch(job, patch)
    if isinstance(body := _part(patch, "http", "body"), dict):
        merged["http"]["body"] = merge_patch(_part(job, "http", "body"), body, keep_nulls=True)
    return merged


def merge_patch(target: Any, patch: Any, *, keep_nulls: bool = False) -> Any:  # noqa: ANN401 - any JSON value
    """A target merged with a patch by RFC 7396: objects merge key by key, null removes, everything else replaces.

    ``keep_nulls`` keeps a null that finds nothing to remove.
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None and (key in merged or not keep_nulls):
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value, keep_nulls=keep_nulls)
    return merged


def _part(data: object, *location: str) -> Any:  # noqa: ANN401 - whatever stands there
    for step in location:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _holds(data: object, location: Location) -> bool:
    for step in location:
        if not isinstance(data, dict) or step not in data:
            return False
        data = data[step]
    return True


def _path(location: Location) -> str:
    """A location as ``jobs.nightly.http``, without the value that slipped into a header's name."""
    steps = [visible_line(str(step)) for step in location]
    for at, (parent, name) in enumerate(pairwise(steps), start=1):
        if parent == "headers" and (whole := HEADER_WITH_VALUE.fullmatch(name)):
            steps[at] = whole[1]
    return ".".join(steps) or "the whole"


def _secret_values(catalogue: Catalogue, settings: Settings, environment: Mapping[str, str]) -> dict[str, SecretStr]:
    """The values of secrets by key, those in the environment before those of the stack's configuration."""
    values = dict(settings.secrets)
    for key in catalogue.secrets:
        if value := environment.get(SECRET_VARIABLE + key.upper()):
            values[key] = SecretStr(value)
    return values


def _shown_by_probes(catalogue: Catalogue, settings: Settings) -> Iterator[str]:
    """Sentences on probes that send another secret, which a rotator could read in pg_net's queue.

    The probe waits there in the rotator's own transaction.
    """
    if not settings.rotators and settings.operators is None:
        return
    for key, spec in catalogue.secrets.items():
        for other in spec.probe.sent_keys() if spec.probe else ():
            if other != key and catalogue.secrets[other].format != "url":
                yield (
                    f"secret {key!r} has a probe that sends {other!r} as well, which whoever may rotate {key!r} could "
                    "read in pg_net's queue; let it send its own key alone, or sign, or leave out the rotators"
                )


def _written_out(catalogue: Catalogue, settings: Settings, secrets: Mapping[str, SecretStr]) -> Iterator[str]:
    """Sentences on texts of the catalogue in which somebody wrote a secret's value instead of its key."""
    values = {
        key: secrets[key].get_secret_value()
        for key, spec in catalogue.secrets.items()
        if spec.format != "url" and key in secrets
    }
    for place, key in written_values(texts(catalogue.model_dump()), values):
        end = next((at for at, step in enumerate(place) if values[key] in str(step)), len(place))
        yield (
            f"{_path(place[:end])}: the value of secret {key!r} is written out; write {{{key}}}, or in SQL "
            f"{settings.schema_name}.get_secret('{key}'), and rotate it"
        )


def _expiring(catalogue: Catalogue, secrets: Mapping[str, SecretStr], now: datetime) -> Iterator[str]:
    for key, spec in catalogue.secrets.items():
        if warning := expiry_warning(expiry(spec, secrets[key].get_secret_value()), now):
            yield f"secret {key!r} {warning}"


def _secret_problems(
    catalogue: Catalogue, secrets: Mapping[str, SecretStr], stack: StackName, settings: Settings, now: datetime
) -> Iterator[str]:
    for key in secrets:
        if key not in catalogue.secrets:
            hint = nearest(key, catalogue.secrets)
            yield f"secret {key!r} has a value in stack {stack.name} but is not declared{hint}"
    good = {}
    for key, spec in catalogue.secrets.items():
        set_it = f"run: pulumi config set --secret --path secrets.{key} --stack {stack.name}"
        value = secrets[key].get_secret_value() if key in secrets else None
        if value is None:
            yield f"secret {key!r} has no value in stack {stack.name}; {set_it}"
        elif problem := value_problem(spec, value, now, settings.plain_http_hosts):
            yield f"secret {key!r} {problem} ({set_it})"
        else:
            good[key] = value
    for job, problem in misplaced_keys(catalogue, good):
        yield f"job {job!r} {problem}"
    for key, problem in misplaced_probe_keys(catalogue, good):
        yield f"secret {key!r} {problem}"
