"""Run pulumi on the stacks of a fleet, one for each database, several at a time; a failing one holds up no other.

Run it in the project's folder, with stacks that are there (pulumi stack init NAME --no-select). It prints a line for
each that is done, then how many were. Exit status: 0 all, 1 one failed or it was interrupted, 2 a bad command line.
"""

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import yaml
from pulumi import automation
from pydantic import Field, TypeAdapter, ValidationError

OPERATIONS = ("preview", "up", "refresh", "destroy")

Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Fleet = dict[str, dict[Variable, Variable]]


class Outcome(NamedTuple):
    """What came of one stack."""

    ok: bool
    told: str


class Workspace(automation.LocalWorkspace):
    """Selects no stack: each command names its own, and the selection is one file, which all threads would write."""

    def select_stack(self, stack_name: str) -> None:
        pass


def read_fleet(path: Path) -> Fleet:
    """The stacks, each with the variables that pulumi gets and yours that hold their values; raises ValueError."""
    try:
        return TypeAdapter(Fleet).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:  # whose own text would quote what is there, and that may be a secret
        where = " ".join(map(str, error.errors()[0]["loc"]))
        raise ValueError(f"{path}: {where}: expected STACK: {{VARIABLE: YOUR_VARIABLE}}, names alone") from None
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"no fleet in {path}: {error}") from error


def run(operation: str, name: str, variables: Mapping[str, str], command: automation.PulumiCommand) -> Outcome:
    """Run an operation on a stack; whatever happens is its outcome."""
    if missing := [yours for yours in variables.values() if not os.environ.get(yours)]:
        return Outcome(False, f"not set: {', '.join(missing)}")
    values = {variable: os.environ[yours] for variable, yours in variables.items()}
    lines: list[str] = []
    listening: dict[str, Any] = {"on_output": lines.append, "on_error": lines.append, "color": "never"}
    stack = automation.Stack.select(name, Workspace(str(Path.cwd()), env_vars=values, pulumi_command=command))
    try:
        if operation == "preview":
            changes = stack.preview(**listening).change_summary
        else:
            changes = getattr(stack, operation)(**listening, show_secrets=False).summary.resource_changes
    except automation.CommandError:
        told = first_error(lines)
        for value in values.values():
            told = told.replace(value, "***")
        return Outcome(False, told)
    return Outcome(True, ", ".join(f"{count} {change}" for change, count in (changes or {}).items()))


def first_error(lines: Iterable[str]) -> str:
    """The first error that the engine tells the reason of, with what belongs to it, as one line."""
    stripped = [line.strip() for line in lines]
    begun = dropwhile(lambda line: not line.startswith("error: ") or line.endswith(" failed"), stripped)
    return " ".join(takewhile(bool, begun)).removeprefix("error: ") or "pulumi failed and did not say why"


def run_all(operation: str, fleet: Fleet, workers: int) -> list[str]:
    """Run an operation on all stacks and tell of each; returns those that failed."""
    command = automation.PulumiCommand()
    failed = []
    with ThreadPoolExecutor(workers) as pool:
        begun = {pool.submit(run, operation, name, fleet[name], command): name for name in fleet}
        try:
            for number, done in enumerate(as_completed(begun), start=1):
                name, outcome = begun[done], done.result()
                if not outcome.ok:
                    failed.append(name)
                state = "done" if outcome.ok else "FAILED"
                print(f"[{number}/{len(fleet)}] {name}: {operation} {state}: {outcome.told}", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # pulumi heard the same Ctrl-C and ends what is under way
            raise
    return failed


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("operation", choices=OPERATIONS)
    parser.add_argument("fleet", type=Path, help="the file that names the stacks, such as docs/scale/fleet.yaml")
    parser.add_argument("--workers", type=int, default=4, help="how many stacks at a time (default: %(default)s)")
    parser.add_argument("--only", nargs="+", metavar="STACK", help="these stacks alone, such as those that failed")
    asked = parser.parse_args(arguments)
    try:
        fleet = read_fleet(asked.fleet)
    except ValueError as error:
        parser.error(str(error))
    if unknown := set(asked.only or ()) - fleet.keys():
        parser.error(f"not in {asked.fleet}: {', '.join(sorted(unknown))}")
    chosen = {name: fleet[name] for name in asked.only or fleet}
    try:
        failed = run_all(asked.operation, chosen, max(asked.workers, 1))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 1
    print(f"{len(chosen) - len(failed)} of {len(chosen)} done" + (f"; failed: {' '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
