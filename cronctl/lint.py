"""``cronctl lint``: the catalogue alone, without an engine, a stack or a database."""

from pathlib import Path
from typing import Any

import typer

from components.catalogue.jobs_file import Catalogue
from components.catalogue.settings import Settings
from components.catalogue.stack_config import read_catalogue
from components.catalogue.yaml_source import read_source
from components.errors import InvalidConfiguration
from cronctl.output import DIFFERS, print_json, print_line, say


def lint(path: Path, project: Path, *, as_json: bool) -> None:
    """Print what is wrong with a catalogue; ends with DIFFERS where there is a mistake."""
    catalogue, mistakes = _read(path, project)
    warnings = catalogue.warnings() if catalogue else []
    if as_json:
        verdict: dict[str, Any] = {"catalogue": str(path), "valid": not mistakes, "problems": mistakes}
        print_json({**verdict, "warnings": warnings, "jobs": sorted(catalogue.jobs) if catalogue else []})
    else:
        for mistake in mistakes:
            print_line((mistake, "red"))
        for warning in warnings:
            print_line((f"warning: {warning}", "yellow"))
    if mistakes:
        say(f"{path}: {len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}", "red")
        raise typer.Exit(DIFFERS)
    if catalogue:
        say(f"{path}: no mistake (jobs: {len(catalogue.jobs)}, secrets: {len(catalogue.secrets)})", "green")


def _read(path: Path, project: Path) -> tuple[Catalogue | None, list[str]]:
    try:
        return read_catalogue(read_source(path), Settings(), "the stack's file", project), []
    except InvalidConfiguration as exc:
        return None, list(exc.problems)
