"""All kinds of objects by the name of their resource type, each after those that it depends on."""

from typing import Any

from components.objects.cron_job import CronJobKind
from components.objects.extension import ExtensionKind
from components.objects.grants import GrantsKind
from components.objects.object_kind import ObjectKind
from components.objects.rotation_function import RotationFunctionKind
from components.objects.run_ledger import RunLedgerKind
from components.objects.secret import SecretKind
from components.objects.secret_store import SecretStoreKind

KINDS: dict[str, ObjectKind[Any, Any]] = {
    "Extension": ExtensionKind(),
    "SecretStore": SecretStoreKind(),
    "Secret": SecretKind(),
    "RotationFunction": RotationFunctionKind(),
    "Grants": GrantsKind(),
    "RunLedger": RunLedgerKind(),
    "CronJob": CronJobKind(),
}
