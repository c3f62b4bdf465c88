"""What becomes of the jobs of a database: a request that the catalogue can say exactly, the SQL as it is, or nothing.

Pure. Whatever comes out has passed the catalogue's own checks.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from psycopg import sql
from pydantic import ValidationError

from components.catalogue.base_model import problems
from components.catalogue.job import Job
from components.catalogue.jobs_file import Catalogue
from components.importing.call import CronRow, HttpRequest, Server
from components.importing.http_entry import http_entry, request_of
from components.importing.keys import Keys, as_key
from components.importing.lifted import QUERY, lift
from components.importing.outcome import Broken, Kind, NoCall, Note, Outcome, Place, Reason, Told, Where
from components.importing.sql_text import GRAMMAR, Unparsed, statements, the_call, walked_calls
from components.importing.sql_value import Values
from components.leaks.exposed_key import planted_in_command
from components.objects.stack_mark import is_own_job, stack_of
from components.schedule.grammar import parse_schedule

_FINAL = {Reason.PLACEHOLDER, Reason.SCHEDULE, Reason.NAME}
"""Reasons after which nothing of a job can be kept, not even its SQL."""

_CHANGES = {Note.UNSET_SETTING, Note.STRIPS, Note.UNNAMED, Note.SAME_KEY}
"""Notes after which something is not as it was."""


def outcomes(
    rows: Iterable[CronRow], server: Server, keys: Keys, declared: Mapping[str, Job] | None = None
) -> Iterator[Outcome]:
    """What becomes of each job; ``declared`` are the jobs of the existing catalogue, by name."""
    declared = declared or {}
    taken = {*declared}
    seen: dict[tuple[str, str], Where] = {}
    rows = sorted(rows, key=lambda row: row.jobid)
    taken |= {row.name for row in rows if row.name}
    for row in rows:
        outcome = _Job(row, server, keys, declared, taken).outcome()
        taken.add(outcome.name)
        if outcome.job is not None:
            first = seen.setdefault((row.schedule, row.command.strip()), outcome.where)
            if first != outcome.where:
                same = Told(Note.SAME_AS, outcome.where, (first,))
                outcome = outcome._replace(notes=(*outcome.notes, same))
        yield outcome


class _Job:
    def __init__(
        self, row: CronRow, server: Server, keys: Keys, declared: Mapping[str, Job], taken: Collection[str]
    ) -> None:
        self._row, self._server, self._keys, self._declared = row, server, keys, declared
        self._where = Where(row.jobid, row.name or "")
        self._taken = taken
        self._notes: list[Told] = []

    def outcome(self) -> Outcome:
        """What becomes of the job."""
        if (skipped := self._skipped()) is not None:
            kind: Kind = "refused" if skipped.what in {Reason.ROLE, Reason.DATABASE} else "skipped"
            return Outcome(kind, self._where, self._row.name or "", reason=(skipped,))
        try:
            self._check()
            return self._unless_declared(self._as_request(Values(self._server.readers)))
        except (Unparsed, RecursionError) as exc:
            sentence = exc if isinstance(exc, Unparsed) else "an expression that is nested too deeply"
            self._note(Note.UNPARSED, GRAMMAR, sentence)
            reason = self._told(Reason.NO_CALL)
        except Broken as exc:
            self._note(Note.BROKEN, self._row.failure or exc)
            reason = self._told(exc.what, *exc.details)
        except NoCall as exc:
            reason = self._told(exc.what, *exc.details)
            if exc.what in _FINAL:
                return self._refused(reason)
            if self._row.failure:
                self._note(Note.BROKEN, self._row.failure)
        return self._unless_declared(self._as_sql(reason))

    def _unless_declared(self, outcome: Outcome) -> Outcome:
        """The outcome, unless the catalogue has a job without a name already, under the name that an import gave it."""
        if self._row.name or outcome.job is None:
            return outcome
        job = Job.model_validate(outcome.job)
        if any(
            (job.schedule, job.http, job.sql) == (its.schedule, its.http, its.sql) for its in self._declared.values()
        ):
            return Outcome("skipped", self._where, reason=(self._told(Reason.DECLARED_UNNAMED),))
        return outcome

    def _check(self) -> None:
        """Raise NoCall for a name or a schedule that no job of the catalogue has."""
        try:
            parse_schedule(self._row.schedule)
        except ValueError as exc:
            raise NoCall(Reason.SCHEDULE, exc) from None
        if self._row.name:
            job = {"description": "d", "schedule": "0 1 * * *", "sql": "SELECT 1"}
            for _, sentence in _problems({"jobs": {self._row.name: job}}):
                raise NoCall(Reason.NAME, sentence)

    def _refused(self, reason: Told) -> Outcome:
        return Outcome("refused", self._where, self._row.name or "", notes=tuple(self._notes), reason=(reason,))

    def _skipped(self) -> Told | None:
        row = self._row
        if row.database != self._server.database:
            return self._told(Reason.DATABASE, row.database)
        if row.role != self._server.role:
            return self._told(Reason.ROLE, row.role)
        if (stack := stack_of(row.command)) is not None:
            return self._told(Reason.OURS, stack.removesuffix(f"/{row.name}"))
        if row.name and is_own_job(row.name):
            return self._told(Reason.OWN_NAME)
        return self._told(Reason.DECLARED) if row.name in self._declared else None

    def _as_request(self, values: Values) -> Outcome:
        """The job as a request. Raises NoCall, Broken or Unparsed."""
        call = the_call(self._row.command, self._server.signatures)
        request = request_of(call, values)
        if self._row.failure is not None:
            raise Broken(Reason.EXPRESSION, "what fails")
        job, asks, lifted = self._request_entry(request)
        for name in dict.fromkeys(values.missing_ok):
            self._note(Note.UNSET_SETTING, name)
        for reader in dict.fromkeys(values.stripped_by):
            self._note(Note.STRIPS, reader)
        for place in lifted:
            self._note(Note.KEY_LIFTED, place.original, place.key)
            if place.original == QUERY:
                self._note(Note.QUERY)
        for place in asks:
            if self._keys.is_declared(place.key):
                self._note(Note.SAME_KEY, place.key)
        name = self._name(request)
        changed = any(note.what in _CHANGES for note in self._notes)
        return Outcome(
            "noted" if changed else "exact", self._where, name, job, (*self._notes, *self._warnings(job)), asks
        )

    def _request_entry(self, request: HttpRequest) -> tuple[dict[str, Any], tuple[Place, ...], tuple[Place, ...]]:
        request, lifted = lift(request, self._keys)
        http, asks = http_entry(request, self._keys)
        job = self._entry("http", http)
        for sentence in refusals(job, self._keys, asks):
            raise NoCall(Reason.CATALOGUE, sentence)
        return job, asks, lifted

    def _as_sql(self, reason: Told) -> Outcome:
        """The job with its SQL to the letter, or refused."""
        row = self._row
        job = self._entry("sql", row.command.strip())  # as it is compiled
        meant, asks = self._meant()
        if kinds := planted_in_command(row.command):
            refused = self._refused(self._told(Reason.KEY, " and ".join(kinds), reason.sentence))
            return refused._replace(meant=meant, asks=asks)
        for sentence in refusals(job, self._keys, ()):
            return self._refused(self._told(Reason.CATALOGUE, sentence))
        name = self._name(None)
        if meant is not None:
            self._note(Note.MEANT)
        if self._may_send():
            self._note(Note.UNKNOWN_REQUEST)
        notes = (*self._notes, *self._warnings(job))
        return Outcome("sql", self._where, name, job, notes, asks, (reason,), meant)

    def _meant(self) -> tuple[dict[str, Any] | None, tuple[Place, ...]]:
        """The request that a broken command was probably meant as, and its places."""
        if not any(note.what is Note.BROKEN for note in self._notes):
            return None, ()
        try:
            call = the_call(self._row.command, self._server.signatures)
            job, asks, _ = self._request_entry(request_of(call, Values(self._server.readers, as_meant=True)))
        except (NoCall, Unparsed, RecursionError):
            return None, ()
        return job, asks

    def _may_send(self) -> bool:
        own = {each.schema for each in self._server.signatures}
        try:
            called = [*walked_calls(statements(self._row.command))]
        except (Unparsed, RecursionError):
            return False
        return any(len(name) > 1 and name[0] not in {"pg_catalog", *own} for name in called)

    def _entry(self, action: str, value: object) -> dict[str, Any]:
        row = self._row
        entry: dict[str, Any] = {
            "description": f"Taken over from pg_cron, where it was job {row.jobid}.",
            "schedule": row.schedule,
        }
        if not row.active:
            entry["active"] = False
        if row.name:
            entry["adopt"] = True
        return entry | {action: value}

    def _name(self, request: HttpRequest | None) -> str:
        """The job's name, or a new one for a job without."""
        if self._row.name:
            return self._row.name
        last = str(request.url[-1]).partition("?")[0].rstrip("/").rpartition("/")[2] if request else ""
        stem = as_key(last).replace("_", "-")[:60] if last else f"job-{self._row.jobid}"
        name = stem if stem not in self._taken else f"{stem}-{self._row.jobid}"
        unschedule = sql.SQL("SELECT cron.unschedule({})").format(sql.Literal(self._row.jobid)).as_string()
        if not any(note.what is Note.UNNAMED for note in self._notes):
            self._note(Note.UNNAMED, name, unschedule)
        return name

    def _warnings(self, job: Mapping[str, Any]) -> Iterator[Told]:
        catalogue = Catalogue.model_validate({"jobs": {"j": job}})
        yield from (self._told(Note.WARNING, sentence) for sentence in catalogue.jobs["j"].warnings())

    def _note(self, what: Note, *details: object) -> None:
        self._notes.append(self._told(what, *details))

    def _told(self, what: Note | Reason, *details: object) -> Told:
        return Told(what, self._where, details)


def refusals(job: Mapping[str, Any], keys: Keys, asks: Iterable[Place]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The catalogue's objections to an entry, each with its place in it."""
    secrets = {place.key: keys.spec(place.key) for place in asks}
    for location, sentence in _problems({"secrets": secrets, "jobs": {"j": dict(job)}}):
        yield tuple(location[2:]), sentence


def _problems(data: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    try:
        return [(tuple(place), sentence) for place, sentence in Catalogue.model_validate(data).problems()]
    except ValidationError as exc:
        return problems(exc, Catalogue)
