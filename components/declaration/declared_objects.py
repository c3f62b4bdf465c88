"""From a stack's configuration to the inputs of its resources; pure, for the program and for cronctl."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from psycopg import sql

from components.catalogue.alert import Alert
from components.catalogue.as_written import as_written
from components.catalogue.job import Job
from components.catalogue.jobs_file import Catalogue
from components.catalogue.request import Probe
from components.catalogue.secret_spec import SecretSpec
from components.catalogue.secret_value import MIN_KEY_BYTES
from components.catalogue.settings import ExtensionConfig, RetentionConfig, Settings
from components.catalogue.stack_config import Config
from components.declaration.command import compile_alert, compile_command, compile_probe, marked, rule
from components.objects.all_kinds import KINDS
from components.objects.args import Args
from components.objects.cron_job import CronJobArgs
from components.objects.extension import ExtensionArgs
from components.objects.grants import GrantsArgs
from components.objects.our_functions import ROTATION_FUNCTIONS
from components.objects.rotation_function import RotationFunctionArgs
from components.objects.run_ledger import RunLedgerArgs
from components.objects.secret import ProbeArgs, SecretArgs
from components.objects.secret_store import SecretStoreArgs
from components.objects.stack_mark import ALERT, CATCH_UP, RUNS_SWEEP
from components.sql import load_sql
from components.values.address import PLAIN
from components.values.choices import ExtensionName

EXTENSION_SCHEMAS: dict[ExtensionName, str] = {
    "pg_cron": "pg_catalog",
    "pg_net": "extensions",
    "supabase_vault": "vault",
}
"""Extensions and their schemas on Supabase: supautils demands the first, the linter the second, the third is fixed."""


CaughtUp = tuple[str, str | None, str | None]
"""The name of a job with catch_up, and the first and last day of its active_between, if it has one."""


class Declaration(NamedTuple):
    """The inputs of every resource, by the resource's name where there are several.

    ``own_jobs`` are the sweep, the job that catches up, and the alerts. ``read_by_probes`` maps each secret to the
    other secrets that its probe reads, which must be current before the probe is sent.
    """

    extensions: dict[str, ExtensionArgs]
    store: SecretStoreArgs
    rotation: dict[str, RotationFunctionArgs]
    grants: dict[str, GrantsArgs]
    secrets: dict[str, SecretArgs]
    read_by_probes: dict[str, list[str]]
    ledger: RunLedgerArgs
    own_jobs: dict[str, CronJobArgs]
    jobs: dict[str, CronJobArgs]


def declare(config: Config) -> Declaration:
    """The inputs of all resources of a configuration."""
    settings, stack = config.settings, str(config.stack)
    schema = settings.schema_name
    needed = [name for name in EXTENSION_SCHEMAS if name != "supabase_vault" or settings.store == "vault"]
    return Declaration(
        extensions={
            name: ExtensionArgs(
                name=name,
                schema_name=EXTENSION_SCHEMAS[name],
                **settings.extensions.get(name, ExtensionConfig()).model_dump(),
            )
            for name in needed
        },
        store=SecretStoreArgs(
            schema_name=schema,
            stack=stack,
            store=settings.store,
            adopt=settings.adopt,
            destroy_foreign_secrets=settings.destroy_foreign_secrets,
        ),
        rotation={
            name.replace("_", "-"): RotationFunctionArgs(
                schema_name=schema, name=name, stack=stack, adopt=settings.adopt
            )
            for name in ROTATION_FUNCTIONS
        },
        grants={
            f"{name.replace('_', '-')}-grants": GrantsArgs(
                schema_name=schema,
                function=name,
                grantees=list(config.rotators),
                declared_roles=[settings.operators.role] if settings.operators else [],
            )
            for name in ROTATION_FUNCTIONS
        },
        secrets={key: _secret(config, key, spec) for key, spec in config.catalogue.secrets.items()},
        read_by_probes={
            key: [other for other in spec.probe.secret_keys() if other != key] if spec.probe else []
            for key, spec in config.catalogue.secrets.items()
        },
        ledger=RunLedgerArgs(schema_name=schema, stack=stack, adopt=settings.adopt),
        own_jobs={
            job.name: job
            for job in (
                runs_sweep_job(
                    schema, stack, settings.retention, watch=bool(config.catalogue.alerts), adopt=settings.adopt
                ),
                *_catch_up_jobs(config, stack),
                *(
                    alert_job(name, alert, schema, stack, adopt=settings.adopt)
                    for name, alert in config.catalogue.alerts.items()
                ),
            )
        },
        jobs={
            name: CronJobArgs(
                name=name,
                schedule=job.schedule.text,
                command=compile_command(name, job, stack=stack, schema=schema),
                stack=stack,
                active=job.active,
                adopt=job.adopt or settings.adopt,
                ledger=schema,
                verify_in=schema if _verified(job, settings) else None,
                declared=as_written(job),
            )
            for name, job in config.catalogue.jobs.items()
        },
    )


def _secret(config: Config, key: str, spec: SecretSpec) -> SecretArgs:
    settings = config.settings
    return SecretArgs(
        schema_name=settings.schema_name,
        key=key,
        value=config.secrets[key].get_secret_value(),
        description=spec.description,
        stack=str(config.stack),
        format=spec.format,
        min_bytes=MIN_KEY_BYTES if key in _signing_keys(config.catalogue) else 1,
        grace=spec.grace,
        probe=_probe(key, spec.probe, settings.schema_name, control=spec.format != "url") if spec.probe else None,
        hosts=_hosts(spec, settings) or None,
        on_rotated_in_database=settings.on_rotated_in_database,
        adopt=settings.adopt,
    )


def _hosts(spec: SecretSpec, settings: Settings) -> list[str]:
    plain = [f"{PLAIN}{host}" for host in settings.plain_http_hosts] if spec.format == "url" else []
    return [*spec.hosts, *plain]


def _signing_keys(catalogue: Catalogue) -> set[str]:
    return {request.auth.hmac for _, request in catalogue.requests() if request.auth and request.auth.hmac}


def _probe(key: str, probe: Probe, schema: str, *, control: bool) -> ProbeArgs:
    return ProbeArgs(request=compile_probe(key, probe, schema=schema), control=control, **rule(probe))


def runs_sweep_job(
    schema: str, stack: str, retention: RetentionConfig, *, watch: bool = False, adopt: bool = False
) -> CronJobArgs:
    """The job that judges answers, sends retries, finishes rotations that nobody waits for, and deletes what is old.

    With ``watch`` it notes each minute whose schedule was changed, and every ten minutes without.
    """
    command = load_sql("runs_sweep").format(
        schema=sql.Identifier(schema),
        watch=sql.Literal(watch),
        runs=sql.Literal(f"{retention.runs} days"),
        details=sql.Literal(f"{retention.details} days"),
    )
    return _own_job(RUNS_SWEEP + schema, command.as_string(), schema, stack, adopt=adopt)


def catch_up_job(schema: str, stack: str, catch_up: Sequence[CaughtUp], *, adopt: bool = False) -> CronJobArgs:
    """The job that executes the commands of the jobs ``catch_up`` that were missed, and retries of jobs' own SQL.

    It shares no transaction with the sweep, since such a command may run for long or be cancelled.
    """
    command = load_sql("catch_up").format(
        schema=sql.Identifier(schema), catch_up=sql.Literal([list(job) for job in catch_up])
    )
    return _own_job(CATCH_UP + schema, command.as_string(), schema, stack, adopt=adopt)


def alert_job(name: str, alert: Alert, schema: str, stack: str, *, adopt: bool = False) -> CronJobArgs:
    """The job that sends an alert's new messages."""
    job = f"{ALERT}{name}-{schema}"
    statement = compile_alert(name, job, alert, stack=stack, schema=schema)
    success = alert.http.success.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    made = _own_job(job, f"{statement};", schema, stack, adopt=adopt)
    return replace(made, declared={"success": success}) if success else made


