"""A kind of PostgreSQL object: how it is read, compared and changed; and the rows by which it is known.

The provider and cronctl call the same methods, so they cannot disagree on what "in sync" means. Only Reading, snapshot
and execute use a connection.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from psycopg import sql

from components.database.connection import Database
from components.database.server_facts import Server
from components.database.transaction import CopyRow, Row, Transaction
from components.objects.args import Args
from components.sql import load_sql

SERIALIZATION_FAILURE = "40001"
"""The SQLSTATE of a transaction that fails because another has changed the object before; it may be tried again."""

VERSION = "object_version"
"""The column that :meth:`Reading.query` adds: the hex SHA-256 of the row."""

SHOWN_LENGTH = 160
"""The number of characters of a property that a message shows."""

ArgsT = TypeVar("ArgsT", bound=Args)
LiveT = TypeVar("LiveT")

Statements = list[tuple[sql.Composable, Mapping[str, object] | None] | CopyRow]
"""A plan: each step is a statement with the parameters that the server binds, or a row to copy in."""


class Difference(NamedTuple):
    """One property that differs, as ``declared`` and as ``found`` in the live object; neither holds a secret.

    For a long text, ``lines`` is shown instead of both: the lines that differ, with ``-`` those that are declared and
    with ``+`` those of the live object. With ``newer``, the live object is as another version of this project has left
    it, so that nobody has changed it.
    """

    name: str
    declared: object
    found: object
    lines: str | None = None
    newer: bool = False


class ObjectKind(Generic[ArgsT, LiveT]):
    """A kind of PostgreSQL object: how it is read, compared and changed. Stateless, and without a connection.

    ``args`` is the class of the inputs. The inputs ``identified_by`` name the object. The inputs ``ignored_in_diff``
    are no properties of the object, so a change of them alone changes nothing. The inputs ``secrets`` are never shown.
    """

    args: type[ArgsT]
    identified_by: ClassVar[tuple[str, ...]]
    reading: ClassVar[str]
    """The name of the rows that :meth:`query` reads; kinds with the same query have the same name and share them."""
    ignored_in_diff: ClassVar[frozenset[str]] = frozenset()
    secrets: ClassVar[frozenset[str]] = frozenset()
    in_schema: ClassVar[bool] = True
    """Whether the object is in a schema, which the input ``schema_name`` names."""
    in_catalog: ClassVar[bool] = True
    """Whether :meth:`query` reads the system catalogs alone, so that every table it names exists."""

    def identity(self, args: ArgsT) -> str:
        """The resource's id, which names the object in its scope: ``public.cron_secret``."""
        raise NotImplementedError

    def title(self, args: ArgsT) -> str:
        """The name of the object in messages: ``cron job 'nightly'``."""
        raise NotImplementedError

    def scope(self, args: ArgsT) -> str | None:
        """The schema whose objects are read together with this one, or None for those of the whole database."""
        return str(args.schema_name) if self.in_schema else None  # type: ignore[attr-defined]

    def query(self, scope: Any, identity: str | None = None) -> sql.Composable:  # noqa: ANN401 - each kind has its own
        """The query for all objects of a scope, or for the one with an identity."""
        raise NotImplementedError

    def older_query(self, scope: Any, identity: str | None = None) -> sql.Composable | None:  # noqa: ANN401
        """The query for a store of an earlier version, which lacks a table or column that :meth:`query` names."""
        return None

    def row_identity(self, row: Row) -> str:
        """The identity of the object that a row of :meth:`query` describes."""
        raise NotImplementedError

    def parse(self, rows: Sequence[Row]) -> LiveT | None:
        """What :meth:`live_object` returns for one row or more."""
        raise NotImplementedError

    def live_object(self, rows: Sequence[Row]) -> LiveT | None:
        """The live object that the rows of one identity describe, or None where there is none."""
        return self.parse(rows) if rows else None

    def preflight(self, args: ArgsT, server: Server) -> None:
        """Raise PreflightFailed where the server cannot have such an object; called before anything is changed."""

    def warnings(self, args: ArgsT, server: Server, now: datetime) -> Iterator[str]:
        """Sentences on behaviour of the object that people may not expect; ``now`` is an aware datetime."""
        yield from ()

    def claim(self, args: ArgsT, live: LiveT | None, previous: ArgsT | None) -> None:
        """Raise Conflict where this stack may not change the live object; ``previous`` are the inputs in the state."""

    def differences(self, args: ArgsT, live: LiveT, previous: ArgsT | None = None) -> list[Difference]:
        """The properties in which ``live`` is not as declared; empty exactly where :meth:`plan` is empty."""
        raise NotImplementedError

    def drift(self, state: ArgsT, live: LiveT) -> list[Difference]:
        """The properties in which ``live`` is not as in the state, whether or not a plan would change them."""
        return self.differences(state, live)

    def plan(self, args: ArgsT, live: LiveT | None, previous: ArgsT | None = None) -> Statements:
        """The statements that create the object where ``live`` is None, and otherwise make it as declared."""
        raise NotImplementedError

    def retained_on_delete(self, args: ArgsT, outputs: Mapping[str, Any]) -> bool:
        """Whether the object stays when it is deleted from the stack; ``outputs`` are those in the state."""
        return False

    def drop(self, args: ArgsT, live: LiveT) -> Statements:
        """The statements that remove the object. Raises Conflict where this stack may not remove it."""
        raise NotImplementedError

    def forget(self, args: ArgsT) -> Statements:
        """The statements for the removal of an object that is not there."""
        return []

    def invalidates_others(self, before: LiveT | None) -> bool:
        """Whether a change of the object, which was ``before``, makes the snapshots of other objects outdated."""
        return False

    def outputs(self, args: ArgsT, live: LiveT, before: LiveT | None) -> dict[str, Any]:
        """The resource's outputs beside its inputs; ``before`` is the object before it was changed."""
        return {}

    def live_args(self, args: ArgsT, live: LiveT) -> ArgsT:
        """The inputs by which ``live`` would have no drift."""
        return args


