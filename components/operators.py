"""Operators: a group role for people who may rotate and look, and its members, by Pulumi's own postgresql provider.

Only declared when a stack configures it, since that provider's plugin must be installed.
"""

from collections.abc import Sequence

import pulumi
from psycopg.conninfo import conninfo_to_dict

PORT = 5432


class Operators(pulumi.ComponentResource):
    """The group role ``role`` (NOLOGIN) and the membership of each login role in ``members``."""

    role_name: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        role: str,
        members: Sequence[str],
        *,
        conninfo: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("supabase-cron:index:Operators", resource_name, None, opts)
        import pulumi_postgresql as postgresql  # noqa: PLC0415 - its import costs time that most stacks need not pay

        parameters = conninfo_to_dict(conninfo)
        password = parameters.get("password")
        provider = postgresql.Provider(
            resource_name,
            host=str(parameters.get("host", "localhost")),
            port=int(parameters.get("port") or PORT),
            username=str(parameters.get("user", "postgres")),
            password=None if password is None else pulumi.Output.secret(str(password)),
            database=str(parameters.get("dbname", "postgres")),
            sslmode=str(parameters.get("sslmode", "prefer")),
            superuser=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        group = postgresql.Role(role, name=role, login=False, opts=child)
        for member in members:
            postgresql.GrantRole(f"{role}-{member}", role=member, grant_role=group.name, opts=child)
        self.role_name = group.name
        self.register_outputs({"role": self.role_name})
