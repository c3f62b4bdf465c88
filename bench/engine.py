"""What pulumi's operations cost with this project, above the engine's floor, and with a straightforward provider.

``python -m bench.engine`` (``make bench``) makes a dev stack of its own and, for 6, 100 and 1000 jobs, at 0 and 50 ms
round trip, times each operation of the three side by side. It prints a table, and writes
bench/results/engine.json and a plot.

With 1000 jobs nearly all the time goes into the state, which the engine writes before and after each step
(bench.floor). So they are measured a second time with the state written once, at the end, where that hides nothing;
and with the state written at each step only near, and without the straightforward provider, which would add half an
hour.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from bench.figures import RESULTS, print_table, write_figures
from bench.plot import plot
from bench.proxy import Proxy, proxied
from bench.stack import running
from components.catalogue.stack_config import load_config
from components.declaration.declared_objects import declare
from components.objects.args import Args
from components.objects.stack_mark import StackName

ROOT = Path(__file__).parent.parent
PROJECT = "supabase-cron"
STACK = "bench"
SUBJECTS = ("floor", "project", "naive")
OPERATIONS = ("first preview", "create", "preview", "refresh", "update of 1", "update of all", "destroy")
COLUMNS = ("operation", "jobs", "rtt_ms", "checkpoints", "floor_s", "project_s", "naive_s", "ratio", "round_trips")
"""What the table shows of a row."""

MANY = 100
"""Jobs above which the writing of the state hides everything else."""

AT_THE_END = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""The engine's environment for a state that is written once; what it did is lost if it does not get there."""

TIMEOUT = 900
STATE_SUFFIXES = {".json", ".gz", ".zst"}
ROLES = {"program": "pulumi-language-python-exec", "provider": "dynamic"}
"""What the command lines of program and dynamic provider hold."""

LOOK = 0.1
"""Seconds between two looks at the processes; each takes some of the time that the operation would have."""

SECRETS = {"supabase_url": "https://bench.supabase.co", "key": "k" * 40}


class Sample(NamedTuple):
    """One run of an operation: wall time in seconds, round trips, and the most memory of a process (bytes) by role."""

    seconds: float
    trips: int
    program: int
    provider: int


