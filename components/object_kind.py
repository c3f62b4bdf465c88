"""A kind of PostgreSQL object: how it is read, compared and changed. Pure but for the two functions that do it.

Every resource module defines one. The provider (provider.py) says when its parts are called; cronctl calls the same
ones, so the two cannot disagree on what "in sync" means.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from psycopg import sql

from components.connection import CopyRow, Database, Row, Transaction
from components.errors import StatementFailed
from components.model import Model
from components.server import Server

UNDEFINED = {"42P01", "42703", "42883"}
"""SQLSTATEs of a table, a column and a function that are not there."""

SHOWN_LENGTH = 160
"""Characters of a property that a message shows."""

ArgsT = TypeVar("ArgsT", bound=Model)
LiveT = TypeVar("LiveT")

Statements = list[tuple[sql.Composable, Mapping[str, object] | None] | CopyRow]
"""A plan: statements in order, each with the parameters that the server binds, or the row that it copies in."""


class Difference(NamedTuple):
    """One property in which what lives is not what is declared; both sides are fit to be shown."""

    name: str
    declared: object
    found: object


class ObjectKind(Generic[ArgsT, LiveT]):
    """A kind of PostgreSQL object: how it is read, compared and changed. Stateless, and without a connection.

    ``args`` is the model of the inputs. Of these, ``identified_by`` name the object; ``directives`` say how to act and
    are no property of the object, so that changing them alone changes nothing; ``secrets`` are never shown.
    """

    args: type[ArgsT]
    identified_by: ClassVar[tuple[str, ...]]
    directives: ClassVar[frozenset[str]] = frozenset()
    secrets: ClassVar[frozenset[str]] = frozenset()
    in_schema: ClassVar[bool] = True
    """Whether the inputs name a schema, ``schema_name``, that the object stands in."""
    in_catalog: ClassVar[bool] = True
    """Whether :meth:`query` asks the system catalogs alone, so that it cannot fail for want of a table."""
    carries_others: ClassVar[bool] = False
    """Whether a change of such an object may change what is read of objects of other kinds."""

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
        """What to ask where :meth:`query` names something that an earlier version did not make, if that is possible."""
        return None

    def parse(self, rows: Iterable[Row]) -> dict[str, LiveT]:
        """The query's rows as live objects by identity."""
        raise NotImplementedError

    def preflight(self, args: ArgsT, server: Server) -> None:
        """Raise an Error for what would fail or do harm; called before anything is read or touched."""

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

    def drop(self, args: ArgsT, live: LiveT, outputs: Mapping[str, Any]) -> Statements:
        """The statements that remove the object; may raise Conflict."""
        raise NotImplementedError

    def guarded_plan(self, args: ArgsT, seen: LiveT | None) -> sql.Composable | None:
        """The plan as one statement, which returns a row where it acts, and acts on what lives as it was seen alone.

        None where there is nothing to do, or the kind has no such statement.
        """
        return None

    def guarded_drop(self, args: ArgsT, seen: LiveT) -> sql.Composable | None:
        """The same for :meth:`drop`."""
        return None

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


def read_objects(
    kind: ObjectKind[Any, LiveT], database: Database, scope: str | None, identity: str | None = None
) -> dict[str, LiveT]:
    """All that lives in a scope, or the one object with an identity, as a rule in one round trip."""
    for query in (kind.query(scope, identity), kind.older_query(scope, identity)):
        try:
            if query is not None:
                return kind.parse(database.read(query))
        except StatementFailed as exc:
            if exc.sqlstate not in UNDEFINED:  # what would hold them is not there yet, or gone
                raise
    return {}


@dataclass(frozen=True)
class _Snapshot:
    """A reader for :meth:`Database.snapshot`, equal for the same kind and scope."""

    kind: type[ObjectKind[Any, Any]]
    scope: str | None

    def __call__(self, source: Database) -> dict[str, Any]:
        return read_objects(self.kind(), source, self.scope)


def snapshot(kind: ObjectKind[Any, LiveT], database: Database, scope: str | None) -> dict[str, LiveT]:
    """All that lives in a scope, read once in the life of ``database``: by a resource, and by cronctl."""
    return database.snapshot(_Snapshot(type(kind), scope))


def shown(value: object) -> str:
    """A property for a person: text in quotes, cut where it would fill the terminal."""
    text = repr(value)
    return text if len(text) <= SHOWN_LENGTH else f"{text[:SHOWN_LENGTH]}…"


def drift_sentence(difference: Difference) -> str:
    """How a property of a living object differs from the state."""
    name, stored, found = difference
    return f"{name} is {shown(found)} there, {shown(stored)} in the state"
