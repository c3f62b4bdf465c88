"""Operators: a group role for people who may rotate and look, and its members, by Pulumi's own postgresql provider.

Only declared when a stack configures it, since that provider's plugin must be installed.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from psycopg.conninfo import conninfo_to_dict

from components.database.conninfo import PORT
from components.errors import InvalidConfiguration
from components.values.visible_text import visible_to_engine

PASSWORD_VARIABLE = "PGPASSWORD"  # noqa: S105 - the name of it
"""Where the plugin looks for a password that it is not given."""


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

        try:
            inputs = provider_inputs(conninfo, os.environ)
        except InvalidConfiguration as error:
            raise pulumi.RunError(visible_to_engine(str(error))) from None
        provider = postgresql.Provider(
            resource_name, **inputs, superuser=False, opts=pulumi.ResourceOptions(parent=self)
        )
        child = pulumi.ResourceOptions(parent=self, provider=provider)
        group = postgresql.Role(role, name=role, login=False, opts=child)
        for member in members:
            postgresql.GrantRole(f"{role}-{member}", role=member, grant_role=group.name, opts=child)
        self.role_name = group.name
        self.register_outputs({"role": self.role_name})


def provider_inputs(conninfo: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """What the postgresql provider is told of a conninfo; raises InvalidConfiguration where it names several hosts.

    The engine configures a plugin from the state in refresh and destroy. So a password in the environment is no input:
    the plugin finds it there itself, each time that of today.
    """
    found = {key: str(value) for key, value in conninfo_to_dict(conninfo).items()}
    host = found.get("host") or found.get("hostaddr") or "localhost"
    if "," in host:
        raise InvalidConfiguration(
            ["operators need a database url with one host, and it names several; name the primary alone"]
        )
    timeout, root = found.get("connect_timeout"), found.get("sslrootcert")
    cert, key = found.get("sslcert"), found.get("sslkey")
    return {
        "host": f"[{host}]" if ":" in host else host,  # the plugin writes it into a URL as it is
        "port": int(found.get("port") or PORT),
        "username": found.get("user", "postgres"),
        "password": None if environment.get(PASSWORD_VARIABLE) else found.get("password"),
        "database": found.get("dbname", "postgres"),
        "sslmode": found.get("sslmode", "prefer"),
        "sslrootcert": None if root == "system" else root,  # the plugin's default
        "clientcert": {"cert": cert, "key": key} if cert and key else None,
        "connect_timeout": None if timeout is None else int(timeout),
    }
