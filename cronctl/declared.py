"""What is declared of jobs, where a stack says it or the project's folder has a catalogue."""

from collections.abc import Mapping
from pathlib import Path

from components.catalogue.job import Job
from components.catalogue.settings import Settings
from components.catalogue.stack_config import read_catalogue
from components.catalogue.yaml_source import read_source
from cronctl.command_line.options import CATALOGUE
from cronctl.declared_target import DeclaredTarget


def declared_jobs(target: DeclaredTarget, project: Path) -> Mapping[str, Job]:
    """The stack's jobs; without a stack those of the catalogue in the project's folder, if there is one.

    Raises InvalidConfiguration.
    """
    if target.config is not None:
        return target.config.catalogue.jobs
    path = project / CATALOGUE
    if not path.is_file():
        return {}
    return read_catalogue(read_source(path), Settings(), "the stack's file", project).jobs
