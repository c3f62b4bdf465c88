"""Rotations, by which alone a secret's value changes: it is given, pending during its probe, then current or refused.

Each step is a function in the database (stage_cron_secret and settle_cron_secret in sql/store/) and a transaction of
its own, so a sweep job finishes a rotation whose starter is gone. pulumi, cronctl and people with SQL all use them.
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
"""Seconds between two calls of settle_cron_secret; pg_net's worker takes about a second for a request."""


class Rotation(NamedTuple):
    """A row of settle_cron_secret: ``waiting`` for the probe, ``current``, or ``refused`` for the reason ``detail``."""

    rotation: UUID
    state: Literal["waiting", "current", "refused"]
    detail: str | None


def start_rotation(schema: str, key: str, value: str) -> Statements:
    """The statements that give a declared key a new value; the owner of the store runs them in one transaction.

    The value goes by COPY, which no setting of the server logs, unlike a bound parameter.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, ("key", "stage", "value")))
    given = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(schema, STAGES), columns)
    stage = sql.SQL("SELECT {}.stage_cron_secret({})").format(sql.Identifier(schema), sql.Literal(key))
    return [CopyRow(given, (key, "given", value)), (stage, None)]


def advance_rotation(transaction: Transaction, schema: str, key: str, rotation: UUID | None = None) -> Rotation | None:
    """Let the server take a key's rotation as far as it can go now.

    Returns how ``rotation`` stands or, without it, the key's last one; None where there is none.
    """
    query = sql.SQL("SELECT * FROM {}.settle_cron_secret(%(key)s, %(rotation)s)").format(sql.Identifier(schema))
    rows = transaction.fetch(query, {"key": key, "rotation": rotation})
    return Rotation(**rows[0]) if rows else None


def await_rotation(database: Database, schema: str, key: str, rotation: UUID | None = None) -> None:
    """Wait until the pending value of ``rotation`` or, without it, of the key's last rotation is current.

    A probe without an answer is refused some time after its timeout, so the wait ends. Raises ProbeRefused, after which
    the old value is still current, and the errors of :meth:`Database.transaction`.
    """
    while True:
        with database.transaction() as transaction:
            settled = advance_rotation(transaction, schema, key, rotation)
        if settled is None or settled.state == "current":
            return
        if settled.state == "refused":
            raise ProbeRefused(f"the new value was refused and nothing has changed: {settled.detail}")
        rotation = settled.rotation
        time.sleep(PAUSE)
