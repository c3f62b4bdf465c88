"""ScheduledJobs: the one component, which declares a stack's resources and their order."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pulumi

from components.command import compile_command
from components.config import Config
from components.cron_job import CronJob
from components.extension import Extension
from components.grants import Grants
from components.operators import Operators
from components.rotation import RotationFunction
from components.schedule import parse_schedule
from components.secret import Secret
from components.secret_store import SecretStore
from components.verification import verification_sql

NEXT_RUNS = 3
"""How many coming runs a job's output shows."""


class ScheduledJobs(pulumi.ComponentResource):
    """Extensions, store, secrets, rotation and jobs of a stack, in the order in which they need each other."""

    extensions: pulumi.Output[dict[str, Any]]
    secrets: pulumi.Output[dict[str, str]]
    jobs: pulumi.Output[dict[str, Any]]
    rotators: pulumi.Output[list[str]]

    def __init__(
        self, resource_name: str, config: Config, *, conninfo: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("supabase-cron:index:ScheduledJobs", resource_name, None, opts)
        self._config = config
        self._owner = str(config.owner)
        # One after the other, so that a database out of reach is told once.
        pg_cron = Extension("pg_cron", name="pg_cron", schema_name="pg_catalog", opts=self._after())
        pg_net = Extension("pg_net", name="pg_net", schema_name="extensions", opts=self._after(pg_cron))
        store = SecretStore(
            "secret-store",
            schema_name=config.settings.schema_name,
            owner=self._owner,
            adopt=config.settings.adopt,
            destroy_foreign_secrets=config.settings.destroy_foreign_secrets,
            opts=self._after(pg_net),
        )
        secrets = self._secrets(store)
        rotation = RotationFunction(
            "rotate-cron-secret",
            schema_name=config.settings.schema_name,
            owner=self._owner,
            adopt=config.settings.adopt,
            opts=self._after(store),
        )
        grants = self._grants(rotation, conninfo)
        jobs = self._jobs([pg_cron, pg_net, *secrets.values()] if secrets else [store])
        self.extensions = pulumi.Output.all(
            **{extension._name: extension.installed_version for extension in (pg_cron, pg_net)}
        )
        self.secrets = pulumi.Output.all(**{key: secret.status for key, secret in secrets.items()})
        self.jobs = pulumi.Output.all(**{name: self._job_output(name, job) for name, job in jobs.items()})
        self.rotators = grants.grantees
        self.register_outputs({"jobs": self.jobs})

    def verification_sql(self) -> str:
        """What a person would paste to check by hand."""
        return verification_sql(self._config.settings.schema_name, self._config.catalogue)

    def _after(self, *needed: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(needed))

    def _secrets(self, store: SecretStore) -> dict[str, Secret]:
        return {
            key: Secret(
                key,
                schema_name=self._config.settings.schema_name,
                value=self._config.secrets[key].get_secret_value(),
                description=spec.description,
                owner=self._owner,
                adopt=self._config.settings.adopt,
                opts=self._after(store),
            )
            for key, spec in self._config.catalogue.secrets.items()
        }

    def _grants(self, rotation: RotationFunction, conninfo: str) -> Grants:
        grantees: list[pulumi.Input[str]] = list(self._config.settings.rotators)
        if (operators := self._config.settings.operators) is not None:
            group = Operators(
                "operators",
                role=operators.role,
                members=operators.members,
                conninfo=conninfo,
                opts=self._after(rotation),
            )
            grantees.append(group.role_name)
        return Grants(
            "rotate-cron-secret-grants",
            schema_name=self._config.settings.schema_name,
            grantees=grantees,
            opts=self._after(rotation),
        )

    def _jobs(self, needed: list[pulumi.Resource]) -> dict[str, CronJob]:
        schema = self._config.settings.schema_name
        return {
            name: CronJob(
                name,
                schedule=job.schedule,
                command=compile_command(name, job, owner=self._owner, schema=schema),
                owner=self._owner,
                active=job.active,
                adopt=job.adopt or self._config.settings.adopt,
                opts=self._after(*needed),
            )
            for name, job in self._config.catalogue.jobs.items()
        }

    def _job_output(self, name: str, job: CronJob) -> pulumi.Output[dict[str, Any]]:
        declared = self._config.catalogue.jobs[name]
        runs = parse_schedule(declared.schedule).next_runs(datetime.now(UTC), NEXT_RUNS, ZoneInfo("UTC"))
        return pulumi.Output.all(
            jobid=job.jobid,
            schedule=job.schedule,
            active=job.active,
            target=declared.http.url if declared.http else "sql",
            next_runs_utc=[f"{run:%Y-%m-%d %H:%M:%S}" for run in runs] if declared.active else [],
        )
