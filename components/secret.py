"""One secret: identified by schema and key, its truth read from the store's table without reading the value.

The value comes from encrypted configuration alone, goes to the server as a bound parameter, and is compared by
digests that the server makes with a salt of this query's own, so that nothing reusable crosses the wire. A value that
was rotated in the database is told with who and when, and kept: only a newly configured value replaces it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

import pulumi
from psycopg import sql
from pulumi.dynamic import Resource
from pydantic import Field

from components.connection import Row
from components.errors import Conflict
from components.fields import Identifier, SecretKey, is_placeholder
from components.model import Model
from components.object_kind import Difference, ObjectKind, Statements
from components.provider import ObjectProvider, resource_props
from components.secret_store import AUDIT, OWNERS, SECRETS

CONFIGURED = "the configured one"


class SecretArgs(Model):
    """``value`` is in clear here and nowhere else: not in the id, an output, a message or a repr."""

    schema_name: Identifier
    key: SecretKey
    value: str = Field(min_length=1, repr=False)
    description: str
    owner: str
    adopt: bool = False


class LiveSecret(NamedTuple):
    """A row of the store; ``digest`` is the hex SHA-256 of ``salt`` and value, ``changed_by`` the last who did."""

    digest: str
    salt: str
    is_set: bool
    description: str | None
    updated_at: datetime
    owner: str | None
    changed_by: str | None

    def holds(self, value: str) -> bool:
        """Whether this is the stored value."""
        mine = hashlib.sha256((self.salt + value).encode()).hexdigest()
        return hmac.compare_digest(mine, self.digest)

    def story(self) -> str:
        """Who set the stored value and when."""
        when = self.updated_at.astimezone().isoformat(sep=" ", timespec="seconds")
        return f"set by {self.changed_by or 'an unknown role'} at {when}"


class SecretKind(ObjectKind[SecretArgs, LiveSecret]):
    """How secrets are read, compared and changed."""

    args = SecretArgs
    identified_by = ("schema_name", "key")
    directives = frozenset({"adopt"})
    secrets = frozenset({"value"})

    def identity(self, args: SecretArgs) -> str:
        return f"{args.schema_name}.{args.key}"

    def title(self, args: SecretArgs) -> str:
        return f"secret {args.key!r}"

    def scope(self, args: SecretArgs) -> str:
        return args.schema_name

    def query(self, scope: str, identity: str | None = None) -> sql.Composable:
        salt = secrets.token_hex(16)
        query = sql.SQL(
            "SELECT {schema} || '.' || s.key AS identity, {salt} AS salt, s.description, s.updated_at, o.owner, "
            "encode(sha256(convert_to({salt} || s.value, 'UTF8')), 'hex') AS digest, "
            "s.value <> '' AND s.value NOT ILIKE 'placeholder%' AS is_set, "
            "(SELECT CASE WHEN a.active_role IN ('none', a.session_role) THEN a.session_role "
            "ELSE a.session_role || ' as ' || a.active_role END FROM {audit} AS a "
            "WHERE a.key = s.key AND a.action IN ('created', 'rotated') ORDER BY a.at DESC LIMIT 1) AS changed_by "
            "FROM {secrets} AS s LEFT JOIN {owners} AS o ON o.key = s.key"
        ).format(
            schema=sql.Literal(scope),
            salt=sql.Literal(salt),
            secrets=sql.Identifier(scope, SECRETS),
            owners=sql.Identifier(scope, OWNERS),
            audit=sql.Identifier(scope, AUDIT),
        )
        if identity is None:
            return query
        return query + sql.SQL(" WHERE s.key = {}").format(sql.Literal(identity.removeprefix(f"{scope}.")))

    def parse(self, rows: Iterable[Row]) -> dict[str, LiveSecret]:
        return {row["identity"]: LiveSecret(**{key: row[key] for key in LiveSecret._fields}) for row in rows}

    def claim(self, args: SecretArgs, live: LiveSecret | None, previous: SecretArgs | None) -> None:
        if live is None or previous is not None or args.adopt:
            return
        if live.owner is None:
            raise Conflict(
                f"{self.title(args)} is in the store already and no stack manages it; to take it over with the "
                "configured value, run: pulumi config set adopt true"
            )
        if live.owner != args.owner:
            raise Conflict(f"{self.title(args)} belongs to the stack {live.owner}; remove it there first")
        if not live.holds(args.value):
            raise Conflict(
                f"{self.title(args)} has another value in the database ({live.story()}) and the state that could tell "
                "which is newer is lost; configure that value, or to replace it run: pulumi config set adopt true"
            )

    def differences(self, args: SecretArgs, live: LiveSecret, previous: SecretArgs | None = None) -> list[Difference]:
        found = []
        if not live.holds(args.value):
            kept = previous is not None and previous.value == args.value
            if not kept or not live.is_set:
                found.append(Difference("value", CONFIGURED, f"another, {live.story()}"))
        if live.description != args.description:
            found.append(Difference("description", args.description, live.description))
        if live.owner != args.owner:
            found.append(Difference("owner", args.owner, live.owner))
        return found

    def plan(self, args: SecretArgs, live: LiveSecret | None, previous: SecretArgs | None = None) -> Statements:
        table = sql.Identifier(args.schema_name, SECRETS)
        values = {"key": args.key, "value": args.value, "description": args.description, "owner": args.owner}
        steps: Statements = []
        changed = {"value", "description", "owner"}
        if live is not None:
            changed = {difference.name for difference in self.differences(args, live, previous)}
        if live is None:
            steps.append(
                (
                    sql.SQL(
                        "INSERT INTO {} (key, value, description) VALUES (%(key)s, %(value)s, %(description)s)"
                    ).format(table),
                    values,
                )
            )
        elif "value" in changed:
            steps.append(
                (
                    sql.SQL(
                        "UPDATE {} SET value = %(value)s, description = %(description)s, "
                        "updated_at = clock_timestamp() WHERE key = %(key)s"
                    ).format(table),
                    values,
                )
            )
        elif "description" in changed:
            steps.append(
                (
                    sql.SQL("UPDATE {} SET description = %(description)s WHERE key = %(key)s").format(table),
                    values,
                )
            )
        if "owner" in changed:
            steps.append(
                (
                    sql.SQL(
                        "INSERT INTO {} (key, owner) VALUES (%(key)s, %(owner)s) "
                        "ON CONFLICT (key) DO UPDATE SET owner = EXCLUDED.owner"
                    ).format(sql.Identifier(args.schema_name, OWNERS)),
                    values,
                )
            )
        return steps

    def drop(self, args: SecretArgs, live: LiveSecret, outputs: Mapping[str, Any]) -> Statements:
        return [
            (
                sql.SQL("DELETE FROM {} WHERE key = %(key)s").format(sql.Identifier(args.schema_name, table)),
                {"key": args.key},
            )
            for table in (SECRETS, OWNERS)
        ]

    def outputs(self, args: SecretArgs, live: LiveSecret, before: LiveSecret | None) -> dict[str, Any]:
        differs = None if live.holds(args.value) else live.story()
        return {
            "status": "set" if live.is_set and not is_placeholder(args.value) else "placeholder",
            "updated_at": live.updated_at.isoformat(),
            "rotated_in_database": differs,
        }

    def live_args(self, args: SecretArgs, live: LiveSecret) -> SecretArgs:
        return args.model_copy(update={"description": live.description or "", "owner": live.owner or ""})


class SecretProvider(ObjectProvider[SecretArgs, LiveSecret]):
    """Pulumi's side of secrets."""

    kind: ClassVar = SecretKind()


class Secret(Resource, module="cron", name="Secret"):
    """A key and its value in the store."""

    key: pulumi.Output[str]
    status: pulumi.Output[str]

    def __init__(self, resource_name: str, args: SecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        props = resource_props(args, "status", "updated_at", "rotated_in_database")
        props["value"] = pulumi.Output.secret(args.value)
        options = pulumi.ResourceOptions(additional_secret_outputs=["value"])
        super().__init__(SecretProvider(), resource_name, props, pulumi.ResourceOptions.merge(options, opts))
