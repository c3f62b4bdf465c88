"""Which Python runs a project, from the runtime options in its Pulumi.yaml."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import HostError


@dataclass(frozen=True)
class Environment:
    """A project's virtual environment, or the machine's Python when the options name none."""

    folder: Path | None
    """The virtual environment's absolute folder."""

    @property
    def exists(self) -> bool:
        """Whether there is a Python to run: always true of the machine's."""
        return self.folder is None or (self.folder / "bin" / "python").is_file()

    def python(self) -> str:
        """Path or name of the interpreter. Raises ``HostError`` when the virtual environment is missing."""
        if self.folder is None:
            return machine_python()
        if not self.exists:
            raise HostError(f'virtual environment {self.folder} not found: make it with "pulumi install"')
        return str(self.folder / "bin" / "python")

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """What ``activate`` would have done to ``environ``."""
        if self.folder is None:
            return dict(environ)
        kept = {name: value for name, value in environ.items() if name != "PYTHONHOME"}
        path = os.pathsep.join(filter(None, [str(self.folder / "bin"), kept.get("PATH")]))
        return kept | {"PATH": path, "VIRTUAL_ENV": str(self.folder)}


def machine_python() -> str:
    """The Python outside of any project; ``PULUMI_PYTHON_CMD`` is the variable Pulumi's own host reads."""
    return os.environ.get("PULUMI_PYTHON_CMD") or "python3"


def resolve(root: str, options: Mapping[str, object]) -> Environment:
    """The environment that ``options`` (``virtualenv``, ``toolchain``) name for the project in folder ``root``.

    Raises ``HostError`` for a toolchain other than pip.
    """
    toolchain = options.get("toolchain") or "pip"
    if toolchain != "pip":
        raise HostError(
            f'toolchain "{toolchain}" in Pulumi.yaml is not known to this language host: set it to pip, '
            "or install Pulumi's own release"
        )
    virtualenv = options.get("virtualenv")
    return Environment(Path(root, str(virtualenv)) if virtualenv else None)
