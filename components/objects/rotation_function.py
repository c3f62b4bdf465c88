"""The functions by which people rotate a secret: identified by schema and name, read from pg_proc.

``rotate_cron_secret(p_key, p_value)`` raises on an unknown key or an impossible value; a value with a probe is pending
until it passes. ``settle_cron_secret`` returns how the rotation stands, ``undo_cron_secret`` restores the previous
value. Grants declares who may call them. Each step writes a row of the audit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from components.database.transaction import Row
from components.objects.args import Args
from components.objects.functions import Function, LiveFunction, drop_irreplaceable, lock_functions
from components.objects.object_kind import Difference, ObjectKind, Statements
from components.objects.our_functions import (
    ROTATION_FUNCTIONS,
    ROTATION_READING,
    RotationFunctionName,
    live_rotation_function,
    rotation_identity,
    rotation_query,
)
from components.objects.stack_mark import Claim


@dataclass(frozen=True, kw_only=True)
class RotationFunctionArgs(Args):
    """The function's schema and name; ``stack`` is ``project/stack``."""

    schema_name: str
    name: RotationFunctionName = "rotate_cron_secret"
    stack: str
    adopt: bool = False

    @property
    def function(self) -> Function:
        """The definition of the function."""
        return ROTATION_FUNCTIONS[self.name]


class RotationFunctionKind(ObjectKind[RotationFunctionArgs, LiveFunction]):
    """How rotation functions are read, compared and changed."""

    args = RotationFunctionArgs
    identified_by = ("schema_name", "name")
    reading = ROTATION_READING
    ignored_in_diff = frozenset({"adopt"})

    def identity(self, args: RotationFunctionArgs) -> str:
        return f"{args.schema_name}.{args.function.signature}"

    def title(self, args: RotationFunctionArgs) -> str:
        return f"function {args.schema_name}.{args.name}"

    def query(self, scope: str, identity: str | None = None) -> sql.Composable:
        return rotation_query(scope, identity)

    def row_identity(self, row: Row) -> str:
        return rotation_identity(row)

    def parse(self, rows: Sequence[Row]) -> LiveFunction | None:
        return live_rotation_function(rows)

    def claim(
        self, args: RotationFunctionArgs, live: LiveFunction | None, previous: RotationFunctionArgs | None
    ) -> None:
        """The mark stands in the function's comment; ``adopt`` lets a function without one be replaced."""
        if live is not None:
            claim = Claim.of(args.stack, previous.stack if previous else None, adopt=args.adopt)
            claim.refuse_strangers(
                self.title(args), mine=live.mine, role=live.owner, stack=live.stack, taken="replace it"
            )

    def differences(
        self, args: RotationFunctionArgs, live: LiveFunction, previous: RotationFunctionArgs | None = None
    ) -> list[Difference]:
        """The definition and the mark; privileges are compared by Grants."""
        return args.function.differences(args.schema_name, args.stack, live)

    def plan(
        self,
        args: RotationFunctionArgs,
        live: LiveFunction | None,
        previous: RotationFunctionArgs | None = None,
    ) -> Statements:
        """A function of ours is replaced and keeps its privileges; one that is new or has no mark is also locked."""
        if live is not None and not self.differences(args, live):
            return []
        parts = args.function.make(args.schema_name, args.stack)
        if live is None or live.stack is None or not args.function.replaces(live):
            parts.insert(0, drop_irreplaceable(args.schema_name, [args.function]))
            parts.append(lock_functions(args.schema_name, [args.function]))
        return [(part, None) for part in parts]

    def drop(self, args: RotationFunctionArgs, live: LiveFunction) -> Statements:
        self.claim(args, live, args)
        return [(sql.SQL("DROP FUNCTION {}").format(args.function.reference(args.schema_name)), None)]

    def outputs(self, args: RotationFunctionArgs, live: LiveFunction, before: LiveFunction | None) -> dict[str, Any]:
        differences = self.differences(args, live)
        return {
            "signature": args.function.signature,
            "definition": differences[0].found if differences else "as defined",
        }
