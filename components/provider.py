"""The provider that all kinds of objects share: check by model, diff by what lives, one plan for create and update.

A kind says how its objects are read, what differs and which statements mend it (object_kind.py); this module says
when. check, diff and read look and answer; create, update and delete write, each in one transaction.
"""

import os
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from psycopg import sql
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)
from pulumi.output import Unknown
from pydantic import ValidationError

from components.connection import Database, Row, Transaction, database, resolve_conninfo
from components.errors import Error, InvalidConfiguration
from components.model import Model, known_properties, problems
from components.object_kind import ArgsT, LiveT, ObjectKind, drift_sentence, execute, read_objects, snapshot
from components.settings import Settings

if TYPE_CHECKING:
    from components.overview import Overview


class ObjectProvider(ResourceProvider, Generic[ArgsT, LiveT]):
    """Pulumi's side of a kind. Pickled into state by reference: stateless, and its module path is a contract."""

    serialize_as_secret_always = False
    kind: ClassVar[ObjectKind[Any, Any]]
    _database: Database
    _schema: str
    _kept_outputs: ClassVar[frozenset[str]] = frozenset()
    """Outputs that tell of the resource's creation and are not read again."""

    def configure(self, req: ConfigureRequest) -> None:
        """Find the database; connecting waits until something is asked of it."""
        _show_errors_as_sentences()
        keys = ("databaseUrl", "allowUnverifiedTls", "schema")
        given = {key: value for key in keys if (value := req.config.get(key)) is not None}
        settings = Settings.model_validate(given)
        self._database = database(resolve_conninfo(settings, os.environ))
        self._schema = settings.schema_name

    # In pulumi's own signatures everything is an untyped dict.

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Validate the inputs by model, then ask the server whether they can work."""
        if _has_unknowns(news):
            return CheckResult(news, [])
        try:
            args = self._args(news)
            self.kind.preflight(args, self._overview().server)
            live = self._snapshot(args).get(self.kind.identity(args))
            self.kind.claim(args, live, self._state_args(_olds))
        except InvalidConfiguration as exc:
            return CheckResult(news, [CheckFailure("", problem) for problem in exc.problems])
        except Error as exc:
            return CheckResult(news, [CheckFailure("", str(exc))])
        return CheckResult(args.model_dump(exclude_none=True), [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Hold what is declared against the state and against what lives; say what drifted."""
        if _has_unknowns(_news):
            return DiffResult(changes=True)
        args, previous = self._args(_news), self._state_args(_olds)
        live = self._snapshot(args).get(self.kind.identity(args))
        found = previous is None or live is None or bool(self.kind.differences(args, live, previous))
        if previous is not None:
            if self.kind.identity(previous) != self.kind.identity(args):
                moved = [key for key in self.kind.identified_by if getattr(args, key) != getattr(previous, key)]
                # Beside each other the old and the new would both be at work; in another schema the new one must be
                # there before the jobs are turned to it.
                beside = self.kind.scope(previous) == self.kind.scope(args)
                return DiffResult(changes=True, replaces=moved, delete_before_replace=beside)
            _say(self._drift(previous, live))
        declared = self._properties(args)
        return DiffResult(changes=found or previous is None or declared != self._properties(previous))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Make the object what is declared; takes up an object of ours whose creation was never reported."""
        args = self._args(props)
        return CreateResult(self.kind.identity(args), self._apply(args, None))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """The same plan as create, from what lives to what is declared."""
        args = self._args(_news)
        kept = {key: _olds[key] for key in self._kept_outputs if key in _olds}
        return UpdateResult({**self._apply(args, self._state_args(_olds)), **kept})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What is, so that refresh sees drift in every property."""
        args = self._args(props)
        live = self._snapshot(args).get(id_)
        if live is None:
            return ReadResult(None, {})
        found = self.kind.live_args(args, live)
        inputs = found.model_dump(exclude_none=True)
        kept = {key: props[key] for key in self._kept_outputs if key in props}
        return ReadResult(id_, {**inputs, **self.kind.outputs(found, live, live), **kept}, inputs)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove the object; one that is gone already is removed."""
        args = self._args(_props)
        seen = self._snapshot(args).get(self.kind.identity(args))
        if seen is None:
            return  # asked apart: a transaction would be aborted where even the table is gone
        with self._told(args):
            guarded = self.kind.guarded_drop(args, seen)
            if guarded is None or not self._has_acted(guarded):
                with self._database.transaction() as transaction:
                    live = self._live(transaction, args)
                    if live is not None:
                        execute(transaction, self.kind.drop(args, live, _props))
        self._changed(args, None)

    def _apply(self, args: ArgsT, previous: ArgsT | None) -> dict[str, Any]:
        with self._told(args):
            before, after = self._seen_and_made(args, previous) or self._made(args, previous)
            self._changed(args, after)
            if self._waits(args, before, previous):
                self._wait(args)
                after = read_objects(self.kind, self._database, self.kind.scope(args), self.kind.identity(args)).get(
                    self.kind.identity(args)
                )
                self._changed(args, after)
        return {**args.model_dump(exclude_none=True), **self.kind.outputs(args, after, before)}

    def _made(self, args: ArgsT, previous: ArgsT | None) -> tuple[LiveT | None, LiveT | None]:
        """Look, change and look again, in one transaction: what was there, and what is."""
        with self._database.transaction() as transaction:
            before = self._live(transaction, args)
            self.kind.claim(args, before, previous)
            execute(transaction, self.kind.plan(args, before, previous))
            (rows,) = transaction.commit(self._query(args))
        after = self._parsed(args, rows)
        if after is None and not self._waits(args, before, previous):
            raise Error("is not there after its creation")
        return before, after

    def _seen_and_made(self, args: ArgsT, previous: ArgsT | None) -> tuple[LiveT | None, LiveT | None] | None:
        """Change what the snapshot has seen, in one round trip; None where it has become another meanwhile."""
        seen = self._snapshot(args).get(self.kind.identity(args))
        guarded = self.kind.guarded_plan(args, seen)
        if guarded is None:
            return None
        self.kind.claim(args, seen, previous)
        with self._database.transaction() as transaction:
            acted, rows = transaction.commit(guarded, self._query(args))
        return (seen, self._parsed(args, rows)) if acted else None

    def _has_acted(self, guarded: sql.Composable) -> bool:
        with self._database.transaction() as transaction:
            (acted,) = transaction.commit(guarded)
        return bool(acted)

    def _changed(self, args: ArgsT, after: LiveT | None) -> None:
        """Keep the snapshot true to what this process did."""
        if self.kind.carries_others:
            self._database.forget()
        elif after is None:
            self._snapshot(args).pop(self.kind.identity(args), None)
        else:
            self._snapshot(args)[self.kind.identity(args)] = after

    def _waits(self, args: ArgsT, before: LiveT | None, previous: ArgsT | None) -> bool:
        """Whether the plan only begins what :meth:`_wait` sees to its end."""
        return False

    def _wait(self, args: ArgsT) -> None:
        """Wait for what was begun, or raise why it failed and nothing has changed."""

    def _told(self, args: ArgsT) -> "_Told":
        return _Told(self.kind.title(args))

    def _args(self, props: Mapping[str, Any]) -> ArgsT:
        try:
            args: ArgsT = self.kind.args.model_validate(known_properties(self.kind.args, props))
        except ValidationError as exc:
            raise InvalidConfiguration(
                f"{'.'.join(map(str, location))} {sentence}" for location, sentence in problems(exc, self.kind.args)
            ) from None
        return args

    def _state_args(self, olds: Mapping[str, Any]) -> ArgsT | None:
        """The inputs in state, or None where an earlier version of this project wrote others."""
        try:
            return self._args(olds)
        except InvalidConfiguration:
            return None

    def _properties(self, args: ArgsT) -> dict[str, Any]:
        return args.model_dump(exclude=set(self.kind.directives))

    def _overview(self) -> "Overview":
        from components.overview import OverviewReader  # noqa: PLC0415 - it knows all kinds, whose modules need this one

        return self._database.snapshot(OverviewReader(self._schema))

    def _snapshot(self, args: ArgsT) -> dict[str, LiveT]:
        scope = self.kind.scope(args)
        if self.kind.in_catalog and scope in {self._schema, None}:
            return self._overview().objects[type(self.kind)]
        return snapshot(self.kind, self._database, scope)

    def _live(self, transaction: Transaction, args: ArgsT) -> LiveT | None:
        return self._parsed(args, transaction.fetch(self._query(args)))

    def _query(self, args: ArgsT) -> sql.Composable:
        return self.kind.query(self.kind.scope(args), self.kind.identity(args))

    def _parsed(self, args: ArgsT, rows: Iterable[Row]) -> LiveT | None:
        return self.kind.parse(rows).get(self.kind.identity(args))

    def _drift(self, state: ArgsT, live: LiveT | None) -> Iterator[str]:
        title = self.kind.title(state)
        if live is None:
            yield f"{title} is in the state but gone from the database; pulumi up makes it again"
            return
        for each in self.kind.drift(state, live):
            yield f"{title} was changed in the database: {drift_sentence(each)}"


def resource_props(args: Model, *outputs: str) -> dict[str, Any]:
    """What a resource registers: its inputs, and each output by name with None, so that it becomes an attribute."""
    return {**args.model_dump(), **dict.fromkeys(outputs)}


class _Told:
    """Names the object in front of an error's sentence, once."""

    def __init__(self, title: str) -> None:
        self._title = title

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, exc: BaseException | None, _traceback: object) -> None:
        if isinstance(exc, Error) and not str(exc).startswith(self._title):
            exc.args = (f"{self._title}: {exc}",)


