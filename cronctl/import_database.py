"""``cronctl import database``: reads the jobs of a database, says what becomes of each, and writes their entries."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

from components.catalogue.jobs_file import Catalogue
from components.catalogue.settings import Settings
from components.catalogue.stack_config import read_catalogue
from components.catalogue.yaml_source import read_source, source_of
from components.errors import Error, InvalidConfiguration
from components.importing.database import read_jobs, read_kept, read_server
from components.importing.entries import against_defaults, difference, with_entries
from components.importing.jobs import outcomes
from components.importing.keys import Keys
from components.importing.outcome import Kind, Note, Outcome, Told
from components.importing.steps import Step, steps
from cronctl.import_output import print_diff, print_steps
from cronctl.output import DIFFERS, print_json, print_line, say
from cronctl.target import Target
from cronctl.whole_file import write_whole

KINDS: tuple[Kind, ...] = ("exact", "noted", "sql", "refused", "skipped")
_STYLES: dict[Kind, str | None] = {"exact": "green", "noted": None, "sql": None, "refused": "red", "skipped": None}
_STACK_FILE = "the stack's file"


class _Plan(NamedTuple):
    """What an import would write: the catalogue's text before and after, and what is left to do."""

    path: Path
    before: str | None
    after: str | None
    outcomes: tuple[Outcome, ...]
    secrets: Mapping[str, Any]
    steps: tuple[Step, ...]

    @property
    def diff(self) -> str:
        """The change of the catalogue's text."""
        return difference(self.before, self.after, self.path.name) if self.after is not None else ""


def import_database(target: Target, project: Path, catalogue: Path, *, write: bool, force: bool, as_json: bool) -> None:
    """Print what becomes of the jobs of a database, and write their entries where ``write`` says so.

    Ends with DIFFERS where a job is refused. Raises Error.
    """
    plan = _plan(target, project / catalogue, force=force)
    is_written = write and plan.after is not None
    if is_written:
        write_whole(plan.path, plan.after or "", "name another file with --catalogue")
    if as_json:
        print_json(_document(plan, is_written=is_written))
    else:
        _print(plan, is_written=is_written)
    if any(outcome.kind == "refused" for outcome in plan.outcomes):
        raise typer.Exit(DIFFERS)


def _plan(target: Target, path: Path, *, force: bool) -> _Plan:
    before, declared, defaults = _existing(path)
    server = read_server(target.database)
    kept_specs = {key: spec.model_dump(mode="json", exclude_unset=True) for key, spec in declared.secrets.items()}
    keys = Keys(kept_specs)
    found = tuple(
        _forced(outcome) if force else outcome
        for outcome in outcomes(read_jobs(target.database, server), server, keys, declared.jobs)
    )
    jobs = {outcome.name: outcome.job for outcome in found if outcome.job is not None}
    asked = dict.fromkeys(
        place.key for outcome in found if outcome.job and "http" in outcome.job for place in outcome.asks
    )
    secrets = {key: keys.spec(key) for key in asked if key not in declared.secrets}
    comments = {outcome.name: _comments(outcome) for outcome in found if outcome.job is not None}
    after = _written(before, path, (secrets, kept_specs), jobs, defaults, comments=comments) if jobs else None
    kept = read_kept(target.database, target.schema)
    return _Plan(path, before, after, found, secrets, tuple(steps(found, secrets, kept)))


_IN_FILE = {Note.BROKEN, Note.UNPARSED, Note.UNNAMED, Note.STRIPS, Note.UNSET_SETTING, Note.SAME_KEY}
"""Notes that stand above an entry."""


def _comments(outcome: Outcome) -> list[str]:
    """The sentences that stand above an entry: why it is no request, and what is not as it was."""
    if outcome.job is outcome.meant:
        return ["not what the command in the database does, which fails as it is written, but what it probably meant"]
    why = [f"sql, since {told.sentence}" for told in outcome.reason]
    return why + [f"it {told.sentence}" for told in outcome.notes if told.what in _IN_FILE]


def _forced(outcome: Outcome) -> Outcome:
    """The outcome with the request that was probably meant."""
    return outcome if outcome.meant is None else outcome._replace(kind="noted", job=outcome.meant)