class Case(NamedTuple):
    """Under which circumstances all operations are measured."""

    jobs: int
    rtt_ms: int
    checkpoints: bool = True
    """Whether the state is written at each step, as the engine does by itself."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """Which are measured."""
        return SUBJECTS[:2] if self.checkpoints and self.jobs > MANY else SUBJECTS


def cases(jobs: Sequence[int], rtts_ms: Sequence[int]) -> Iterator[Case]:
    """All that are measured."""
    for number in jobs:
        if number > MANY:
            yield Case(number, rtts_ms[0])
        for rtt_ms in rtts_ms:
            yield Case(number, rtt_ms, checkpoints=number <= MANY)


def catalogue(jobs: int, schedules: Sequence[str]) -> dict[str, Any]:
    """A catalogue of so many jobs, the n-th with the n-th of the schedules, which are gone round."""
    http = {"url": "{supabase_url}/functions/v1/work", "auth": {"bearer": "key"}, "timeout": 15, "body": {"limit": 5}}
    return {
        "secrets": {
            "supabase_url": {"description": "The project's address.", "format": "url"},
            "key": {"description": "What the functions expect.", "format": "token"},
        },
        "jobs": {
            f"job-{n}": {"description": "Does its work.", "schedule": schedules[n % len(schedules)], "http": http}
            for n in range(jobs)
        },
    }


def variants(jobs: int) -> dict[str, dict[str, Any]]:
    """The catalogue at first, with one job changed, and with all of them."""
    return {
        "first": catalogue(jobs, ["0 1 * * *"]),
        "one": catalogue(jobs, ["0 2 * * *", *["0 1 * * *"] * (jobs - 1)]),
        "all": catalogue(jobs, ["0 3 * * *"]),
    }


def resources(folder: Path) -> list[dict[str, Any]]:
    """What the project declares for the catalogue in a folder, as data: name, inputs, and what each comes after."""
    config = load_config(
        {"secrets": SECRETS}, stack=StackName(PROJECT, STACK), root=folder, environment={}, now=datetime.now(UTC)
    )
    declared = declare(config)
    found: list[dict[str, Any]] = []

    def add(objects: Mapping[str, Args], *after: str) -> tuple[str, ...]:
        for name, args in objects.items():
            found.append({"name": name, "after": after, "props": {"name": name, **args.properties()}})
        return tuple(objects)

    extensions = add(declared.extensions)
    store = add({"secret-store": declared.store}, *extensions)
    rotation = add(declared.rotation, *store)
    add(declared.grants, *rotation)
    secrets = add(declared.secrets, *extensions, *store, *rotation)
    ledger = add({"run-ledger": declared.ledger}, *extensions, *store)
    add(declared.own_jobs, *ledger, *secrets)
    add(declared.jobs, *ledger, *secrets)
    return found


class Subject:
    """A project in a folder of its own, with a state of its own, that the engine is run on.

    ``setting`` is added to the environment of all commands, ``options`` to those of :meth:`run`; with ``small_inputs``
    a resource has no more than a name.
    """

    def __init__(
        self,
        kind: str,
        folder: Path,
        engine: str,
        conninfo: str,
        jobs: int,
        *,
        setting: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        small_inputs: bool = False,
    ) -> None:
        self.kind = kind
        self._folder = folder
        self._jobs = variants(jobs)
        self._options = options
        self._small_inputs = small_inputs
        (folder / "state").mkdir(parents=True)
        shutil.copy(ROOT / "Pulumi.yaml", folder / "Pulumi.yaml")
        for name in ("components", ".venv"):
            (folder / name).symlink_to(ROOT / name)
        if kind == "project":
            shutil.copy(ROOT / "__main__.py", folder)
        else:
            shutil.copy(ROOT / "bench" / "stacks" / "program.py", folder / "__main__.py")
            shutil.copy(ROOT / "bench" / "stacks" / "providers.py", folder)
        self._environment = {
            "PATH": f"{engine}:{ROOT / '.venv/bin'}:{os.environ['PATH']}",
            "HOME": str(folder),
            "PYTHONPATH": str(folder),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "SUPABASE_CRON_DATABASE_URL": conninfo,
            "BENCH_PROVIDER": kind,
            **(setting or {}),
        }
        self.declare("first")
        self._pulumi("stack", "init", STACK)
        values = [f"--secret=secrets.{key}={value}" for key, value in SECRETS.items()]
        self._pulumi("config", "set-all", "--path", *values, "--stack", STACK)

    def declare(self, variant: str) -> None:
        """Write a variant of the catalogue, and what it comes to for the others."""
        text = json.dumps(self._jobs[variant])  # which is YAML
        (self._folder / "jobs.yaml").write_text(text, encoding="utf-8")
        declared = resources(self._folder)
        if self._small_inputs:
            declared = [{**each, "props": {"name": each["name"]}} for each in declared]
        (self._folder / "resources.json").write_text(json.dumps(declared), encoding="utf-8")

    def time(self, operation: str, proxy: Proxy) -> Sample:
        """Run one operation and look at what it takes."""
        proxy.trips = 0
        seconds, memory = self.run(operation)
        return Sample(seconds, proxy.trips, memory["program"], memory["provider"])

    def run(self, operation: str) -> tuple[float, dict[str, int]]:
        """Run one operation: seconds, and the most memory of a process (bytes) by role."""
        command, variant = {
            "first preview": (["preview"], "first"),
            "create": (["up", "--yes", "--skip-preview"], "first"),
            "preview": (["preview"], "first"),
            "refresh": (["refresh", "--yes", "--skip-preview"], "first"),
            "update of 1": (["up", "--yes", "--skip-preview"], "one"),
            "update of all": (["up", "--yes", "--skip-preview"], "all"),
            "destroy": (["destroy", "--yes", "--skip-preview"], "all"),
        }[operation]
        self.declare(variant)
        return self._pulumi(*command, "--stack", STACK, *self._options)

    def state_bytes(self) -> int:
        """The size of the state's file, as it is stored; 0 where it is in none."""
        files = (self._folder / "state" / ".pulumi" / "stacks" / PROJECT).glob(f"{STACK}.json*")
        return max((path.stat().st_size for path in files if path.suffix in STATE_SUFFIXES), default=0)

    def _pulumi(self, *arguments: str) -> tuple[float, dict[str, int]]:
        with tempfile.TemporaryFile() as output:
            begun = time.perf_counter()
            with (
                subprocess.Popen(
                    ["pulumi", *arguments, "--non-interactive", "--color", "never"],
                    cwd=self._folder,
                    env=self._environment,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                ) as process,
                _peak_memory(process.pid) as memory,
            ):
                try:
                    process.wait(TIMEOUT)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise SystemExit("bench: an operation took too long") from None
                seconds = time.perf_counter() - begun
            if process.returncode:
                output.seek(0)
                text = output.read().decode()
                raise SystemExit(f"bench: pulumi {' '.join(arguments)} failed for {self.kind}\n{text}")
        return seconds, memory


