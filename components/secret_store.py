"""Pulumi's side of the secret store. States name this module and its provider, so both keep their names."""

from typing import ClassVar

import pulumi
from pulumi.dynamic import Resource

from components.objects.schema_objects import LiveObjects
from components.objects.secret_store import SecretStoreArgs, SecretStoreKind
from components.provider.object_provider import ObjectProvider, resource_props


class SecretStoreProvider(ObjectProvider[SecretStoreArgs, LiveObjects]):
    """Pulumi's side of the store."""

    kind: ClassVar = SecretStoreKind()


class SecretStore(Resource, module="cron", name="SecretStore"):
    """The tables and functions that keep a stack's secrets."""

    schema_name: pulumi.Output[str]

    def __init__(self, resource_name: str, args: SecretStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(SecretStoreProvider(), resource_name, resource_props(args, "differences"), opts)
