"""A kind of PostgreSQL object: how it is read, compared and changed. Pure but for the two functions that do it.

Every resource module defines one. The provider (provider.py) says when its parts are called; cronctl calls the same
ones, so the two cannot disagree on what "in sync" means.
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
"""The SQLSTATE of a transaction that came after another's change of the same object, and may be tried again."""

VERSION = "object_version"
"""The column that :func:`objects_query` adds: the hex SHA-256 of a row."""

SHOWN_LENGTH = 160
"""Characters of a property that a message shows."""

ArgsT = TypeVar("ArgsT", bound=Args)
LiveT = TypeVar("LiveT")

Statements = list[tuple[sql.Composable, Mapping[str, object] | None] | CopyRow]
"""A plan: statements in order, each with the parameters that the server binds, or the row that it copies in."""


class Difference(NamedTuple):
    """One property in which what lives is not what is declared; both sides are fit to be shown.

    ``lines`` show where a long text differs, ``-`` of what is declared and ``+`` of what lives, instead of the sides.
    """

    name: str
    declared: object
    found: object
    lines: str | None = None


class ObjectKind(Generic[ArgsT, LiveT]):
    """A kind of PostgreSQL object: how it is read, compared and changed. Stateless, and without a connection.

    ``args`` is the model of the inputs. Of these, ``identified_by`` name the object; ``ignored_in_diff`` say how to act
    and are no property of the object, so that changing them alone changes nothing; ``secrets`` are never shown.
    """

    args: type[ArgsT]
    identified_by: ClassVar[tuple[str, ...]]
    reading: ClassVar[str]
    """The name of what :meth:`query` reads; kinds of the same name share its rows, and their query is the same."""
    ignored_in_diff: ClassVar[frozenset[str]] = frozenset()
    secrets: ClassVar[frozenset[str]] = frozenset()
    in_schema: ClassVar[bool] = True
    """Whether the inputs name a schema, ``schema_name``, that the object stands in."""
    in_catalog: ClassVar[bool] = True
    """Whether :meth:`query` asks the system catalogs alone, so that it cannot fail for want of a table."""

    def identity(self, args: ArgsT) -> str:
        """The resource's id: what names the object in the database."""
        raise NotImplementedError

    def title(self, args: ArgsT) -> str:
        """How messages name the object: ``cron job 'nightly'``."""
        raise NotImplementedError

    def scope(self, args: ArgsT) -> str | None:
        """What one snapshot query covers, a schema or the whole database; objects of one scope are read together."""
        return str(args.schema_name) if self.in_schema else None  # type: ignore[attr-defined]

    def query(self, scope: Any, identity: str | None = None) -> sql.Composable:  # noqa: ANN401 - each kind has its own
        """The one catalog query that reads every object of a scope, or the one with an identity."""
        raise NotImplementedError

    def older_query(self, scope: Any, identity: str | None = None) -> sql.Composable | None:  # noqa: ANN401
        """The query for a store that an earlier version made, which lacks something that :meth:`query` names."""
        return None

    def row_identity(self, row: Row) -> str:
        """The identity of the object that a row of :meth:`query` tells of."""
        raise NotImplementedError

    def parse(self, rows: Sequence[Row]) -> LiveT | None:
        """What :meth:`live_object` returns for one row or more."""
        raise NotImplementedError

    def live_object(self, rows: Sequence[Row]) -> LiveT | None:
        """The live object that the rows of one identity describe, or None where there is none."""
        return self.parse(rows) if rows else None

    def preflight(self, args: ArgsT, server: Server) -> None:
        """Raise an Error for what would fail or do harm; called before anything is touched."""

    def warnings(self, args: ArgsT, server: Server, now: datetime) -> Iterator[str]:
        """Sentences on what the server will make of it that people may not expect; ``now`` is an aware datetime."""
        yield from ()

    def claim(self, args: ArgsT, live: LiveT | None, previous: ArgsT | None) -> None:
        """Raise Conflict where the object that lives is not ours to change."""

    def differences(self, args: ArgsT, live: LiveT, previous: ArgsT | None = None) -> list[Difference]:
        """All properties in which ``live`` is not what ``args`` declares; empty exactly when the plan is."""
        raise NotImplementedError

    def drift(self, state: ArgsT, live: LiveT) -> list[Difference]:
        """What of the object is not as the state has it, whether a plan would mend it or keep it."""
        return self.differences(state, live)

    def plan(self, args: ArgsT, live: LiveT | None, previous: ArgsT | None = None) -> Statements:
        """The statements that make ``live`` what ``args`` declares."""
        raise NotImplementedError

    def retained_on_delete(self, args: ArgsT, outputs: Mapping[str, Any]) -> bool:
        """Whether the object is left as it is where it is declared no more."""
        return False

    def drop(self, args: ArgsT, live: LiveT) -> Statements:
        """The statements that remove the object; may raise Conflict."""
        raise NotImplementedError

    def forget(self, args: ArgsT) -> Statements:
        """The statements for an object that is to be removed and is gone already."""
        return []

    def invalidates_others(self, before: LiveT | None) -> bool:
        """Whether, after a change of such an object, more has to be read anew than the object itself."""
        return False

    def outputs(self, args: ArgsT, live: LiveT, before: LiveT | None) -> dict[str, Any]:
        """What is told beside the inputs; ``before`` is what lived when this resource was created."""
        return {}

    def live_args(self, args: ArgsT, live: LiveT) -> ArgsT:
        """The inputs as they would have to be for ``live`` to be no drift."""
        return args