@contextmanager
def _peak_memory(pid: int) -> Iterator[dict[str, int]]:
    """The most memory that program and provider below a process have until the end of the block, in resident bytes."""
    most = dict.fromkeys(ROLES, 0)
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK):
            for child in _children(pid):
                try:
                    line, peak = " ".join(child.cmdline()), _peak(child.pid)
                except (psutil.Error, OSError):
                    continue
                for role, mark in ROLES.items():
                    if mark in line:
                        most[role] = max(most[role], peak)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        ended.set()
        thread.join()


def _peak(pid: int) -> int:
    """The most memory that a process ever had, resident bytes; psutil tells what it has now."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
    return int(found[1]) * 1024 if found else 0  # none once it has ended


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def measure(case: Case, repeats: int, engine: str, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """One row an operation. Floor and project take turns, so that what else the machine does meets both of them.

    The straightforward provider comes after them, since its objects have the same names.
    """
    samples: dict[tuple[str, str], list[Sample]] = {}
    state = 0
    setting = {} if case.checkpoints else AT_THE_END
    with (
        running() as stack,
        proxied(stack.conninfo, case.rtt_ms / 1000) as (conninfo, proxy),
        tempfile.TemporaryDirectory() as folder,
    ):
        for repeat in range(repeats):
            made = {
                kind: Subject(kind, Path(folder) / f"{kind}-{repeat}", engine, conninfo, case.jobs, setting=setting)
                for kind in case.subjects
            }
            for kinds in (case.subjects[:2], case.subjects[2:]):
                for operation in OPERATIONS:
                    for kind in kinds:
                        say(f"{_case_name(case)}, {repeat + 1} of {repeats}: {operation}, {kind}")
                        samples.setdefault((operation, kind), []).append(made[kind].time(operation, proxy))
                        if (operation, kind) == ("create", "project"):
                            state = made[kind].state_bytes()
    return [_row(operation, case, samples, state) for operation in OPERATIONS]


def _case_name(case: Case) -> str:
    state = "" if case.checkpoints else ", state written at the end"
    return f"{case.jobs} jobs, {case.rtt_ms} ms{state}"


def _row(operation: str, case: Case, samples: Mapping[tuple[str, str], list[Sample]], state: int) -> dict[str, Any]:
    taken = {kind: samples.get((operation, kind), []) for kind in SUBJECTS}
    seconds = {kind: [round(each.seconds, 3) for each in found] for kind, found in taken.items()}
    medians = {kind: round(statistics.median(each), 3) if each else None for kind, each in seconds.items()}
    return {
        "operation": operation,
        "jobs": case.jobs,
        "rtt_ms": case.rtt_ms,
        "checkpoints": case.checkpoints,
        **{f"{kind}_s": median for kind, median in medians.items()},
        "ratio": round(statistics.median(seconds["project"]) / statistics.median(seconds["floor"]), 3),
        "spread": seconds,
        "round_trips": _trips(taken["project"]),
        "naive_round_trips": _trips(taken["naive"]),
        "program_mib": round(max(each.program for each in taken["project"]) / 2**20, 1),
        "provider_mib": round(max(each.provider for each in taken["project"]) / 2**20, 1),
        "state_bytes_per_job": round(state / case.jobs),
    }


def _trips(samples: Sequence[Sample]) -> int | None:
    return round(statistics.median(each.trips for each in samples)) if samples else None


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.engine", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--jobs", type=int, nargs="+", default=[6, 100, 1000])
    parser.add_argument("--rtt", type=int, nargs="+", default=[0, 50], help="round trips in milliseconds")
    parser.add_argument("--repeats", type=int, default=3, help=f"of up to {MANY} jobs; more are measured once")
    parser.add_argument("--output", type=Path, default=RESULTS / "engine.json")
    arguments = parser.parse_args()
    engine = ensure_engine()
    rows: list[dict[str, Any]] = []
    for case in cases(arguments.jobs, arguments.rtt):
        repeats = arguments.repeats if case.jobs <= MANY else 1
        rows += measure(case, repeats, engine, lambda text: print(f"bench: {text}", file=sys.stderr))
        write_figures(arguments.output, rows)  # what is measured stays, should somebody end the rest
    plot(rows, arguments.output.with_suffix(".svg"))
    print_table(rows, COLUMNS)


def ensure_engine() -> str:
    """The folder of the engine and its launchers, made if need be."""
    done = subprocess.run([sys.executable, "-m", "toolchain", "ensure"], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    main()
