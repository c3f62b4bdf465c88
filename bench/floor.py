"""What makes the engine's own time with many resources, and what of it a setting takes away.

``python -m bench.floor`` creates resources of a provider that does nothing, once with each of the settings that people
can choose. It prints a table and writes bench/results/floor.json. With 1000 jobs, most rows take a minute or two.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench.engine import AT_THE_END, Subject, ensure_engine
from bench.figures import RESULTS, print_table, write_figures
from bench.stack import running
from devstack import Stack

POSTGRES = "postgres"
"""Stands for a database of the bench's own as the backend."""


class Setting(NamedTuple):
    """A way to run the engine: its environment and options, how many stacks share the jobs, and what a resource has."""

    name: str
    environment: Mapping[str, str] = {}
    options: Sequence[str] = ()
    stacks: int = 1
    small_inputs: bool = False


SETTINGS = (
    Setting("as it comes"),
    Setting("4 at once", options=["--parallel=4"]),
    Setting("64 at once", options=["--parallel=64"]),
    Setting("small inputs", small_inputs=True),
    Setting("gzip", {"PULUMI_DIY_BACKEND_GZIP": "true"}),
    Setting("zstd", {"PULUMI_DIY_BACKEND_ZSTD": "true"}),
    Setting("no integrity check", options=["--disable-integrity-checking"]),
    Setting("state written at the end", AT_THE_END),
    Setting("state in PostgreSQL", {"PULUMI_BACKEND_URL": POSTGRES}),
    Setting("state in PostgreSQL and zstd", {"PULUMI_BACKEND_URL": POSTGRES, "PULUMI_DIY_BACKEND_ZSTD": "true"}),
    Setting("10 stacks in turn", stacks=10),
)


def measure(setting: Setting, jobs: int, engine: str, stack: Stack) -> dict[str, Any]:
    """Create the resources of so many jobs: seconds, and bytes of state."""
    environment = {**setting.environment}
    if environment.get("PULUMI_BACKEND_URL") == POSTGRES:
        environment |= _state_database(stack)
    with tempfile.TemporaryDirectory() as folder:
        subjects = [
            Subject(
                "floor",
                Path(folder) / str(number),
                engine,
                stack.conninfo,
                jobs // setting.stacks,
                setting=environment,
                options=setting.options,
                small_inputs=setting.small_inputs,
            )
            for number in range(setting.stacks)
        ]
        seconds = sum(subject.run("create")[0] for subject in subjects)
        state = sum(subject.state_bytes() for subject in subjects)
    return {"setting": setting.name, "jobs": jobs, "seconds": round(seconds, 1), "state_bytes": state or None}


def _state_database(stack: Stack) -> dict[str, str]:
    """A backend of its own, and the password for it."""
    with psycopg.connect(stack.superuser_conninfo, autocommit=True) as superuser:
        superuser.execute("DROP DATABASE IF EXISTS pulumi_state")
        superuser.execute("CREATE DATABASE pulumi_state")
    near = conninfo_to_dict(stack.superuser_conninfo)
    url = f"postgres://{near['user']}@{near['host']}:{near['port']}/pulumi_state?sslmode=disable"
    return {"PULUMI_BACKEND_URL": url, "PGPASSWORD": str(near.get("password", ""))}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.floor", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--jobs", type=int, default=1000)
    names = [setting.name for setting in SETTINGS]
    parser.add_argument("--settings", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--output", type=Path, default=RESULTS / "floor.json")
    arguments = parser.parse_args()
    engine = ensure_engine()
    rows: list[dict[str, Any]] = []
    with running() as stack:
        for setting in (each for each in SETTINGS if each.name in arguments.settings):
            print(f"bench: {setting.name}", file=sys.stderr)
            rows.append(measure(setting, arguments.jobs, engine, stack))
            write_figures(arguments.output, rows)
    compared = [{**row, "ratio": round(row["seconds"] / rows[0]["seconds"], 2)} for row in rows]
    print_table(compared, ("setting", "jobs", "seconds", "ratio", "state_bytes"))


if __name__ == "__main__":
    main()