def statement(query: sql.Composable, parameters: Mapping[str, object] | None = None) -> Statements:
    """A plan of one statement."""
    return [(query, parameters)]


def execute(transaction: Transaction, steps: Statements) -> None:
    """Carry out a plan."""
    for step in steps:
        if isinstance(step, CopyRow):
            transaction.copy(step)
        else:
            transaction.execute(*step)


Rows = dict[str, list[Row]]
"""What one reading found: the rows of each object by its identity. A list is replaced and never changed."""


class Objects(Mapping[str, LiveT]):
    """The live objects of a kind by identity, parsed from rows that kinds of the same reading share."""

    def __init__(self, kind: ObjectKind[Any, LiveT], rows: Rows) -> None:
        self._kind = kind
        self._rows = rows

    def rows(self, identity: str) -> list[Row]:
        """The rows of one object, each with its VERSION; none where it is not there."""
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
    """The rows of a scope, or of one identity in it: a reader for :meth:`Database.snapshot`.

    Two are equal where they read the same rows, though for different kinds.
    """

    name: str
    scope: str | None
    identity: str | None
    kind: ObjectKind[Any, Any] = field(compare=False)

    @classmethod
    def of(cls, kind: ObjectKind[Any, Any], scope: str | None, identity: str | None = None) -> "Reading":
        """The reading that finds a kind's objects, or the one object with an identity."""
        return cls(kind.reading, scope, identity, kind)

    def __call__(self, database: Database) -> Rows:
        return self.rows(database.read(self.script()))

    def rows(self, found: Iterable[Row]) -> Rows:
        """The rows of :meth:`query` or :meth:`script` by identity."""
        rows: Rows = {}
        for row in found:
            rows.setdefault(self.kind.row_identity(row), []).append(row)
        return rows

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
        queries = [self.query(), *([_with_version(older)] if older else []), sql.SQL("SELECT NULL WHERE false")]
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
    # MATERIALIZED, or the planner merges the two and finds out each column twice.
    return sql.SQL(
        "WITH o AS MATERIALIZED ({}\n) "
        "SELECT o.*, pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(o::text, 'UTF8')), 'hex') AS {} FROM o"
    ).format(query, sql.Identifier(VERSION))


def snapshot(kind: ObjectKind[Any, LiveT], database: Database, scope: str | None) -> Objects[LiveT]:
    """The objects of a kind in a scope, read in one round trip and once in the life of ``database``.

    Raises ConnectionFailed or StatementFailed.
    """
    return Objects(kind, database.snapshot(Reading.of(kind, scope)))


def shown(value: object) -> str:
    """A property for a person: text in quotes, cut where it would fill the terminal."""
    text = repr(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"


def drift_sentence(difference: Difference) -> str:
    """How a property of a living object differs from the state."""
    name, stored, found, lines = difference
    if lines is not None:
        return f"{name} is another there (- in the state, + there, <…> for what may be a value):\n{lines}"
    return f"{name} is {shown(found)} there, {shown(stored)} in the state"
