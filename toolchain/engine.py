"""Builds the engine from its pinned Go module, and takes Pulumi's launchers for Python from the module beside it."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from . import go
from .cache import ENGINE_MODULE
from .command import Commands
from .errors import ToolchainError
from .progress import Step
from .versions import ENGINE

PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK = "github.com/pulumi/pulumi/sdk/v3"
VERSION_VARIABLE = f"{SDK}/go/common/version.Version"
LAUNCHERS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
"""Files of the SDK's Go module: what runs a program and what runs its dynamic providers (Apache-2.0)."""

SPACE = 5 << 30
"""Bytes a build takes for as long as it runs: modules 1.5, compiled packages 1.7, Go 0.3, rounded up."""


def build(commands: Commands, environ: Mapping[str, str], python: Path, work: Path) -> Path:
    """Make a folder with ``pulumi`` and its launchers inside ``work``.

    ``python`` is an interpreter with pip, for when the machine has no Go. Raises ``ToolchainError``.
    """
    check_space(work)
    compiler = go.on_path(environ) or go.from_pypi(commands, python, work / "go")
    env = go.variables(work)

    def run(step: Step, *arguments: str | Path, advice: str, detail: Callable[[str], str]) -> str:
        command = [compiler, *arguments]
        return commands.run(step, command, cwd=ENGINE_MODULE, env=env, advice=advice, detail=detail)

    with Step("fetching the engine's modules") as step:
        network = "check the way to the Go module proxy (GOPROXY, HTTPS_PROXY)"
        packages = run(step, "list", "-deps", PACKAGE, advice=network, detail=fetched).split()
        sdk = run(step, "list", "-m", "-f", "{{.Dir}}", SDK, advice=network, detail=fetched).strip()

    made = work / "engine"
    with Step("compiling the engine", "about 5 minutes on 2 cores, once for this version") as step:
        run(
            step,
            *("build", "-v", "-ldflags", f"-s -w -X {VERSION_VARIABLE}=v{ENGINE}", "-o", made / "pulumi", PACKAGE),
            advice="run it again, with 2 GB of memory to spare",
            detail=lambda written: f"{len(written.splitlines())} of {len(packages)} packages",
        )
        for launcher in LAUNCHERS:
            copied = Path(shutil.copy(Path(sdk, launcher), made))
            copied.chmod(0o755)  # the module cache keeps no x bit
    return made


def check_space(folder: Path) -> None:
    """Raise ``ToolchainError`` when the disk of ``folder`` is too full to build on."""
    free = shutil.disk_usage(folder).free
    if free < SPACE:
        raise ToolchainError(
            f"building the engine needs {SPACE >> 30} GB of disk for a while, but {folder.parent} "
            f"has {free / (1 << 30):.1f} GB free: make room, or set XDG_CACHE_HOME to a larger disk"
        )


def fetched(written: str) -> str:
    """How many modules have been downloaded, from what Go wrote."""
    return f"{written.count('go: downloading')} modules"
