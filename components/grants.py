"""The privileges on a function, all of them: identified by the function, read from its access control list.

A Grants resource speaks for the whole list, so a grant that somebody made behind our back is drift and is revoked, as
is one that somebody took away.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, NamedTuple

import pulumi
from psycopg import sql
from pulumi.dynamic import Resource
from pydantic import Field

from components.connection import Row
from components.errors import PreflightFailed
from components.fields import Identifier
from components.function import ROTATE, functions_query, live_functions
from components.model import Model, nearest
from components.object_kind import Difference, ObjectKind, Statements
from components.provider import ObjectProvider, resource_props
from components.server import Server

PUBLIC = "PUBLIC"


class GrantsArgs(Model):
    """``grantees`` have EXECUTE on the rotation function, beside its owner; ``made_here`` are not there at preview."""

    schema_name: Identifier
    grantees: list[Identifier]
    made_here: list[Identifier] = Field(default_factory=list)


class LiveGrants(NamedTuple):
    """Who has EXECUTE now, but for the owner."""

    grantees: list[str]


class GrantsKind(ObjectKind[GrantsArgs, LiveGrants]):
    """How privileges are read, compared and changed."""

    args = GrantsArgs
    identified_by = ("schema_name",)
    directives = frozenset({"made_here"})

    def identity(self, args: GrantsArgs) -> str:
        return f"{args.schema_name}.{ROTATE.signature}"

    def title(self, args: GrantsArgs) -> str:
        return f"grants on function {args.schema_name}.{ROTATE.name}"

    def scope(self, args: GrantsArgs) -> str:
        return args.schema_name

    def query(self, scope: str, identity: str | None = None) -> sql.Composable:
        return functions_query(scope, [ROTATE.name])

    def parse(self, rows: Iterable[Row]) -> dict[str, LiveGrants]:
        return {
            f"{live.schema}.{ROTATE.signature}": LiveGrants(sorted(live.privileges))
            for live in live_functions(rows).values()
        }

    def preflight(self, args: GrantsArgs, server: Server) -> None:
        for role in args.grantees:
            if role not in server.roles and role not in args.made_here:
                raise PreflightFailed(
                    f"{self.title(args)}: there is no role {role!r} on the server{nearest(role, server.roles)}"
                )

    def differences(self, args: GrantsArgs, live: LiveGrants, previous: GrantsArgs | None = None) -> list[Difference]:
        declared = sorted(args.grantees)
        return [] if declared == live.grantees else [Difference("grantees", declared, live.grantees)]

    def plan(self, args: GrantsArgs, live: LiveGrants | None, previous: GrantsArgs | None = None) -> Statements:
        found = live.grantees if live else []
        function = ROTATE.reference(args.schema_name)
        revoke = sql.SQL("REVOKE ALL ON FUNCTION {} FROM {} CASCADE")
        grant = sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}")
        steps = [revoke.format(function, _role(role)) for role in found if role not in args.grantees]
        steps += [grant.format(function, _role(role)) for role in args.grantees if role not in found]
        return [(step, None) for step in steps]

    def drop(self, args: GrantsArgs, live: LiveGrants, outputs: Mapping[str, Any]) -> Statements:
        return self.plan(args.model_copy(update={"grantees": []}), live)

    def live_args(self, args: GrantsArgs, live: LiveGrants) -> GrantsArgs:
        return args.model_copy(update={"grantees": live.grantees})


def _role(name: str) -> sql.Composable:
    return sql.SQL(PUBLIC) if name == PUBLIC else sql.Identifier(name)


class GrantsProvider(ObjectProvider[GrantsArgs, LiveGrants]):
    """Pulumi's side of privileges."""

    kind: ClassVar = GrantsKind()


class Grants(Resource, module="cron", name="Grants"):
    """All privileges on the rotation function."""

    grantees: pulumi.Output[list[str]]

    def __init__(self, resource_name: str, args: GrantsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(GrantsProvider(), resource_name, resource_props(args), opts)
