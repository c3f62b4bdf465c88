"""Operators: a group role for people who may rotate and look, and its members, by Pulumi's own postgresql provider.

A stack without operators declares none of it, so it needs no plugin of that provider.
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
"""The variable that the plugin takes the password from where it is no input."""


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
        import pulumi_postgresql as postgresql  # noqa: PLC0415 - a slow import, which most stacks do not need

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
    """The inputs of the postgresql provider for a conninfo. Raises InvalidConfiguration where it has several hosts.

    Refresh and destroy configure a plugin with the inputs of the state. So a password in the environment is no input:
    the plugin reads the current one there itself.
    """
    parameters = {key: str(value) for key, value in conninfo_to_dict(conninfo).items()}
    host = parameters.get("host") or parameters.get("hostaddr") or "localhost"
    if "," in host:
        raise InvalidConfiguration(
            ["operators need a database url with one host, and it names several; name the primary alone"]
        )
    timeout, root = parameters.get("connect_timeout"), parameters.get("sslrootcert")
    cert, key = parameters.get("sslcert"), parameters.get("sslkey")
    return {
        "host": f"[{host}]" if ":" in host else host,  # the plugin writes it into a URL as it is
        "port": int(parameters.get("port") or PORT),
        "username": parameters.get("user", "postgres"),
        "password": None if environment.get(PASSWORD_VARIABLE) else parameters.get("password"),
        "database": parameters.get("dbname", "postgres"),
        "sslmode": parameters.get("sslmode", "prefer"),
        "sslrootcert": None if root == "system" else root,  # the plugin's default
        "clientcert": {"cert": cert, "key": key} if cert and key else None,
        "connect_timeout": None if timeout is None else int(timeout),
    }
