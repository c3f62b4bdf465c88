"""``cronctl lint``: the catalogue alone, without an engine, a stack or a database."""

from pathlib import Path
from typing import Annotated, Any

import typer

from components.catalogue.jobs_file import Catalogue
from components.catalogue.settings import Settings
from components.catalogue.stack_config import read_catalogue
from components.catalogue.yaml_source import read_source
from components.errors import InvalidConfiguration
from cronctl.declared import CATALOGUE
from cronctl.output import DIFFERS, print_json, print_line, say
from cronctl.target import JsonOption, ProjectOption


def lint(
    catalogue: Annotated[Path, typer.Argument(help="The catalogue's file, in the project's folder.")] = CATALOGUE,
    *,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """Check a catalogue as each preview does, as far as that takes no stack: no engine and no database is asked.

    What only a stack has, overrides and the secrets' values, is looked at by pulumi preview.

    Exit status: 0 no mistake (warnings allowed), 1 mistakes, 2 wrong command line or no such file.
    """
    path = project / catalogue
    if not path.is_file():
        raise typer.BadParameter(f"there is no file {path}; cronctl init writes one to begin with")
    found, mistakes = _read(path, project)
    warnings = found.warnings() if found else []
    if as_json:
        told: dict[str, Any] = {"catalogue": str(path), "valid": not mistakes, "problems": mistakes}
        print_json({**told, "warnings": warnings, "jobs": sorted(found.jobs) if found else []})
    else:
        for mistake in mistakes:
            print_line((mistake, "red"))
        for warning in warnings:
            print_line((f"warning: {warning}", "yellow"))
    if mistakes:
        say(f"{path}: {len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}", "red")
        raise typer.Exit(DIFFERS)
    if found:
        say(f"{path}: no mistake (jobs: {len(found.jobs)}, secrets: {len(found.secrets)})", "green")


def _read(path: Path, project: Path) -> tuple[Catalogue | None, list[str]]:
    try:
        return read_catalogue(read_source(path), Settings(), "the stack's file", project), []
    except InvalidConfiguration as exc:
        return None, list(exc.problems)
