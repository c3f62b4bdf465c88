"""The rotation function, rotate_cron_secret(p_key, p_value): identified by its schema, read from pg_proc.

It keeps the source document's signature and is hardened: raises on an unknown key or an empty value, has an empty
search_path, and is created locked. Who may call it is declared by Grants; each call leaves one row in the audit.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import pulumi
from psycopg import sql
from pulumi.dynamic import Resource

from components.connection import Row
from components.fields import Identifier
from components.function import ROTATE, LiveFunction, functions_query, live_functions
from components.model import Model
from components.object_kind import Difference, ObjectKind, Statements
from components.owner import Claim
from components.provider import ObjectProvider, resource_props


class RotationFunctionArgs(Model):
    """Where the function lives and who declares it."""

    schema_name: Identifier
    owner: str
    adopt: bool = False


class RotationFunctionKind(ObjectKind[RotationFunctionArgs, LiveFunction]):
    """How the function is read, compared and changed; its privileges belong to Grants."""

    args = RotationFunctionArgs
    identified_by = ("schema_name",)
    directives = frozenset({"adopt"})

    def identity(self, args: RotationFunctionArgs) -> str:
        return f"{args.schema_name}.{ROTATE.signature}"

    def title(self, args: RotationFunctionArgs) -> str:
        return f"function {args.schema_name}.{ROTATE.name}"

    def scope(self, args: RotationFunctionArgs) -> str:
        return args.schema_name

    def query(self, scope: str, identity: str | None = None) -> sql.Composable:
        return functions_query(scope, [ROTATE.name])

    def parse(self, rows: Iterable[Row]) -> dict[str, LiveFunction]:
        return {f"{live.schema}.{ROTATE.signature}": live for live in live_functions(rows).values()}

    def claim(
        self, args: RotationFunctionArgs, live: LiveFunction | None, previous: RotationFunctionArgs | None
    ) -> None:
        if live is not None:
            claim = Claim.of(args.owner, previous.owner if previous else None, adopt=args.adopt)
            claim.refuse_strangers(
                self.title(args), mine=live.mine, role=live.owner, stack=live.stack, taken="replace it"
            )

    def differences(
        self, args: RotationFunctionArgs, live: LiveFunction, previous: RotationFunctionArgs | None = None
    ) -> list[Difference]:
        return ROTATE.differences(args.schema_name, args.owner, live)

    def plan(
        self,
        args: RotationFunctionArgs,
        live: LiveFunction | None,
        previous: RotationFunctionArgs | None = None,
    ) -> Statements:
        if live is not None and not self.differences(args, live):
            return []
        return ROTATE.install(args.schema_name, args.owner, live, lock=live is None or live.stack is None)

    def drop(self, args: RotationFunctionArgs, live: LiveFunction, outputs: Mapping[str, Any]) -> Statements:
        self.claim(args, live, args)
        return [(sql.SQL("DROP FUNCTION {}").format(ROTATE.reference(args.schema_name)), None)]

    def outputs(self, args: RotationFunctionArgs, live: LiveFunction, before: LiveFunction | None) -> dict[str, Any]:
        differences = self.differences(args, live)
        return {
            "signature": ROTATE.signature,
            "definition": differences[0].found if differences else "as defined",
        }


class RotationFunctionProvider(ObjectProvider[RotationFunctionArgs, LiveFunction]):
    """Pulumi's side of the rotation function."""

    kind: ClassVar = RotationFunctionKind()


class RotationFunction(Resource, module="cron", name="RotationFunction"):
    """The function by which the named roles rotate a secret."""

    signature: pulumi.Output[str]

    def __init__(
        self, resource_name: str, args: RotationFunctionArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(
            RotationFunctionProvider(), resource_name, resource_props(args, "signature", "definition"), opts
        )
