"""Pulumi's side of jobs. States name this module and its provider, so both keep their names."""

from typing import ClassVar

import pulumi
from pulumi.dynamic import Resource

from components.database.statement_trial import try_expressions, try_predicate, try_request, try_statement
from components.objects.cron_job import CALLABLE, CronJobArgs, CronJobKind, LiveJob, records_run
from components.objects.stack_mark import is_own_job
from components.operations.first_run import verify_first_run
from components.provider.object_provider import ObjectProvider, resource_props


class CronJobProvider(ObjectProvider[CronJobArgs, LiveJob]):
    """Pulumi's side of jobs."""

    kind: ClassVar = CronJobKind()

    def _try(self, args: CronJobArgs) -> None:
        declared = args.declared or {}
        predicate, made = declared.get("success", {}).get("body"), declared.get("body_sql", {})
        with self._errors_name(args):
            if predicate is not None:
                try_predicate(self._database, predicate)
            if records_run(args.command):
                try_expressions(self._database, made, CALLABLE)
                try_request(self._database, args.command, is_its_own=bool(made))
            elif not is_own_job(args.name):
                try_statement(self._database, args.command, CALLABLE)

    def _waits(self, args: CronJobArgs, before: LiveJob | None, previous: CronJobArgs | None) -> bool:
        """Whether a job to be verified is new, changed, or not yet in the state, since its last verification failed."""
        if args.verify_in is None or not args.active or not records_run(args.command):
            return False
        if before is None or previous is None or self.kind.differences(args, before):
            return True
        return self._properties(args) != self._properties(previous)

    def _wait(self, args: CronJobArgs) -> None:
        if args.verify_in is not None:
            verify_first_run(self._database, args.verify_in, args.command)


class CronJob(Resource, module="cron", name="CronJob"):
    """A job of pg_cron."""

    name: pulumi.Output[str]
    schedule: pulumi.Output[str]
    active: pulumi.Output[bool]
    jobid: pulumi.Output[int]

    def __init__(self, resource_name: str, args: CronJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(CronJobProvider(), resource_name, resource_props(args, "jobid", "database", "username"), opts)
