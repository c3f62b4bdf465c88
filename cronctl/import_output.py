"""What every import prints: the change of the catalogue, and the steps that are left."""

from collections.abc import Iterable

from components.importing.steps import Step
from cronctl.output import print_line


def print_diff(lines: Iterable[str]) -> None:
    """Print the lines of a unified diff, those that come green and those that go red."""
    for line in lines:
        print_line((line, "green" if line.startswith("+") else "red" if line.startswith("-") else None))


def print_steps(steps: Iterable[Step]) -> None:
    """Print numbered steps, each with its commands below it."""
    for number, step in enumerate(steps, 1):
        print_line((f"{number}. {step.why}", None))
        for command in step.commands:
            print_line((f"   {command}", None))
