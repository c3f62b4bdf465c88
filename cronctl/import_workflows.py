"""``cronctl import workflows``: reads workflow files, prints what becomes of their calls, and writes the entries."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import typer

from components.catalogue.settings import Settings
from components.catalogue.stack_config import read_catalogue
from components.catalogue.yaml_source import read_source, source_of
from components.errors import Error, InvalidConfiguration
from components.importing.steps import Step
from components.workflows.call_outcome import Reading
from components.workflows.catalogue_check import checked
from components.workflows.entries import Entry, job_entry, with_entries
from components.workflows.moving import saved, steps
from components.workflows.outcome import Kind, Outcome, Told
from components.workflows.reading import read
from components.workflows.workflow import NoWorkflow, Workflow, read_workflow
from components.workflows.yaml_file import MAX_BYTES, NoYaml
from cronctl.import_output import print_diff, print_steps
from cronctl.output import DIFFERS, print_json, print_line, say
from cronctl.whole_file import write_whole

FOLDER = Path(".github/workflows")
KINDS: tuple[Kind, ...] = ("exact", "noted", "undecided", "refused")
_STYLES = {"exact": "green", "noted": None, "undecided": "yellow", "refused": "red"}


class _Plan(NamedTuple):
    """What an import would write: the catalogue's text before and after, the entries, and what stays outside."""

    path: Path
    before: str
    after: str
    written: list[Outcome]
    left: list[Outcome]
    there: list[Outcome]
    keys: frozenset[str]


def import_workflows(
    paths: Sequence[Path], project: Path, catalogue: Path, *, write: bool, force: bool, as_json: bool
) -> None:
    """Print what becomes of the calls of workflows, and write their entries where ``write`` says so.

    Ends with DIFFERS where a call is not carried over. Raises Error.
    """
    workflows, unread = _read(paths)
    reading = read(workflows)
    reading = Reading(checked(reading), reading.left_out, reading.secrets, reading.places)
    plan = _plan(project / catalogue, reading, force=force)
    if write and plan.after != plan.before:
        read_catalogue(source_of(plan.path, plan.after), Settings(), "the stack's file", project)  # refuses mistakes
        write_whole(plan.path, plan.after)
    done = _what_is_left(plan, reading, [workflow for workflow, _ in workflows])
    if as_json:
        print_json(_document(plan, reading, unread, done, is_written=write))
    else:
        _print(plan, reading, unread, done, is_written=write)
    if plan.left:
        raise typer.Exit(DIFFERS)


def _read(paths: Sequence[Path]) -> tuple[list[tuple[Workflow, str]], list[str]]:
    """The workflows of paths with their texts, and a sentence on each file of a folder that is none.

    Raises InvalidConfiguration for a path that is named and is none.
    """
    found: list[tuple[Workflow, str]] = []
    unread: list[str] = []
    for path in paths:
        problems: list[str] = []
        files = list(_files(path))
        for file in dict.fromkeys(files):
            try:
                found.append(_workflow(file))
            except InvalidConfiguration as exc:
                problems += exc.problems
        if problems and (path.is_file() or len(problems) == len(files)):
            raise InvalidConfiguration(problems)
        unread += problems
    return found, unread


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        folder = path / FOLDER if (path / FOLDER).is_dir() else path
        files = sorted(file for file in folder.iterdir() if file.suffix in {".yml", ".yaml"} and file.is_file())
        if not files:
            raise InvalidConfiguration([f"{path}: holds no workflow; name a file, {FOLDER}, or the folder around it"])
        yield from files
    elif path.exists():
        yield path
    else:
        raise InvalidConfiguration([f"{path}: there is no such file or folder"])


def _workflow(file: Path) -> tuple[Workflow, str]:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise NoWorkflow(f"is larger than {MAX_BYTES // 1000} kB, as no workflow is")  # noqa: TRY301
        text = file.read_text(encoding="utf-8-sig")
        return read_workflow(text, str(file), _in_repository(file)), text
    except (NoWorkflow, NoYaml) as exc:
        raise InvalidConfiguration([f"{file}: {exc}"]) from None
    except UnicodeDecodeError:
        raise InvalidConfiguration([f"{file}: is no UTF-8 text"]) from None
    except OSError as exc:
        raise InvalidConfiguration([f"{file}: cannot be read: {(exc.strerror or str(exc)).lower()}"]) from None


def _in_repository(file: Path) -> str:
    """The path of a workflow from its repository's root, or as it was named."""
    whole = file.resolve()
    return (FOLDER / whole.name).as_posix() if whole.parent.parts[-2:] == FOLDER.parts else file.as_posix()


def _plan(path: Path, reading: Reading, *, force: bool) -> _Plan:
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    data = _data(path) if before.strip() else {}
    jobs, defaults = data.get("jobs") or {}, data.get("defaults") or {}
    there = [outcome for outcome in reading.outcomes if outcome.job and _is_there(outcome, jobs)]
    rest = [outcome for outcome in reading.outcomes if outcome not in there]
    written = [outcome for outcome in rest if outcome.job and (force or outcome.kind in {"exact", "noted"})]
    left = [outcome for outcome in rest if outcome.kind not in {"exact", "noted"}]
    if taken := next((outcome.name for outcome in written if outcome.name in jobs), None):
        raise Error(f"{path}: has a job {taken!r} already, which replaces another workflow; rename one of them")
    needed = {place.key for outcome in written for place in outcome.asks}
    secrets = [
        Entry(key, spec)
        for key, spec in reading.secrets.items()
        if key in needed and key not in (data.get("secrets") or {})
    ]
    entries = [job_entry(outcome, defaults) for outcome in written]
    after = with_entries(before, str(path), secrets, entries) if entries else before
    return _Plan(path, before, after, written, left, there, frozenset(data.get("secrets") or {}))


