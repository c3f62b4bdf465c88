"""What cronctl's commands of every day take, beside psql asking the same server one question.

``python -m bench.daily`` makes a dev stack and a project of its own. All take turns, with the database near and at
50 ms, and their round trips are counted on the way. It prints a table and writes bench/results/daily.json.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from bench.engine import ensure_engine
from bench.figures import RESULTS, print_table, write_figures
from bench.proxy import proxied
from bench.stack import SCHEMA, STACK, deployed
from components.catalogue.job import Job
from components.declaration.command import compile_command
from components.values.variables import URL_VARIABLE

ROOT = Path(__file__).parent.parent
RTTS_MS = (0, 50)
JOBS = 6
RUNS = 60

QUESTION = "SELECT jobname, schedule, active FROM cron.job"
COLUMNS = ("command", "url", "rtt_ms", "wall_ms", "cpu_ms", "psql_wall_ms", "psql_cpu_ms", "round_trips")

ENVIRONMENT, SECRET = "environment", "stack's secret"
"""Where a command has the database's url from."""

COMPLETE = (0, 1)
"""Exit statuses of a command that came to its end; 1 tells of what it found."""


class Command(NamedTuple):
    """A command line of cronctl's, and where it has the database's url from; None where it needs none."""

    arguments: tuple[str, ...]
    url: str | None = ENVIRONMENT


COMMANDS = (
    Command(("--help",), None),
    Command(("--version",), None),
    Command(("status", "--help"), None),
    *(Command((name,)) for name in ("status", "history", "failures", "next")),
    *(Command((name, "--stack", "plain")) for name in ("status", "history", "failures", "next")),
    Command(("status", "--stack", "secret"), SECRET),
    *(Command((name, "--stack", "plain")) for name in ("verify", "drift")),
    *(Command((name,)) for name in ("doctor", "report")),
)


class Sample(NamedTuple):
    """One run: milliseconds of wall time, of CPU of its process and of those that it started, and round trips."""

    wall: float
    cpu: float
    trips: int


class Project:
    """A project's folder with two stacks: the url of the one comes from the environment, of the other from a secret."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PATH": f"{engine}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder}",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        shutil.copy(ROOT / "Pulumi.yaml", folder)
        (folder / "jobs.yaml").write_text("secrets: {}\njobs: {}\n", encoding="utf-8")
        for stack in ("plain", "secret"):
            self._pulumi("stack", "init", stack)
            self._pulumi("config", "set", "schema", SCHEMA, "--stack", stack)

    def configure(self, conninfo: str) -> None:
        """Let the one stack's secret name a database."""
        self._pulumi("config", "set", "--secret", "databaseUrl", conninfo, "--stack", "secret")

    def run(self, command: Sequence[str], **environment: str) -> tuple[float, float]:
        """Run a command to its end: milliseconds of wall time and of CPU."""
        before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in COMPLETE:
            raise SystemExit(f"bench: {' '.join(command)} ended with {done.returncode}\n{done.stderr}")
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return wall * 1000, spent * 1000

    def _pulumi(self, *arguments: str) -> None:
        self.run(["pulumi", *arguments, "--non-interactive"])


def fill(superuser: psycopg.Connection, conninfo: str) -> None:
    """Jobs, and runs of theirs, of which some came to nothing."""
    http = {"url": "https://bench.test/work", "timeout": 15}
    job = Job.model_validate({"description": "Does its work.", "schedule": "0 1 * * *", "http": http})
    with psycopg.connect(conninfo, autocommit=True) as login:
        for number in range(JOBS):
            name = f"job-{number}"
            command = compile_command(name, job, stack=STACK, schema=SCHEMA)
            login.execute("SELECT cron.schedule(%s, '0 1 * * *', %s)", [name, command])
    superuser.execute(
        "INSERT INTO public.cron_runs (job, state, settled_at, status_code) "
        "SELECT 'job-' || n %% %s, CASE WHEN n %% 7 = 0 THEN 'failed' ELSE 'ok' END, now(), 200 "
        "FROM generate_series(1, %s) AS n",
        [JOBS, RUNS],
    )


def measure(project: Project, conninfo: str, rtt_ms: int, repeats: int) -> list[dict[str, Any]]:
    """One row a command; all of them and psql take turns."""
    samples: dict[Command, list[Sample]] = {}
    with proxied(conninfo, rtt_ms / 1000) as (far, proxy):
        project.configure(far)
        psql = Command(("psql", far, "--no-psqlrc", "--command", QUESTION))
        for turn in range(repeats + 1):
            for command in (psql, *(command for command in COMMANDS if command.url is not None or not rtt_ms)):
                named = {URL_VARIABLE: far} if command.url == ENVIRONMENT else {}
                cronctl = [] if command is psql else [sys.executable, "-m", "cronctl"]
                proxy.trips = 0
                wall, cpu = project.run([*cronctl, *command.arguments], **named)
                if turn:  # the first one compiles
                    samples.setdefault(command, []).append(Sample(wall, cpu, proxy.trips))
    peer = medians(samples.pop(psql))
    return [row(command, rtt_ms, medians(found), peer) for command, found in samples.items()]


def medians(samples: Sequence[Sample]) -> Sample:
    """The median of each figure."""
    wall, cpu, trips = (statistics.median(figures) for figures in zip(*samples, strict=True))
    return Sample(wall, cpu, round(trips))


def row(command: Command, rtt_ms: int, took: Sample, peer: Sample) -> dict[str, Any]:
    """A command's figures, beside psql's."""
    return {
        "command": " ".join(command.arguments),
        "url": command.url,
        "rtt_ms": rtt_ms if command.url else None,
        "wall_ms": round(took.wall),
        "cpu_ms": round(took.cpu),
        "psql_wall_ms": round(peer.wall),
        "psql_cpu_ms": round(peer.cpu),
        "round_trips": took.trips if command.url else None,
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.daily", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--output", type=Path, default=RESULTS / "daily.json")
    arguments = parser.parse_args()
    engine = ensure_engine()
    with deployed() as (stack, _, superuser), tempfile.TemporaryDirectory() as folder:
        fill(superuser, stack.conninfo)
        project = Project(Path(folder), engine)
        rows = [line for rtt in RTTS_MS for line in measure(project, stack.conninfo, rtt, arguments.repeats)]
    print_table(rows, COLUMNS)
    write_figures(arguments.output, rows)


if __name__ == "__main__":
    main()
