"""What the commands do: each module is imported when it is first asked for here.

So help, and what is wrong with a command line, is told without it, and what reads a database is imported while a
connection is made. This and the commands themselves (cronctl/command_line/group.py) are all that is imported late.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cronctl import (
        declared_target,
        describe,
        doctor,
        drift,
        export,
        history,
        import_database,
        import_workflows,
        init,
        job_commands,
        lint,
        logs,
        place,
        report,
        report_page,
        rotate,
        stack,
        stack_place,
        stack_values,
        status,
        target,
        verify,
    )

__all__ = [
    "declared_target",
    "describe",
    "doctor",
    "drift",
    "export",
    "history",
    "import_database",
    "import_workflows",
    "init",
    "job_commands",
    "lint",
    "logs",
    "place",
    "report",
    "report_page",
    "rotate",
    "stack",
    "stack_place",
    "stack_values",
    "status",
    "target",
    "verify",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module, of which mypy knows more from above
    if name not in __all__:
        raise AttributeError(name)
    return import_module(f"cronctl.{name}")