def _data(path: Path) -> dict[Any, Any]:
    """The data of a catalogue that is right. Raises InvalidConfiguration for one that is not."""
    read_catalogue(read_source(path), Settings(), "the stack's file", path.parent)  # which takes the defaults out
    return read_source(path).data


def _is_there(outcome: Outcome, jobs: dict[str, Any]) -> bool:
    there = jobs.get(outcome.name)
    return isinstance(there, dict) and there.get("replaces") == (outcome.job or {}).get("replaces")


def _what_is_left(plan: _Plan, reading: Reading, workflows: list[Workflow]) -> list[Step]:
    same = [outcome for outcome in plan.written if outcome.kind in {"exact", "noted"}]
    keys = dict.fromkeys(place.key for outcome in plan.written for place in outcome.asks)
    places = [reading.places[key] for key in keys]
    return steps(places, same, workflows, plan.left, plan.keys) if plan.written else []


def _diff(plan: _Plan) -> list[str]:
    name = str(plan.path)
    return list(
        difflib.unified_diff(plan.before.splitlines(), plan.after.splitlines(), name, name, lineterm="")
        if plan.after != plan.before
        else []
    )


def _print(plan: _Plan, reading: Reading, unread: list[str], done: list[Step], *, is_written: bool) -> None:
    counts = Counter(outcome.kind for outcome in reading.outcomes)
    print_line((f"calls: {len(reading.outcomes)} ({', '.join(f'{counts[kind]} {kind}' for kind in KINDS)})", "bold"))
    for outcome in reading.outcomes:
        told = "is in the catalogue already" if outcome in plan.there else outcome.kind
        print_line((f"{told:10} ", _STYLES[outcome.kind]), (f"{outcome.where}: {outcome.name}", None))
        for each in (*outcome.reason, *outcome.notes):
            print_line((f"  {'why' if each in outcome.reason else 'note'}  {each.where}: {each.sentence}", None))
    for subject, each in reading.left_out:
        print_line(("left out   ", None), (f"{each.where}: {subject} {each.sentence}", None))
    for sentence in unread:
        print_line(("left out   ", None), (sentence, None))
    print_diff(_diff(plan))
    _print_steps(plan, done)
    if is_written and plan.after != plan.before:
        say(f"{plan.path} is written, with {len(plan.written)} more jobs", "green")
    elif plan.written:
        say("nothing is written yet; add --write", "yellow")
    if plan.left and not all(outcome in plan.written for outcome in plan.left):
        say("what is undecided or refused is not written; --force writes it paused where there is an entry", "yellow")


def _print_steps(plan: _Plan, done: list[Step]) -> None:
    if not done:
        return
    print_line(("what is left to do, in this order", "bold"))
    print_steps(done)
    gain = saved(outcome for outcome in plan.written if outcome.kind in {"exact", "noted"})
    print_line(
        (
            f"saved: {gain.starts} starts of runners in {gain.days} days, by these schedules; GitHub bills each as a "
            f"whole minute at least, so {gain.starts} minutes or more",
            None,
        )
    )
    print_line(
        (
            "delay: GitHub starts schedules every 5 minutes at most, later under load, and then a runner; pg_cron "
            "starts in the minute itself"
            + (f" ({gain.more_often} of these jobs are due more often)" if gain.more_often else ""),
            None,
        )
    )


def _document(
    plan: _Plan, reading: Reading, unread: list[str], done: list[Step], *, is_written: bool
) -> dict[str, Any]:
    counts = Counter(outcome.kind for outcome in reading.outcomes)
    gain = saved(outcome for outcome in plan.written if outcome.kind in {"exact", "noted"})
    return {
        "catalogue": str(plan.path),
        "written": is_written and plan.after != plan.before,
        "counts": {kind: counts[kind] for kind in KINDS},
        "calls": [_call(outcome, plan) for outcome in reading.outcomes],
        "left_out": [{"subject": subject, **_told(each)} for subject, each in reading.left_out]
        + [{"subject": sentence} for sentence in unread],
        "secrets": reading.secrets,
        "steps": [step._asdict() for step in done],
        "saved": gain._asdict(),
        "diff": "\n".join(_diff(plan)),
    }


def _told(told: Told) -> dict[str, Any]:
    return {"code": told.what.name.lower(), "file": told.where.file, "line": told.where.line, "sentence": told.sentence}


def _call(outcome: Outcome, plan: _Plan) -> dict[str, Any]:
    return {
        "kind": outcome.kind,
        "name": outcome.name,
        "subject": outcome.subject,
        "file": outcome.where.file,
        "line": outcome.where.line,
        "job": outcome.job,
        "notes": [_told(each) for each in outcome.notes],
        "reasons": [_told(each) for each in outcome.reason],
        "secrets": [place.key for place in outcome.asks],
        "in_catalogue": outcome in plan.there or (outcome in plan.written and plan.after == plan.before),
    }
