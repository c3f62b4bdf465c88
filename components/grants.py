"""Pulumi's side of privileges. States name this module and its provider, so both keep their names."""

from typing import ClassVar

import pulumi
from pulumi.dynamic import Resource

from components.objects.grants import GrantsArgs, GrantsKind, LiveGrants
from components.provider.object_provider import ObjectProvider, resource_props


class GrantsProvider(ObjectProvider[GrantsArgs, LiveGrants]):
    """Pulumi's side of privileges."""

    kind: ClassVar = GrantsKind()


class Grants(Resource, module="cron", name="Grants"):
    """All privileges on a rotation function."""

    grantees: pulumi.Output[list[str]]

    def __init__(self, resource_name: str, args: GrantsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(GrantsProvider(), resource_name, resource_props(args), opts)