def _existing(path: Path) -> tuple[str | None, Catalogue, Mapping[str, Any]]:
    """The text of a catalogue, what it declares and its defaults. Raises InvalidConfiguration for one with mistakes."""
    if not path.exists():
        return None, Catalogue(), {}
    source = read_source(path)
    defaults = source.data.get("defaults") or {}
    catalogue = read_catalogue(source, Settings(), _STACK_FILE, path.parent)
    return path.read_text(encoding="utf-8"), catalogue, defaults


def _written(
    before: str | None,
    path: Path,
    secrets: tuple[Mapping[str, Any], Mapping[str, Any]],
    jobs: Mapping[str, Any],
    defaults: Mapping[str, Any],
    *,
    comments: Mapping[str, Sequence[str]],
) -> str:
    """The catalogue's text with new entries, which say the same there as they do alone. Raises Error.

    ``secrets`` are the new ones and those that are there.
    """
    new, kept = secrets
    entries = {
        name: against_defaults(job, {key: value for key, value in defaults.items() if key != "http" or "http" in job})
        for name, job in jobs.items()
    }
    text = with_entries(before, new, entries, comments)
    read = _read(path, text)
    alone = Catalogue.model_validate({"secrets": {**kept, **new}, "jobs": jobs})
    for name, job in alone.jobs.items():
        if read.jobs[name] != job:
            raise Error(
                f"{path}: its defaults would change the job {name!r}; let it have none while the import writes, or "
                "write that job by hand"
            )
    return text


def _read(path: Path, text: str) -> Catalogue:
    """The catalogue that a text would be. Raises InvalidConfiguration."""
    try:
        return read_catalogue(source_of(path, text), Settings(), _STACK_FILE, path.parent)
    except InvalidConfiguration as exc:
        raise InvalidConfiguration(f"with the imported jobs, {problem}" for problem in exc.problems) from None


def _print(plan: _Plan, *, is_written: bool) -> None:
    counts = Counter(outcome.kind for outcome in plan.outcomes)
    told = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts[kind] or kind != "skipped")
    print_line((f"jobs: {len(plan.outcomes)} ({told})", "bold"))
    for outcome in plan.outcomes:
        new = f", as {outcome.name!r}" if outcome.name and not outcome.where.name else ""
        print_line((f"{outcome.kind:8} ", _STYLES[outcome.kind]), (f"{outcome.where}{new}", None))
        for word, each in _told(outcome):
            print_line((f"  {word:4}  it {each.sentence}" if word == "note" else f"  {word:4}  {each.sentence}", None))
        for line in _meant_lines(outcome):
            print_line((f"  {line}", None))
    print_diff(plan.diff.splitlines())
    print_steps(plan.steps)
    if is_written:
        say(f"{plan.path} is written, with {_many(plan.outcomes)} more", "green")
    elif plan.after is not None:
        say("nothing is written yet; add --write", "yellow")
    else:
        say("there is nothing to write", "yellow")


def _many(found: Iterable[Outcome]) -> str:
    jobs = sum(outcome.job is not None for outcome in found)
    return f"{jobs} job{'' if jobs == 1 else 's'}"


def _told(outcome: Outcome) -> Iterator[tuple[str, Told]]:
    yield from (("why", each) for each in outcome.reason)
    yield from (("note", each) for each in outcome.notes)


def _meant_lines(outcome: Outcome) -> list[str]:
    if outcome.meant is None or outcome.job == outcome.meant:
        return []
    return with_entries("# probably meant:\n", {}, {outcome.name or "job": outcome.meant}).splitlines()


def _document(plan: _Plan, *, is_written: bool) -> dict[str, Any]:
    counts = Counter(outcome.kind for outcome in plan.outcomes)
    return {
        "catalogue": str(plan.path),
        "written": is_written,
        "counts": {kind: counts[kind] for kind in KINDS},
        "jobs": [_job(outcome) for outcome in plan.outcomes],
        "secrets": dict(plan.secrets),
        "steps": [step._asdict() for step in plan.steps],
        "diff": plan.diff,
    }


def _job(outcome: Outcome) -> dict[str, Any]:
    def told(each: Told) -> dict[str, str]:
        return {"code": each.what.name.lower(), "sentence": each.sentence}

    return {
        "kind": outcome.kind,
        "jobid": outcome.where.jobid,
        "name": outcome.name,
        "was_named": bool(outcome.where.name),
        "job": outcome.job,
        "meant": outcome.meant,
        "notes": [told(each) for each in outcome.notes],
        "reasons": [told(each) for each in outcome.reason],
        "secrets": [place.key for place in outcome.asks],
    }