def _has_unknowns(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_has_unknowns(part) for part in value.values())
    if isinstance(value, list):
        return any(_has_unknowns(part) for part in value)
    return isinstance(value, Unknown)


_said: set[str] = set()
_say_lock = threading.Lock()


def _say(lines: Iterable[str]) -> None:
    """Print each line once an engine run; the engine shows a dynamic provider's output under Diagnostics."""
    with _say_lock:
        for line in lines:
            if line not in _said:
                _said.add(line)
                sys.stdout.write(f"drift: {line}\n")
        sys.stdout.flush()


def _show_errors_as_sentences() -> None:
    """Let the SDK's server answer with an error's sentence alone.

    It aborts with ``traceback.format_exc()`` (3.272: pulumi/dynamic/__main__.py, ``_abort_with_traceback``), which is a
    page of SDK frames in the user's terminal. Unexpected exceptions keep their traceback.
    """
    served = sys.modules.get("__main__")
    if getattr(served, "traceback", None) is traceback:
        served.traceback = _Sentences  # type: ignore[union-attr]


class _Sentences:
    """Stands in for the module ``traceback`` in the SDK's server."""

    @staticmethod
    def format_exc() -> str:
        """The sentence of our own errors, the traceback of all others."""
        exc = sys.exception()
        return str(exc) if isinstance(exc, Error) else traceback.format_exc()
