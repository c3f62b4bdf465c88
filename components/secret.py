"""Pulumi's side of secrets. States name this module and its provider, so both keep their names."""

from typing import ClassVar

import pulumi
from pulumi.dynamic import Resource

from components.database.statement_trial import try_predicate
from components.objects.secret import LiveSecret, SecretArgs, SecretKind
from components.objects.secret_rotation import await_rotation
from components.provider.object_provider import ObjectProvider, resource_props


class SecretProvider(ObjectProvider[SecretArgs, LiveSecret]):
    """Pulumi's side of secrets."""

    kind: ClassVar = SecretKind()

    def _try(self, args: SecretArgs) -> None:
        if args.probe is not None and (predicate := args.probe.get("body")) is not None:
            with self._errors_name(args):
                try_predicate(self._database, predicate)

    def _waits(self, args: SecretArgs, before: LiveSecret | None, previous: SecretArgs | None) -> bool:
        """Whether the plan stages a value with a probe."""
        if args.probe is None:
            return False
        differences = [] if before is None else self.kind.differences(args, before, previous)
        return before is None or "value" in {difference.name for difference in differences}

    def _wait(self, args: SecretArgs) -> None:
        await_rotation(self._database, args.schema_name, args.key)


class Secret(Resource, module="cron", name="Secret"):
    """A key and its value in the store."""

    key: pulumi.Output[str]
    status: pulumi.Output[str]

    def __init__(self, resource_name: str, args: SecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        props = resource_props(args, "status", "updated_at", "rotated_in_database")
        props["value"] = pulumi.Output.secret(args.value)
        options = pulumi.ResourceOptions(additional_secret_outputs=["value"])
        super().__init__(SecretProvider(), resource_name, props, pulumi.ResourceOptions.merge(options, opts))
