"""Pulumi's side of extensions. States name this module and its provider, so both keep their names."""

from typing import ClassVar

import pulumi
from pulumi.dynamic import Resource

from components.objects.extension import ExtensionArgs, ExtensionKind, LiveExtension
from components.provider.object_provider import ObjectProvider, resource_props


class ExtensionProvider(ObjectProvider[ExtensionArgs, LiveExtension]):
    """Pulumi's side of extensions."""

    kind: ClassVar = ExtensionKind()
    _kept_outputs = frozenset({"created"})


class Extension(Resource, module="cron", name="Extension"):
    """An extension of the connected database."""

    installed_version: pulumi.Output[str]
    installed_schema: pulumi.Output[str]
    created: pulumi.Output[bool]

    def __init__(self, resource_name: str, args: ExtensionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(
            ExtensionProvider(),
            resource_name,
            resource_props(args, "installed_version", "installed_schema", "created"),
            opts,
        )
