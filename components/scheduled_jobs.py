"""ScheduledJobs: the one component, which declares a stack's resources and their order."""

from collections.abc import Mapping
from graphlib import TopologicalSorter
from typing import Any

import pulumi

from components.catalogue.stack_config import Config
from components.cron_job import CronJob
from components.declaration.declared_objects import Declaration, declare
from components.declaration.verification_sql import verification_sql
from components.extension import Extension
from components.grants import Grants
from components.operators import Operators
from components.rotation import RotationFunction
from components.run_ledger import RunLedger
from components.secret import Secret
from components.secret_store import SecretStore
from components.security.access_table import summary


class ScheduledJobs(pulumi.ComponentResource):
    """Extensions, store, secrets, rotation and jobs of a stack, in the order in which they need each other."""

    extensions: pulumi.Output[dict[str, str]]
    secrets: pulumi.Output[dict[str, str]]
    jobs: pulumi.Output[dict[str, Any]]
    rotators: pulumi.Output[list[str]]
    access: pulumi.Output[dict[str, Any]]
    verification_sql: pulumi.Output[str]

    def __init__(
        self, resource_name: str, config: Config, *, conninfo: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("supabase-cron:index:ScheduledJobs", resource_name, None, opts)
        declared = declare(config)
        extensions = self._extensions(declared)
        store = SecretStore("secret-store", declared.store, self._after(*extensions.values()))
        rotation = {name: RotationFunction(name, args, self._after(store)) for name, args in declared.rotation.items()}
        operators = self._operators(config, conninfo, *rotation.values())
        grants = {
            name: Grants(name, args, self._after(*rotation.values(), *operators))
            for name, args in declared.grants.items()
        }
        secrets = self._secrets(declared, *extensions.values(), store, *rotation.values())
        ledger = RunLedger("run-ledger", declared.ledger, self._after(*extensions.values(), store))
        # What these come after is not named again: a state holds each name with each job.
        ready = self._after(ledger, *secrets.values())
        jobs: dict[str, CronJob] = {}
        for name, args in (*declared.own_jobs.items(), *declared.jobs.items()):
            jobs[name] = CronJob(name, args, ready)  # no comprehension: a state holds the frames of each job's making

        self.extensions = pulumi.Output.all(**{name: each.installed_version for name, each in extensions.items()})
        self.secrets = pulumi.Output.all(**{key: secret.status for key, secret in secrets.items()})
        jobids = pulumi.Output.all(**{name: jobs[name].jobid for name in declared.jobs})
        # One output for all jobs: each that a program makes costs it time, and most for the thousandth.
        self.jobs = jobids.apply(lambda found: _job_outputs(config, found))
        self.rotators = grants["rotate-cron-secret-grants"].grantees
        self.access = self.rotators.apply(lambda rotators: summary(config.settings.store, rotators))
        self.verification_sql = pulumi.Output.from_input(
            verification_sql(config.settings.schema_name, config.catalogue)
        )
        self.register_outputs({})  # the program exports them, and a state holds both

    def _after(self, *needed: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(needed))

    def _extensions(self, declared: Declaration) -> dict[str, Extension]:
        """One after the other, so that a database out of reach is told once and not by each."""
        made: dict[str, Extension] = {}
        for name, args in declared.extensions.items():
            made[name] = Extension(name, args, self._after(*made.values()))
        return made

    def _secrets(self, declared: Declaration, *needed: pulumi.Resource) -> dict[str, Secret]:
        """Each after those that its probe reads."""
        made: dict[str, Secret] = {}
        for key in TopologicalSorter(declared.read_by_probes).static_order():
            read = [made[other] for other in declared.read_by_probes[key]]
            made[key] = Secret(key, declared.secrets[key], self._after(*needed, *read))
        return made

    def _operators(self, config: Config, conninfo: str, *rotation: RotationFunction) -> list[pulumi.Resource]:
        if (operators := config.settings.operators) is None:
            return []
        after = self._after(*rotation)
        return [Operators("operators", operators.role, operators.members, conninfo=conninfo, opts=after)]


def _job_outputs(config: Config, jobids: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """The stack's output ``jobs``, by name: nothing that time alone changes, or each preview would show a change."""
    return {
        name: {
            "jobid": jobids[name],
            "schedule": job.schedule.text,
            "active": job.active,
            "target": job.http.url.text if job.http else "sql",
        }
        for name, job in config.catalogue.jobs.items()
    }
