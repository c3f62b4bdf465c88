"""The provider that all kinds of objects share; one plan serves create and update.

A kind defines how its objects are read, compared and changed (object_kind.py); this module decides when. check, diff
and read only read; create, update and delete write, each in one transaction.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic

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

from components.database.connection import Database, database
from components.database.conninfo import resolve_conninfo
from components.database.transaction import Row
from components.errors import Error, PreflightFailed, StatementFailed, UnreadableState
from components.objects.args import Args
from components.objects.object_kind import (
    SERIALIZATION_FAILURE,
    ArgsT,
    LiveT,
    ObjectKind,
    Objects,
    Reading,
    Statements,
    drift_sentence,
    newer_sentence,
    write,
)
from components.objects.overview import Overview, OverviewReader
from components.process import tune_process
from components.provider.messages import error_sentence, print_once, unless_repeated
from components.provider.sdk_internals import answer_with, has_unknowns, serve_more
from components.values.choices import DEFAULT_SCHEMA
from components.values.visible_text import obeyed_by_none, visible_to_engine

CALLERS = 32
"""Calls that a provider serves at once; the engine makes four for each core, or as many as PULUMI_PARALLEL says."""

ATTEMPTS = 5
"""How often a change is planned before it is given up, where another login changes the object each time."""


class ObjectProvider(ResourceProvider, Generic[ArgsT, LiveT]):
    """Pulumi's side of a kind. Pickled into state by reference: stateless, and its module path is a contract."""

    serialize_as_secret_always = False
    kind: ClassVar[ObjectKind[Any, Any]]
    _database: Database
    _schema: str
    _kept_outputs: ClassVar[frozenset[str]] = frozenset()
    """Outputs that describe the resource's creation: an update and a refresh take them from the state."""

    def configure(self, req: ConfigureRequest) -> None:
        """Resolve the database and begin to connect to it. Raises InvalidConfiguration."""
        tune_process()
        answer_with(error_sentence)
        serve_more(CALLERS)
        unverified = req.config.get("allowUnverifiedTls") == "true"  # a value of the configuration is a text
        conninfo = resolve_conninfo(req.config.get("databaseUrl"), os.environ, allow_unverified_tls=unverified)
        self._database = database(conninfo)
        self._database.connect_ahead(1)
        self._schema = req.config.get("schema") or DEFAULT_SCHEMA

    # In pulumi's own signatures everything is an untyped dict.

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Return the inputs, and a failure where the object cannot work or may not be changed; print warnings."""
        if has_unknowns(news):
            return CheckResult(news, [])
        try:
            args = self._args(news)
            server = self._overview().server
            if server.unfit:
                raise PreflightFailed(server.unfit)
            self.kind.preflight(args, server)
            live = self._snapshot(args).get(self.kind.identity(args))
            previous = self._state_args(_olds)
            self.kind.claim(args, live, previous)
            if live is None or previous is None or args != previous:
                self._try(args)
        except Error as exc:
            sentence = unless_repeated(str(exc), self._title(news))
            return CheckResult(news, [CheckFailure("", visible_to_engine(sentence))])
        print_once("warning", self.kind.warnings(args, server, datetime.now(UTC)))
        return CheckResult(args.properties(), [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Compare the inputs with the state and with the live object; print how that one differs from the state."""
        if has_unknowns(_news):
            return DiffResult(changes=True)
        args, previous = self._args(_news), self._state_args(_olds)
        live = self._snapshot(args).get(self.kind.identity(args))
        if previous is not None:
            if self.kind.identity(previous) != self.kind.identity(args):
                moved = [key for key in self.kind.identified_by if getattr(args, key) != getattr(previous, key)]
                # In one scope the old and the new object would both be at work. In another schema the new one must be
                # there before jobs use it.
                same_scope = self.kind.scope(previous) == self.kind.scope(args)
                return DiffResult(changes=True, replaces=moved, delete_before_replace=same_scope)
            print_once("drift", self._drift(previous, live))
            print_once("upgrade", self._upgrade(previous, live))
        changes = (
            previous is None
            or live is None
            or bool(self.kind.differences(args, live, previous))
            or self._properties(args) != self._properties(previous)
        )
        return DiffResult(changes=changes)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Carry out the plan and return id and outputs; an object of ours that the state lost is taken up."""
        args = self._args(props)
        return CreateResult(self.kind.identity(args), self._apply(args, None))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Carry out the same plan as create, from the live object to the declared one, and return the outputs."""
        args = self._args(_news)
        kept = {key: _olds[key] for key in self._kept_outputs if key in _olds}
        return UpdateResult({**self._apply(args, self._state_args(_olds)), **kept})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return outputs and inputs of the live object, so that refresh finds drift in every property.

        The inputs are None where they are as in the state, the id where the object is not there.
        """
        args = self._args(props)
        live = self._snapshot(args).get(id_)
        if live is None:
            return ReadResult(None, {})
        live_args = self.kind.live_args(args, live)
        inputs = live_args.properties()
        kept = {key: props[key] for key in self._kept_outputs if key in props}
        outputs = {**inputs, **self.kind.outputs(live_args, live, live), **kept}
        return ReadResult(id_, _disarmed(outputs, props), None if live_args == args else _disarmed(inputs, props))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Remove the object, unless the kind retains it; succeed where it is not there."""
        args = self._args(_props)
        if self.kind.retained_on_delete(args, _props):
            return
        with self._errors_name(args):
            self._change(args, lambda live: self.kind.forget(args) if live is None else self.kind.drop(args, live))

    def _apply(self, args: ArgsT, previous: ArgsT | None) -> dict[str, Any]:
        def plan(live: LiveT | None) -> Statements:
            self.kind.claim(args, live, previous)
            return self.kind.plan(args, live, previous)

        with self._errors_name(args):
            before, after = self._change(args, plan)
            if self._waits(args, before, previous):
                self._wait(args)
                after = self._keep(args, before, self._database.read(self._reading(args).query()))
            if after is None:
                raise Error("is not there after its creation")
        return {**args.properties(), **self.kind.outputs(args, after, before)}

    def _change(self, args: ArgsT, plan: Callable[[LiveT | None], Statements]) -> tuple[LiveT | None, LiveT | None]:
        """Carry out a plan in one transaction; return the object before and after it.

        ``plan`` gets the object of the snapshot. Where another login has changed the object since, nothing is carried
        out, and the object is read and planned for again. Raises Error after ATTEMPTS of these.
        """
        reading = self._reading(args)
        for _ in range(ATTEMPTS):
            seen = self._snapshot(args).rows(self.kind.identity(args))
            before = self.kind.live_object(seen)
            steps = plan(before)
            if not steps:
                return before, before
            try:
                rows = write(self._database, reading.fail_if_changed(seen), steps, reading.query())
            except StatementFailed as exc:
                if exc.sqlstate != SERIALIZATION_FAILURE:
                    raise
                self._database.forget()
            else:
                return before, self._keep(args, before, rows)
        raise Error(f"was changed by others {ATTEMPTS} times while it was to be changed here; try again")

    def _keep(self, args: ArgsT, before: LiveT | None, rows: list[Row]) -> LiveT | None:
        """Put the rows that were read after a change into the snapshot, and return the object that they describe."""
        if self.kind.invalidates_others(before):
            self._database.forget()
        else:
            self._snapshot(args).replace(self.kind.identity(args), rows)
        return self.kind.live_object(rows)

    def _try(self, args: ArgsT) -> None:
        """Let the server parse those inputs of a new or changed object that are code. Raises PreflightFailed."""

    def _waits(self, args: ArgsT, before: LiveT | None, previous: ArgsT | None) -> bool:
        """Whether :meth:`_wait` is called after the plan; ``before`` is the object before it."""
        return False

    def _wait(self, args: ArgsT) -> None:
        """Wait until what the plan has begun is done. Raises Error where it failed."""

    def _errors_name(self, args: ArgsT) -> "_NamesObject":
        return _NamesObject(self.kind.title(args))

    def _args(self, props: Mapping[str, Any]) -> ArgsT:
        args: ArgsT = self.kind.args.from_properties(props)
        return args

    def _title(self, props: Mapping[str, Any]) -> str:
        try:
            return self.kind.title(self._args(props))
        except UnreadableState:
            return ""

    def _state_args(self, olds: Mapping[str, Any]) -> ArgsT | None:
        """The inputs in state, or None where there are none, or an earlier version of this project wrote others."""
        try:
            return self._args(olds)
        except UnreadableState:
            return None

    def _properties(self, args: ArgsT) -> dict[str, Any]:
        return args.properties(without=self.kind.ignored_in_diff)

    def _overview(self, schema: str | None = None) -> Overview:
        return self._database.snapshot(OverviewReader(schema or self._schema))

    def _snapshot(self, args: ArgsT) -> Objects[LiveT]:
        """The objects among which this one is, from the overview of its schema or, without one, of the stack's."""
        scope = self.kind.scope(args)
        return self._overview(scope).objects(self.kind, self._database, scope)

    def _reading(self, args: ArgsT) -> Reading:
        """The reading of this object alone."""
        return Reading.of(self.kind, self.kind.scope(args), self.kind.identity(args))

    def _drift(self, state: ArgsT, live: LiveT | None) -> Iterator[str]:
        title = self.kind.title(state)
        if live is None:
            yield f"{title} is in the state but gone from the database; pulumi up makes it again"
            return
        for difference in self.kind.drift(state, live):
            if not difference.newer:
                yield f"{title} was changed in the database: {drift_sentence(difference)}"

    def _upgrade(self, state: ArgsT, live: LiveT | None) -> Iterator[str]:
        if live is not None and (newer := [each for each in self.kind.drift(state, live) if each.newer]):
            yield f"{self.kind.title(state)}: {newer_sentence(newer)}; pulumi up installs it"


def _disarmed(properties: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Properties that were read, without what the engine would obey in those that differ from the ``known`` ones."""
    return {
        key: value if key in known and known[key] == value else obeyed_by_none(value)
        for key, value in properties.items()
    }


def resource_props(args: Args, *outputs: str) -> dict[str, Any]:
    """The properties that a resource registers: its inputs, and None for each output, which makes it an attribute."""
    return {**args.properties(), **dict.fromkeys(outputs)}


class _NamesObject:
    """A context that puts the object's title in front of the sentence of an Error that lacks it."""

    def __init__(self, title: str) -> None:
        self._title = title

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, exc: BaseException | None, _traceback: object) -> None:
        if isinstance(exc, Error) and not str(exc).startswith(self._title):
            exc.args = (f"{self._title}: {exc}",)
