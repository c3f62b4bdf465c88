"""The one way in which a secret's value changes: given, pending while its probe is tried, then current or refused.

The steps are functions in the database (stage_cron_secret and settle_cron_secret in sql/store/), each one transaction,
so that whoever started a rotation may vanish at any moment: the sweep job takes it to its end. pulumi, cronctl and
people with SQL all come this way.
"""

import time
from typing import Literal, NamedTuple
from uuid import UUID

from psycopg import sql

from components.database.connection import Database
from components.database.transaction import CopyRow, Transaction
from components.errors import ProbeRefused
from components.objects.object_kind import Statements
from components.objects.secret_store import STAGES

PAUSE = 0.25
"""Seconds between two questions whether the probe was answered; pg_net's worker needs about one."""


class Rotation(NamedTuple):
    """How a rotation stands; ``detail`` says why it was refused."""

    rotation: UUID
    state: Literal["waiting", "current", "refused"]
    detail: str | None


def start_rotation(schema: str, key: str, value: str) -> Statements:
    """The statements that give a declared key a new value; as the owner of the store, in one transaction.

    The value goes by COPY, which no setting of the server logs, unlike a bound parameter.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, ("key", "stage", "value")))
    given = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(schema, STAGES), columns)
    stage = sql.SQL("SELECT {}.stage_cron_secret({})").format(sql.Identifier(schema), sql.Literal(key))
    return [CopyRow(given, (key, "given", value)), (stage, None)]


def settle(transaction: Transaction, schema: str, key: str, rotation: UUID | None = None) -> Rotation | None:
    """Take a key's rotation as far as it can go now, and tell how this one, or the last one, stands."""
    query = sql.SQL("SELECT * FROM {}.settle_cron_secret(%(key)s, %(rotation)s)").format(sql.Identifier(schema))
    rows = transaction.fetch(query, {"key": key, "rotation": rotation})
    return Rotation(**rows[0]) if rows else None


def await_rotation(database: Database, schema: str, key: str, rotation: UUID | None = None) -> None:
    """Wait until the pending value of a key is current: of the rotation that is given, or of the last one.

    Ends by itself: a probe without an answer is refused some time after its timeout. Raises ProbeRefused, after which
    nothing has changed, or another Error.
    """
    while True:
        with database.transaction() as transaction:
            found = settle(transaction, schema, key, rotation)
        if found is None or found.state == "current":
            return
        if found.state == "refused":
            raise ProbeRefused(f"the new value was refused and nothing has changed: {found.detail}")
        rotation = found.rotation
        time.sleep(PAUSE)
