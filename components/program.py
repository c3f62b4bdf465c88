"""What a stack's program does, as a table of contents: load, declare, export."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pulumi

from components.catalogue.stack_config import load_config
from components.errors import Error
from components.objects.stack_mark import StackName
from components.scheduled_jobs import ScheduledJobs
from components.stack import stack_settings
from components.values.visible_text import visible_to_engine


def deploy(root: Path) -> None:
    """Declare what the stack's configuration and its catalogue say; ``root`` is the folder of Pulumi.yaml.

    Raises pulumi.RunError, which the engine shows as one sentence, for each mistake that is found.
    """
    try:
        config = load_config(
            stack_settings(root),
            stack=StackName(pulumi.get_project(), pulumi.get_stack()),
            root=root,
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
