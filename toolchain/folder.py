"""Puts together the folder that goes on PATH: the engine with the two executables it looks for beside itself."""

import os
import shlex
from pathlib import Path


def assemble(engine: Path, host: Path, work: Path) -> Path:
    """Make the folder inside ``work`` from the built ``engine`` and ``host``, in the places where they will stay."""
    made = work / "bin"
    made.mkdir()
    os.link(engine / "pulumi", made / "pulumi")  # the engine resolves symbolic links, and then looks elsewhere
    run: list[str | Path] = [host / "bin" / "python", "-I", "-u", "-m"]
    write(made / "pulumi-language-python", [*run, "language_host", engine / "pulumi-language-python-exec"])
    write(
        made / "pulumi-resource-pulumi-python",
        [*run, "language_host.provider", engine / "pulumi-resource-pulumi-python"],
    )
    return made


def write(script: Path, command: list[str | Path]) -> None:
    """Write an executable shell script that becomes ``command`` with the arguments it is given."""
    script.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, command))} "$@"\n')
    script.chmod(0o755)
