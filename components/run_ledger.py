"""Pulumi's side of the run ledger. States name this module and its provider, so both keep their names."""

from typing import ClassVar

import pulumi
from pulumi.dynamic import Resource

from components.objects.run_ledger import RunLedgerArgs, RunLedgerKind
from components.objects.schema_objects import LiveObjects
from components.provider.object_provider import ObjectProvider, resource_props


class RunLedgerProvider(ObjectProvider[RunLedgerArgs, LiveObjects]):
    """Pulumi's side of the ledger."""

    kind: ClassVar = RunLedgerKind()


class RunLedger(Resource, module="cron", name="RunLedger"):
    """The tables, functions and views that record a stack's runs."""

    schema_name: pulumi.Output[str]

    def __init__(self, resource_name: str, args: RunLedgerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(RunLedgerProvider(), resource_name, resource_props(args, "differences"), opts)