def statement(query: sql.Composable, parameters: Mapping[str, object] | None = None) -> Statements:
    """A plan of one statement."""
    return [(query, parameters)]


def execute(transaction: Transaction, steps: Statements) -> None:
    """Carry out a plan. Raises the errors of :class:`Transaction`."""
    for step in steps:
        if isinstance(step, CopyRow):
            transaction.copy(step)
        else:
            transaction.execute(*step)


def write(database: Database, check: sql.Composable, steps: Statements, query: sql.Composable) -> list[Row]:
    """Carry out a plan in one transaction, between a check and a query, and return the query's rows.

    A plan of statements alone shares its round trip with others. Raises ConnectionFailed or StatementFailed.
    """
    statements = [step[0] for step in steps if not isinstance(step, CopyRow) and step[1] is None]
    if len(statements) == len(steps):
        return database.write([check, *statements], query)
    with database.transaction() as transaction:
        transaction.execute(check)
        execute(transaction, steps)
        (rows,) = transaction.commit(query)
    return rows


Rows = dict[str, list[Row]]
"""The rows of each object by its identity. A list is replaced and never changed, since threads share it."""


class Objects(Mapping[str, LiveT]):
    """The live objects of a kind by identity, parsed at each access from rows that kinds may share."""

    def __init__(self, kind: ObjectKind[Any, LiveT], rows: Rows) -> None:
        self._kind = kind
        self._rows = rows

    def rows(self, identity: str) -> list[Row]:
        """The rows of one object; none where it is not there."""
        return self._rows.get(identity, [])

    def replace(self, identity: str, rows: list[Row]) -> None:
        """Put the rows of a later reading in the place of an object's, for all kinds that share them."""
        self._rows[identity] = rows

    def __getitem__(self, identity: str) -> LiveT:
        if (live := self._kind.live_object(self.rows(identity))) is None:
            raise KeyError(identity)
        return live

    def __iter__(self) -> Iterator[str]:
        return (identity for identity in self._rows if identity in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True)
