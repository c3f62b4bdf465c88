"""One secret: identified by schema and key, read from the store without its value.

The value comes from encrypted configuration alone and goes to the server by binary COPY. It is compared by salted
digests, which the server makes, so that nothing reusable crosses the wire. A new value becomes current by a rotation
(secret_rotation.py). A value that was rotated in the database is reported with role and time, and kept unless
``on_rotated_in_database`` is another than ``keep``.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, NotRequired, TypedDict

from psycopg import sql
from psycopg.types.json import Jsonb

from components.database.transaction import Row
from components.errors import Conflict
from components.objects.args import Args
from components.objects.object_kind import Difference, ObjectKind, Statements, statement
from components.objects.secret_rotation import start_rotation
from components.objects.secret_store import DECLARATIONS, SECRETS, STAGES
from components.sql import load_sql
from components.values.choices import PLACEHOLDER, OnRotated, Redirects, SecretFormat, is_placeholder
from components.values.duration import DAY_SECONDS

CONFIGURED = "the configured one"


class ProbeArgs(TypedDict):
    """A probe, the request that a new value must pass, as the store keeps it in JSON.

    ``request`` is a statement that queues the request, with ``$1`` for a made-up value (command.py). ``timeout`` is in
    seconds, ``status`` an int4multirange, ``body`` a jsonpath predicate. With ``control``, the endpoint must refuse a
    made-up value. An answer after a redirect does not pass, unless ``redirects`` allows it.
    """

    request: str
    timeout: float
    status: str
    body: NotRequired[str]
    redirects: NotRequired[Redirects]
    control: bool


_SALT = secrets.token_hex(16)
"""The salt of this process's digests, which no other process can compare with its own."""


@dataclass(frozen=True, kw_only=True)
class SecretArgs(Args):
    """``value`` is in clear in this field and in no id, output, message or repr.

    ``format`` and ``min_bytes`` limit what the value may be rotated to. ``hosts`` are those to which operators may move
    an address; ``http://kong`` allows one without https. ``grace`` is the number of seconds that a replaced value is
    kept. ``stack`` is ``project/stack``.
    """

    schema_name: str
    key: str
    value: str = field(repr=False)
    description: str
    stack: str
    format: SecretFormat = "token"
    min_bytes: int = 1
    grace: float = DAY_SECONDS
    probe: ProbeArgs | None = None
    hosts: list[str] | None = None
    on_rotated_in_database: OnRotated = "keep"
    adopt: bool = False


class LiveSecret(NamedTuple):
    """A row of the store; ``digest`` is the hex SHA-256 of ``salt`` and value, ``changed_by`` the role that set it.

    ``digest`` is None where Vault has lost the value. ``stack`` to ``hosts`` are None where no stack declares the key,
    and in a store of an earlier version (``in_older_store``), which is not asked for them.
    """

    in_older_store: bool
    digest: str | None
    salt: str
    is_set: bool
    description: str | None
    updated_at: datetime
    stack: str | None
    format: SecretFormat | None
    min_bytes: int | None
    grace: float | None
    probe: ProbeArgs | None
    hosts: list[str] | None
    changed_by: str | None

    def holds(self, value: str) -> bool:
        """Whether this is the stored value."""
        digest = hashlib.sha256((self.salt + value).encode()).hexdigest()
        return self.digest is not None and hmac.compare_digest(digest, self.digest)

    def story(self) -> str:
        """Who set the stored value and when, in local time: ``set by ROLE at TIME``."""
        when = self.updated_at.astimezone().isoformat(sep=" ", timespec="seconds")
        return f"set by {self.changed_by or 'an unknown role'} at {when}"


