"""From a stack's configuration to the objects that should be: pure, and the same for the program and for cronctl."""

from typing import Literal, NamedTuple

from components.command import compile_command
from components.config import Config, ExtensionConfig
from components.cron_job import CronJobArgs
from components.extension import ExtensionArgs
from components.grants import GrantsArgs
from components.rotation import RotationFunctionArgs
from components.secret import SecretArgs
from components.secret_store import SecretStoreArgs

EXTENSION_SCHEMAS: dict[Literal["pg_cron", "pg_net"], str] = {"pg_cron": "pg_catalog", "pg_net": "extensions"}
"""Where Supabase puts them: supautils forces the one, the linter asks for the other."""


class Declaration(NamedTuple):
    """The inputs of every resource, by the resource's name where there are several."""

    extensions: dict[str, ExtensionArgs]
    store: SecretStoreArgs
    secrets: dict[str, SecretArgs]
    rotation: RotationFunctionArgs
    grants: GrantsArgs
    jobs: dict[str, CronJobArgs]


def declare(config: Config) -> Declaration:
    """What the configuration asks for."""
    settings, owner = config.settings, str(config.owner)
    schema = settings.schema_name
    return Declaration(
        extensions={
            name: ExtensionArgs(
                name=name, schema_name=schema_name, **settings.extensions.get(name, ExtensionConfig()).model_dump()
            )
            for name, schema_name in EXTENSION_SCHEMAS.items()
        },
        store=SecretStoreArgs(
            schema_name=schema,
            owner=owner,
            adopt=settings.adopt,
            destroy_foreign_secrets=settings.destroy_foreign_secrets,
        ),
        secrets={
            key: SecretArgs(
                schema_name=schema,
                key=key,
                value=config.secrets[key].get_secret_value(),
                description=spec.description,
                owner=owner,
                adopt=settings.adopt,
            )
            for key, spec in config.catalogue.secrets.items()
        },
        rotation=RotationFunctionArgs(schema_name=schema, owner=owner, adopt=settings.adopt),
        grants=GrantsArgs(
            schema_name=schema,
            grantees=list(config.rotators),
            made_here=[settings.operators.role] if settings.operators else [],
        ),
        jobs={
            name: CronJobArgs(
                name=name,
                schedule=job.schedule,
                command=compile_command(name, job, owner=owner, schema=schema),
                owner=owner,
                active=job.active,
                adopt=job.adopt or settings.adopt,
            )
            for name, job in config.catalogue.jobs.items()
        },
    )
