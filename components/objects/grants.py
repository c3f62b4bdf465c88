"""All privileges on a rotation function: identified by the function, read from its access control list.

A Grants resource declares the whole list: a grant by somebody else is drift and is revoked, a grant that somebody
revoked is drift and is made again. The grantees also get USAGE of the schema, which is never revoked here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from psycopg import sql

from components.database.server_facts import Server
from components.database.transaction import Row
from components.errors import PreflightFailed
from components.objects.args import Args
from components.objects.functions import Function
from components.objects.object_kind import Difference, ObjectKind, Statements
from components.objects.our_functions import (
    ROTATE,
    ROTATION_FUNCTIONS,
    ROTATION_READING,
    RotationFunctionName,
    live_rotation_function,
    rotation_identity,
    rotation_query,
)
from components.values.suggestion import nearest

PUBLIC = "PUBLIC"


@dataclass(frozen=True, kw_only=True)
class GrantsArgs(Args):
    """``grantees`` have EXECUTE on ``function``, beside its owner; a preview does not ask for ``declared_roles``."""

    schema_name: str
    function: RotationFunctionName = "rotate_cron_secret"
    grantees: list[str]
    declared_roles: list[str] = field(default_factory=list)

    @property
    def definition(self) -> Function:
        """The function that the privileges are on."""
        return ROTATION_FUNCTIONS[self.function]

    @property
    def opens_schema(self) -> bool:
        """Whether this resource grants USAGE: one of them alone, since two at a time fail (concurrent update)."""
        return self.function == ROTATE.name


class LiveGrants(NamedTuple):
    """The roles with EXECUTE beside the owner, sorted; those in ``without_usage`` have no USAGE of the schema."""

    grantees: list[str]
    without_usage: list[str]


class GrantsKind(ObjectKind[GrantsArgs, LiveGrants]):
    """How privileges are read, compared and changed."""

    args = GrantsArgs
    identified_by = ("schema_name", "function")
    reading = ROTATION_READING
    ignored_in_diff = frozenset({"declared_roles"})

    def identity(self, args: GrantsArgs) -> str:
        return f"{args.schema_name}.{args.definition.signature}"

    def title(self, args: GrantsArgs) -> str:
        return f"grants on function {args.schema_name}.{args.function}"

    def query(self, scope: str, identity: str | None = None) -> sql.Composable:
        return rotation_query(scope, identity)

    def row_identity(self, row: Row) -> str:
        return rotation_identity(row)

    def parse(self, rows: Sequence[Row]) -> LiveGrants | None:
        live = live_rotation_function(rows)
        return LiveGrants(sorted(live.privileges), live.without_usage) if live else None

    def preflight(self, args: GrantsArgs, server: Server) -> None:
        for role in args.grantees:
            if role not in server.roles and role not in args.declared_roles:
                raise PreflightFailed(
                    f"{self.title(args)}: there is no role {role!r} on the server{nearest(role, server.roles)}"
                )

    def differences(self, args: GrantsArgs, live: LiveGrants, previous: GrantsArgs | None = None) -> list[Difference]:
        """The list of grantees as a whole and, where this resource opens the schema, who lacks USAGE of it."""
        declared = sorted(args.grantees)
        differences = [] if declared == live.grantees else [Difference("grantees", declared, live.grantees)]
        if args.opens_schema and (without_usage := sorted(set(declared) & set(live.without_usage))):
            differences.append(Difference("usage of the schema", "granted", f"missing for {', '.join(without_usage)}"))
        return differences

    def plan(self, args: GrantsArgs, live: LiveGrants | None, previous: GrantsArgs | None = None) -> Statements:
        """Grantees that are not declared lose EXECUTE, with CASCADE, but never USAGE; no ``live`` is no grantee."""
        grantees, without_usage = live or LiveGrants([], [])
        function, schema = args.definition.reference(args.schema_name), sql.Identifier(args.schema_name)
        revoke = sql.SQL("REVOKE ALL ON FUNCTION {} FROM {} CASCADE")
        grant = sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}")
        enter = sql.SQL("GRANT USAGE ON SCHEMA {} TO {}")
        new = [role for role in args.grantees if role not in grantees]
        steps = [revoke.format(function, _role(role)) for role in grantees if role not in args.grantees]
        steps += [grant.format(function, _role(role)) for role in new]
        steps += [
            enter.format(schema, _role(role))
            for role in (args.grantees if args.opens_schema else [])
            # everybody has USAGE of the schema public, and only its owner could grant it
            if role in without_usage or (role in new and args.schema_name != "public")
        ]
        return [(step, None) for step in steps]

    def drop(self, args: GrantsArgs, live: LiveGrants) -> Statements:
        return self.plan(replace(args, grantees=[]), live)

    def live_args(self, args: GrantsArgs, live: LiveGrants) -> GrantsArgs:
        return replace(args, grantees=live.grantees)


def _role(name: str) -> sql.Composable:
    return sql.SQL(PUBLIC) if name == PUBLIC else sql.Identifier(name)
