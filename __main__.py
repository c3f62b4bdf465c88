"""The program of a stack, as a table of contents: load, declare, export."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pulumi

from components.process import tune_process
from components.provider.sdk_internals import start_provider

tune_process()
start_provider()  # before all else: the engine starts it while the following is imported

from components.catalogue.stack_config import load_config
from components.errors import Error
from components.objects.stack_mark import StackName
from components.scheduled_jobs import ScheduledJobs
from components.stack import stack_settings
from components.values.visible_text import visible_to_engine

ROOT = Path(__file__).parent

try:
    config = load_config(
        stack_settings(ROOT),
        stack=StackName(pulumi.get_project(), pulumi.get_stack()),
        root=ROOT,
        environment=os.environ,
        now=datetime.now(UTC),
    )
    conninfo = config.settings.conninfo(os.environ)
except Error as error:
    raise pulumi.RunError(visible_to_engine(str(error))) from None

for warning in config.warnings:
    pulumi.log.warn(visible_to_engine(warning))

jobs = ScheduledJobs("scheduled-jobs", config, conninfo=conninfo)

pulumi.export("extensions", jobs.extensions)
pulumi.export("secrets", jobs.secrets)
pulumi.export("jobs", jobs.jobs)
pulumi.export("rotators", jobs.rotators)
pulumi.export("access", jobs.access)
pulumi.export("verificationSql", jobs.verification_sql)
