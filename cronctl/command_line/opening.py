"""How commands come to their target: what must be waited for begins first, and imports take place meanwhile."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from components.values.variables import URL_VARIABLE
from cronctl import late
from cronctl.engine_runs import engine_runs_end

if TYPE_CHECKING:
    from cronctl.declared_target import DeclaredTarget
    from cronctl.stack_values import AskedDeployment
    from cronctl.target import Target


@contextmanager
def open_target(stack: str | None, schema: str | None, project: Path) -> Iterator["Target"]:
    """The target of a command that only reads. Raises InvalidConfiguration or another Error."""
    with engine_runs_end():
        place = late.place.find_place(stack, project.resolve())  # the engine runs, where it is asked
        with late.target.opened(place, schema) as target:
            yield target


@contextmanager
def open_declared(
    stack: str | None, schema: str | None, project: Path, *, declared: bool = False
) -> Iterator["DeclaredTarget"]:
    """The target of a command that goes by what is declared, where a stack is named, or needed since ``declared``.

    Raises InvalidConfiguration or another Error.
    """
    asked = None
    with engine_runs_end():
        if stack is not None or declared or not os.environ.get(URL_VARIABLE):
            with late.stack_place.database_is_missed(stack):
                asked = late.stack_values.ask_values(stack, project.resolve())
        with late.declared_target.opened(asked, stack, schema) as target:
            yield target


@contextmanager
def open_deployment(stack: str | None, project: Path) -> Iterator["AskedDeployment"]:
    """What the engine is asked of a stack that is held against the database. Raises Error."""
    with engine_runs_end():
        yield late.stack_values.ask_deployment(stack, project.resolve())