class Reading:
    """A reader for :meth:`Database.snapshot`: the rows of all objects of a scope, or of the one with an identity.

    The readings of kinds that share rows are equal.
    """

    name: str
    scope: str | None
    identity: str | None
    kind: ObjectKind[Any, Any] = field(compare=False)

    @classmethod
    def of(cls, kind: ObjectKind[Any, Any], scope: str | None, identity: str | None = None) -> "Reading":
        """The reading of a kind's objects in a scope, or of the one with an identity."""
        return cls(kind.reading, scope, identity, kind)

    def __call__(self, database: Database) -> Rows:
        return self.by_identity(database.read(self.script()))

    def by_identity(self, rows: Iterable[Row]) -> Rows:
        """The rows of :meth:`query` or :meth:`script` by identity."""
        grouped: Rows = {}
        for row in rows:
            grouped.setdefault(self.kind.row_identity(row), []).append(row)
        return grouped

    def query(self) -> sql.Composed:
        """The kind's query, with the column VERSION."""
        return _with_version(self.kind.query(self.scope, self.identity))

    def script(self) -> sql.Composable:
        """Statements with the result of :meth:`query`, which is empty where a table that it names is not there yet.

        They belong in a transaction, as all that :meth:`Database.read_together` sends.
        """
        if self.kind.in_catalog:
            return self.query()
        older = self.kind.older_query(self.scope, self.identity)
        queries = [self.query(), *([] if older is None else [_with_version(older)]), sql.SQL("SELECT NULL WHERE false")]
        block = load_sql("rows_if_exists").format(
            cursor=sql.Literal(self.name), queries=sql.Literal([query.as_string() for query in queries])
        )
        return sql.SQL("DO {}; FETCH ALL FROM {}").format(sql.Literal(block.as_string()), sql.Identifier(self.name))

    def fail_if_changed(self, seen: Sequence[Row]) -> sql.Composed:
        """A statement that fails with SERIALIZATION_FAILURE where the rows are no longer those that were seen."""
        block = load_sql("fail_if_changed").format(
            versions=sql.Literal(sorted(row[VERSION] for row in seen)),
            version=sql.Identifier(VERSION),
            objects=self.query(),
            errcode=sql.Literal(SERIALIZATION_FAILURE),
        )
        return sql.SQL("DO {}").format(sql.Literal(block.as_string()))


def _with_version(query: sql.Composable) -> sql.Composed:
    # MATERIALIZED, or the planner merges the two queries and computes each column twice.
    return sql.SQL(
        "WITH o AS MATERIALIZED ({}\n) "
        "SELECT o.*, pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(o::text, 'UTF8')), 'hex') AS {} FROM o"
    ).format(query, sql.Identifier(VERSION))


def snapshot(kind: ObjectKind[Any, LiveT], database: Database, scope: str | None) -> Objects[LiveT]:
    """The objects of a kind in a scope, read in one round trip and once in the life of ``database``.

    Raises ConnectionFailed or StatementFailed.
    """
    return Objects(kind, database.snapshot(Reading.of(kind, scope)))


def shortened(value: object) -> str:
    """The repr of a property, cut at SHOWN_LENGTH characters."""
    text = repr(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"


def newer_sentence(differences: Iterable[Difference]) -> str:
    """The sentence on properties that are as another version of this project has left them."""
    return f"this version of the project brings a newer {', '.join(each.name for each in differences)}"


def drift_sentence(difference: Difference) -> str:
    """The sentence on a property that differs from the state."""
    name, stored, live, lines, newer = difference
    if newer:
        return newer_sentence([difference])
    if lines is not None:
        return f"{name} is another there (- in the state, + there, <…> for what may be a value):\n{lines}"
    return f"{name} is {shortened(live)} there, {shortened(stored)} in the state"
