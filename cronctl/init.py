"""``cronctl init``: a project to begin with, or a catalogue in a project that is there."""

import json
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.resources import files
from pathlib import Path

import yaml

from components.catalogue.jobs_file import schema_text
from components.errors import Error
from cronctl.command_line.options import CATALOGUE
from cronctl.output import say
from cronctl.whole_file import write_whole

DISTRIBUTION = "supabase-cron"

DECLARE = "from components.program import deploy; deploy(Path(__file__).parent)"
"""What a program needs to say, so that it declares the jobs of a catalogue."""


def init(catalogue: Path, project: Path) -> None:
    """Write what a folder lacks to have jobs: a catalogue, and a Pulumi project where there is none.

    Nothing that exists is touched, and nothing is written where something cannot be. Raises Error.
    """
    existing = _existing_program(project)
    new = {catalogue.as_posix(): _template("jobs.yaml")}
    if existing is None:
        name = project_name(project.resolve().name)
        new["Pulumi.yaml"] = _template("Pulumi.yaml").replace("scheduled-jobs", json.dumps(name), 1)
        new["__main__.py"] = _template("__main__.py")
        new["requirements.txt"] = requirement()
    _refuse_existing(new, catalogue, project)
    extras = {"jobs.schema.json": schema_text()} | ({".gitignore": _template("gitignore")} if existing is None else {})
    new |= {name: text for name, text in extras.items() if not (project / name).exists()}
    _write(project, new)
    for name in new:
        say(f"{project / name} is written", "green")
    if existing is not None and "components" not in existing:
        say(f"let the project's program declare them: {DECLARE}")
        say(f"and let its requirements.txt have: {requirement().splitlines()[-1]}")
    for line in _next(catalogue, is_new=existing is None):
        say(line)


def _next(catalogue: Path, *, is_new: bool) -> Iterator[str]:
    named = "" if catalogue == CATALOGUE else f" {catalogue}"
    yield "what to type next:"
    yield f"    cronctl lint{named}"
    if is_new:
        yield "    pulumi install"
    yield "    pulumi stack init production"
    if named:
        yield f"    pulumi config set catalogue{named}"
    yield "    pulumi config set --secret databaseUrl 'postgresql://postgres:PASSWORD@db.REF.supabase.co:5432/postgres'"
    yield "    pulumi config set --secret --path secrets.supabase_url 'https://REF.supabase.co'"
    yield "    pulumi config set --secret --path secrets.service_role_key 'eyJ…'"
    yield "    pulumi preview && pulumi up"


def project_name(folder: str) -> str:
    """A project's name by its folder's: Pulumi takes letters, digits, ``-``, ``_`` and ``.``, 100 of them at most."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", folder).strip("-.")[:100] or "scheduled-jobs"


def requirement() -> str:
    """What a requirements.txt says to install this project as it is installed here (PEP 610)."""
    try:
        origin = json.loads(distribution(DISTRIBUTION).read_text("direct_url.json") or "null")
    except PackageNotFoundError:
        raise Error("cronctl runs from a folder that is not installed; run: make setup") from None
    if origin is None:
        return f"{DISTRIBUTION}=={version(DISTRIBUTION)}\n"
    if (source := origin.get("vcs_info")) is not None:
        return f"{DISTRIBUTION} @ {source['vcs']}+{origin['url']}@{source['commit_id']}\n"
    is_here = origin["url"].startswith("file:")
    advice = "# A folder of this machine: name its repository here before others use the project.\n" if is_here else ""
    return f"{advice}{DISTRIBUTION} @ {origin['url']}\n"


def _template(name: str) -> str:
    return (files("cronctl") / "templates" / "project" / name).read_text(encoding="utf-8")


def _existing_program(project: Path) -> str | None:
    """The text of the program of the Pulumi project in a folder; None where there is no project.

    Raises Error for a program of another language, which cannot declare jobs.
    """
    found = next((path for name in ("Pulumi.yaml", "Pulumi.yml") if (path := project / name).is_file()), None)
    if found is None:
        return None
    try:
        runtime = yaml.load(found.read_text(encoding="utf-8"), yaml.CSafeLoader)["runtime"]
        language = runtime if isinstance(runtime, str) else runtime["name"]
    except (OSError, UnicodeError, yaml.YAMLError, KeyError, TypeError):
        raise Error(f"{found} cannot be read, or names no runtime; mend it first") from None
    if language != "python":
        raise Error(
            f"the program of {found} is for {language}, and a program for python declares the jobs; "
            f"make a project of its own for them: cronctl init --project {project / 'cron'}"
        )
    program = project / "__main__.py"
    return program.read_text(encoding="utf-8", errors="replace") if program.is_file() else ""


def _refuse_existing(names: dict[str, str], catalogue: Path, project: Path) -> None:
    for name in names:
        if (project / name).exists():
            its = name == catalogue.as_posix()
            advice = "another file, such as: cronctl init my-jobs.yaml" if its else "an empty folder with --project"
            raise Error(f"{project / name} exists already; name {advice}")


def _write(project: Path, texts: dict[str, str]) -> None:
    """Write all of the files, or none."""
    written: list[Path] = []
    try:
        project.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            write_whole(project / name, text, "name another folder with --project")
            written.append(project / name)
    except (OSError, Error) as exc:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(exc, Error):
            raise
        raise Error(f"{project} cannot be made: {(exc.strerror or str(exc)).lower()}") from None
