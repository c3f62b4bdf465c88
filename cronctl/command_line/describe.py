"""``cronctl describe``."""

from pathlib import Path

from cronctl import late
from cronctl.command_line.opening import open_declared
from cronctl.command_line.options import (
    DatabaseOption,
    JobArgument,
    JsonOption,
    ProjectOption,
    SchemaOption,
    StackOption,
)
from cronctl.output import errors_as_sentences


def describe(
    job: JobArgument,
    stack: StackOption = None,
    schema: SchemaOption = None,
    *,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
    project: ProjectOption = Path(),
) -> None:
    """One job in words: when it runs, what it sends and how it proves it, its policies, its next runs and its last one.

    What it sends is told as the stack declares it; without a stack, as the project's jobs.yaml does.

    Exit status: 0, 2 wrong command line, 3 it could not be found out.
    """
    with errors_as_sentences(), open_declared(stack, schema, project) as target:
        late.describe.describe(target, job, project, as_json=as_json)
