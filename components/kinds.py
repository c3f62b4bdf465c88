"""All kinds of objects, by the word that the state has for them and in the order in which they need each other."""

from typing import TYPE_CHECKING, Any

from components.args import Args
from components.cron_job import CronJobKind
from components.extension import ExtensionKind
from components.grants import GrantsKind
from components.object_kind import ObjectKind
from components.rotation import RotationFunctionKind
from components.run_ledger import RunLedgerKind
from components.secret import SecretKind
from components.secret_store import SecretStoreKind

if TYPE_CHECKING:  # a provider does without what declares
    from components.declaration import Declaration

KINDS: dict[str, ObjectKind[Any, Any]] = {
    "Extension": ExtensionKind(),
    "SecretStore": SecretStoreKind(),
    "Secret": SecretKind(),
    "RotationFunction": RotationFunctionKind(),
    "Grants": GrantsKind(),
    "RunLedger": RunLedgerKind(),
    "CronJob": CronJobKind(),
}


def by_kind(declared: "Declaration") -> dict[str, list[Args]]:
    """The inputs of all that is declared, under the same words and in the same order."""
    objects: dict[str, list[Args]] = {
        "Extension": [*declared.extensions.values()],
        "SecretStore": [declared.store],
        "Secret": [*declared.secrets.values()],
        "RotationFunction": [*declared.rotation.values()],
        "Grants": [*declared.grants.values()],
        "RunLedger": [declared.ledger],
        "CronJob": [*declared.own_jobs.values(), *declared.jobs.values()],
    }
    return {word: objects[word] for word in KINDS}
