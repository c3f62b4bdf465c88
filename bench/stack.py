"""A dev stack of the bench's own, bare or with what a firing job needs."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from components.database.connection import Database
from components.objects.object_kind import execute
from components.objects.run_ledger import RunLedgerArgs, RunLedgerKind
from components.objects.secret_store import SecretStoreArgs, SecretStoreKind
from components.objects.stack_mark import StackName
from devstack import Stack

STACK_NAME = StackName("supabase-cron", "bench")
STACK = str(STACK_NAME)
SCHEMA = "public"


@contextmanager
def running() -> Iterator[Stack]:
    """A stack as Supabase gives it, until the end of the block."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), "bench")
        try:
            stack.up()
            yield stack
        finally:
            stack.clean()


@contextmanager
def deployed() -> Iterator[tuple[Stack, Database, psycopg.Connection]]:
    """A stack with store and ledger: the stack, the deploying login's database, and a superuser's connection."""
    with running() as stack:
        database = Database(stack.conninfo)
        with database.transaction() as transaction:
            execute(transaction, SecretStoreKind().plan(SecretStoreArgs(schema_name=SCHEMA, stack=STACK), None))
            execute(transaction, RunLedgerKind().plan(RunLedgerArgs(schema_name=SCHEMA, stack=STACK), None))
        with psycopg.connect(stack.superuser_conninfo, autocommit=True) as superuser:
            yield stack, database, superuser
        database.close()
