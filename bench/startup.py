"""What importing the program and the provider costs above importing pulumi alone, and what ending the process does.

``python -m bench.startup`` starts an interpreter for each sample. It prints a table and writes
bench/results/startup.json.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.figures import RESULTS, print_table, write_figures

ROOT = Path(__file__).parent.parent
PULUMI = "import pulumi, pulumi.dynamic, dill"
SUBJECTS = {
    "pulumi": "pass",
    "program": (
        "from components.process import tune_process; tune_process()\n"
        "import components.catalogue.stack_config, components.scheduled_jobs, components.stack"
    ),
    "provider": (
        "import components.extension, components.objects.overview\n"
        "from components.process import tune_process; tune_process()"
    ),
}
"""What each imports after pulumi: the program what __main__.py does, the provider what its first request needs."""

CODE = """
import time
{pulumi}
begun = time.process_time()
{own}
print(time.process_time() - begun, time.time(), flush=True)
"""


class Sample(NamedTuple):
    """CPU seconds of the imports above pulumi's, and seconds from the program's last line to the process's end."""

    imports: float
    end: float


def sample(own: str) -> Sample:
    """One start of an interpreter, with compiled modules, as ``make setup`` leaves them."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", CODE.format(pulumi=PULUMI, own=own)]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    ended = time.time()
    imports, last = map(float, done.stdout.split())
    return Sample(imports, ended - last)


def row(subject: str, samples: Sequence[Sample]) -> dict[str, Any]:
    """The medians in milliseconds, and the least and the most of the imports."""
    imports = [each.imports * 1000 for each in samples]
    return {
        "subject": subject,
        "imports_ms": round(statistics.median(imports), 1),
        "spread_ms": [round(min(imports), 1), round(max(imports), 1)],
        "end_ms": round(statistics.median(each.end for each in samples) * 1000, 1),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.startup", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--output", type=Path, default=RESULTS / "startup.json")
    arguments = parser.parse_args()
    for own in SUBJECTS.values():
        sample(own)  # compiles
    samples: dict[str, list[Sample]] = {subject: [] for subject in SUBJECTS}
    for _ in range(arguments.repeats):  # taking turns
        for subject, own in SUBJECTS.items():
            samples[subject].append(sample(own))
    rows = [row(subject, found) for subject, found in samples.items()]
    print_table(rows, list(rows[0]))
    write_figures(arguments.output, rows)


if __name__ == "__main__":
    main()