class SecretKind(ObjectKind[SecretArgs, LiveSecret]):
    """How secrets are read, compared and changed."""

    args = SecretArgs
    identified_by = ("schema_name", "key")
    reading = "secrets"
    in_catalog = False
    ignored_in_diff = frozenset({"adopt", "on_rotated_in_database"})
    secrets = frozenset({"value"})

    def identity(self, args: SecretArgs) -> str:
        return f"{args.schema_name}.{args.key}"

    def title(self, args: SecretArgs) -> str:
        return f"secret {args.key!r}"

    def query(self, scope: str, identity: str | None = None) -> sql.Composable:
        return _query("secrets", scope, identity)

    def older_query(self, scope: str, identity: str | None = None) -> sql.Composable:
        return _query("older_secrets", scope, identity)

    def row_identity(self, row: Row) -> str:
        return str(row["identity"])

    def parse(self, rows: Sequence[Row]) -> LiveSecret:
        (row,) = rows
        return LiveSecret(**{key: row[key] for key in LiveSecret._fields})

    def claim(self, args: SecretArgs, live: LiveSecret | None, previous: SecretArgs | None) -> None:
        """Without a state, another value is refused as well: nobody can say which is newer.

        With a state, a value that was rotated in the database is refused where ``on_rotated_in_database`` is ``fail``.
        """
        if live is None:
            return
        if previous is not None:
            self._refuse_rotated(args, live, previous)
        elif not args.adopt:
            self._refuse_strangers(args, live)

    def _refuse_rotated(self, args: SecretArgs, live: LiveSecret, previous: SecretArgs) -> None:
        rotated = args.value == previous.value and live.is_set and not live.holds(args.value)
        if rotated and args.on_rotated_in_database == "fail":
            raise Conflict(
                f"{self.title(args)} was rotated in the database ({live.story()}); configure that value, or set "
                "onRotatedInDatabase to keep or restore"
            )

    def _refuse_strangers(self, args: SecretArgs, live: LiveSecret) -> None:
        if live.stack is None:
            raise Conflict(
                f"{self.title(args)} is in the store already and no stack manages it; to take it over with the "
                "configured value, run: pulumi config set adopt true"
            )
        if live.stack != args.stack:
            raise Conflict(f"{self.title(args)} belongs to the stack {live.stack}; remove it there first")
        if live.is_set and not live.holds(args.value):
            raise Conflict(
                f"{self.title(args)} has another value in the database ({live.story()}) and the state that could tell "
                "which is newer is lost; configure that value, or to replace it run: pulumi config set adopt true"
            )

    def differences(self, args: SecretArgs, live: LiveSecret, previous: SecretArgs | None = None) -> list[Difference]:
        """A value that was rotated in the database is no difference, unless it is to be restored.

        In an older store the declaration is not compared; the store's own upgrade comes before.
        """
        differences = []
        if not live.holds(args.value):
            rotated = previous is not None and previous.value == args.value and live.is_set
            if not rotated or args.on_rotated_in_database == "restore":
                differences.append(Difference("value", CONFIGURED, f"another, {live.story()}"))
        declared = () if live.in_older_store else ("stack", "format", "min_bytes", "grace", "hosts")
        differences += [
            Difference(name, getattr(args, name), getattr(live, name))
            for name in ("description", *declared)
            if getattr(args, name) != getattr(live, name)
        ]
        if declared and live.probe != args.probe:  # not shown, since somebody may have pasted a key into it
            differences.append(Difference("probe", "the declared one", "another" if live.probe else "none"))
        return differences

    def drift(self, state: SecretArgs, live: LiveSecret) -> list[Difference]:
        """A value that was rotated in the database is drift, too, even one that is kept."""
        differences = self.differences(state, live)
        if not live.is_set or state.on_rotated_in_database != "keep":
            return differences
        return [
            d._replace(found=f"{d.found}, kept until another is configured") if d.name == "value" else d
            for d in differences
        ]

    def plan(self, args: SecretArgs, live: LiveSecret | None, previous: SecretArgs | None = None) -> Statements:
        """A new value starts a rotation, which ends only when its probe has passed; the rest is written at once."""
        changed = {"value", "declaration"}
        if live is not None:
            changed = {difference.name for difference in self.differences(args, live, previous)}
        steps: Statements = []
        if changed - {"value"}:
            steps += _declare(args)
        if "description" in changed:
            steps += _describe(args)
        if "value" in changed:
            steps += start_rotation(args.schema_name, args.key, args.value)
        return steps

    def plan_unset(self, args: SecretArgs) -> Statements:
        """The statements that declare the key; they keep a value that is there, and insert a placeholder for one."""
        unset = sql.SQL(  # not ON CONFLICT, since the trigger that writes to Vault would run before it
            "INSERT INTO {table} (key, value, description) SELECT %(key)s, %(value)s, %(description)s "
            "WHERE NOT EXISTS (SELECT FROM {table} WHERE key = %(key)s)"
        ).format(table=sql.Identifier(args.schema_name, SECRETS))
        values = {"key": args.key, "value": PLACEHOLDER, "description": args.description}
        return [*_declare(args), (unset, values), *_describe(args)]

    def drop(self, args: SecretArgs, live: LiveSecret) -> Statements:
        return [
            (
                sql.SQL("DELETE FROM {} WHERE key = {}").format(
                    sql.Identifier(args.schema_name, table), sql.Literal(args.key)
                ),
                None,
            )
            for table in (SECRETS, STAGES, DECLARATIONS)
        ]

    def outputs(self, args: SecretArgs, live: LiveSecret, before: LiveSecret | None) -> dict[str, Any]:
        differs = None if live.holds(args.value) else live.story()
        return {
            "status": "set" if live.is_set and not is_placeholder(args.value) else PLACEHOLDER,
            "updated_at": live.updated_at.isoformat(),
            "rotated_in_database": differs,
        }

    def live_args(self, args: SecretArgs, live: LiveSecret) -> SecretArgs:
        return replace(
            args,
            description=live.description or "",
            stack=live.stack or "",
            format=live.format or "token",
            min_bytes=live.min_bytes or 1,
            grace=live.grace or DAY_SECONDS,
            probe=live.probe,
            hosts=live.hosts,
        )


def _declare(args: SecretArgs) -> Statements:
    probe = Jsonb(args.probe) if args.probe else None
    values = {**args.properties(without={"value"}), "probe": probe, "hosts": args.hosts}
    literals = {name: sql.Literal(value) for name, value in values.items()}
    return statement(load_sql("declare_secret").format(schema=sql.Identifier(args.schema_name), **literals))


def _describe(args: SecretArgs) -> Statements:
    describe = sql.SQL(
        "UPDATE {schema}.cron_secrets SET description = {description} "
        "WHERE key = {key} AND description IS DISTINCT FROM {description}"
    ).format(
        schema=sql.Identifier(args.schema_name),
        key=sql.Literal(args.key),
        description=sql.Literal(args.description),
    )
    return statement(describe)


def _query(name: str, scope: str, identity: str | None) -> sql.Composed:
    query = load_sql(name).format(schema=sql.Identifier(scope), schema_name=sql.Literal(scope), salt=sql.Literal(_SALT))
    if identity is None:
        return query
    return query + sql.SQL(" WHERE s.key = {}").format(sql.Literal(identity.removeprefix(f"{scope}.")))
