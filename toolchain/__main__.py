"""Command line: ``python -m toolchain ensure`` or ``status``."""

import argparse
import os
import signal
import sys

from . import available, go, versions
from .cache import Cache
from .errors import ToolchainError
from .progress import say


def main() -> int:
    """Run one command; returns the exit code."""
    arguments = parser().parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _interrupt)
    try:
        return int(arguments.run())
    except ToolchainError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted: run it again to go on")
        return 130


def parser() -> argparse.ArgumentParser:
    """The commands and what they say of themselves."""
    top = argparse.ArgumentParser(prog="python -m toolchain", description="Makes the Pulumi engine available.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    about = "find the engine, download it or build it (about 5 minutes, once); prints the folder to put on PATH"
    commands.add_parser("ensure", help=about, description=about).set_defaults(run=ensure)
    about = "say where the engine is and what a build would use; exit code 1 when it has to be built"
    commands.add_parser("status", help=about, description=about).set_defaults(run=status)
    return top


def ensure() -> int:
    """Print the engine's folder, after building it where needed."""
    print(available.ensure(os.environ))
    return 0


def status() -> int:
    """Print what there is."""
    found = available.find(os.environ)
    compiler = go.on_path(os.environ)
    rows = {
        "engine": found or f"not built yet ({versions.ENGINE}): python -m toolchain ensure",
        "cache": Cache(os.environ).root,
        "go": compiler or f"none from {versions.OLDEST_GO} on: a build takes it from PyPI",
    }
    for name, value in rows.items():
        print(f"{name:<7} {value}")
    return 0 if found else 1


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