def _verified(job: Job, settings: Settings) -> bool:
    return settings.verify_first_run if job.verify_first_run is None else job.verify_first_run


def _catch_up_jobs(config: Config, stack: str) -> Iterator[CronJobArgs]:
    """One, where the stack has a job whose command another one executes, and that is no composed request."""
    caught_up = _caught_up(config.catalogue)
    if caught_up or any("begin_cron_run" in (job.sql or "") for job in config.catalogue.jobs.values()):
        settings = config.settings
        yield catch_up_job(settings.schema_name, stack, caught_up, adopt=settings.adopt)


def _caught_up(catalogue: Catalogue) -> list[CaughtUp]:
    return [
        (name, job.active_between.from_, job.active_between.to) if job.active_between else (name, None, None)
        for name, job in catalogue.jobs.items()
        if job.catch_up == "latest"
    ]


def _own_job(name: str, statements: str, schema: str, stack: str, *, adopt: bool) -> CronJobArgs:
    command = marked(stack, name, statements)
    return CronJobArgs(name=name, schedule="* * * * *", command=command, stack=stack, adopt=adopt, ledger=schema)


def by_kind(declared: Declaration) -> dict[str, list[Args]]:
    """The inputs of all resources by the words and in the order of KINDS."""
    objects: dict[str, list[Args]] = {
        "Extension": [*declared.extensions.values()],
        "SecretStore": [declared.store],
        "Secret": [*declared.secrets.values()],
        "RotationFunction": [*declared.rotation.values()],
        "Grants": [*declared.grants.values()],
        "RunLedger": [declared.ledger],
        "CronJob": [*declared.own_jobs.values(), *declared.jobs.values()],
    }
    return {word: objects[word] for word in KINDS}
