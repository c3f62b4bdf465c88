"""Pulumi's side of the rotation functions. States name this module and its provider, so both keep their names."""

from typing import ClassVar

import pulumi
from pulumi.dynamic import Resource

from components.objects.functions import LiveFunction
from components.objects.rotation_function import RotationFunctionArgs, RotationFunctionKind
from components.provider.object_provider import ObjectProvider, resource_props


class RotationFunctionProvider(ObjectProvider[RotationFunctionArgs, LiveFunction]):
    """Pulumi's side of the rotation functions."""

    kind: ClassVar = RotationFunctionKind()


class RotationFunction(Resource, module="cron", name="RotationFunction"):
    """A function by which the named roles rotate a secret."""

    signature: pulumi.Output[str]

    def __init__(
        self, resource_name: str, args: RotationFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            RotationFunctionProvider(), resource_name, resource_props(args, "signature", "definition"), opts
        )
