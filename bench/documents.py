"""The figures in docs/scale.md, made from bench/results.

``python -m bench.documents`` prints them; with a file it renews the parts of it that stand between two marks, which
begin with ``<!-- measured: NAME``. ``make docs`` does that, and ``make check`` refuses a figure that is not the
results'.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from bench.figures import RESULTS
from components.values.generated_part import print_or_renew, renewed_between

Row = dict[str, Any]

SIZES = (6, 100, 1000)
STACKS = ("plain", "secret")
"""The names of bench.daily's stacks."""

OPERATIONS = {
    "first `pulumi up`": "create",
    "`pulumi preview` without a change": "preview",
    "`pulumi refresh`": "refresh",
}

SETTINGS = {
    "as it comes": ("as it comes", ""),
    "state written at the end": (
        "`PULUMI_EXPERIMENTAL=true PULUMI_SKIP_CHECKPOINTS=true`",
        "a crash loses what the state would have said of this update, see below",
    ),
    "10 stacks in turn": (
        "ten stacks of 100 jobs, one after the other",
        "a job that moves to another stack is removed there and made here",
    ),
    "zstd": (
        "`PULUMI_DIY_BACKEND_ZSTD=true`",
        "not for Pulumi Cloud; who has not set it reads it all the same, and writes it large",
    ),
    "gzip": ("`PULUMI_DIY_BACKEND_GZIP=true`", "the same"),
    "small inputs": (
        "resources with nothing but a name",
        "no way to run jobs, but the most that a shorter catalogue could bring",
    ),
    "no integrity check": (
        "`--disable-integrity-checking`",
        "a state that contradicts itself is noticed later, or never",
    ),
    "4 at once": ("`--parallel 4`", "nothing, and it brings nothing"),
    "64 at once": ("`--parallel 64`", "the same"),
    "state in PostgreSQL": ("`PULUMI_BACKEND_URL=postgres://…`", "see [shared state](#state-that-people-share)"),
    "state in PostgreSQL and zstd": (
        "the same with `PULUMI_DIY_BACKEND_ZSTD=true`",
        "as above; measured a while after the others",
    ),
}
"""What bench.floor measured with each setting: what sets it, and what it costs."""


def rows(name: str) -> list[Row]:
    """The figures of a bench."""
    found: list[Row] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))["rows"]
    return found


def figure(value: float) -> str:
    """A figure with two digits, or all before the point."""
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = (head, ["---"] * len(head), *body)
    return "".join(f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in cells)}|\n" for cells in lines)


def _operation(operation: str, jobs: int) -> Row:
    (found,) = [
        row
        for row in rows("engine")
        if (row["operation"], row["jobs"], row["rtt_ms"], row["checkpoints"]) == (operation, jobs, 0, True)
    ]
    return found


def operations() -> str:
    """What pulumi's operations take at each size."""
    head = ["measured (`make bench`), the database near", *(f"N = {jobs}" for jobs in SIZES)]
    body = [
        [title, *(f"{figure(_operation(name, jobs)['project_s'])} s" for jobs in SIZES)]
        for title, name in OPERATIONS.items()
    ]
    a_job = _operation("preview", SIZES[-1])["project_s"] / SIZES[-1]
    many = f"100,000 jobs {a_job * 100_000 / 60:.0f} minutes"
    return f"{table(head, body)}\nSo a preview takes some {figure(a_job * 1000)} ms a job, {many}.\n"


def settings() -> str:
    """What the engine's settings bring where 1000 resources are created."""
    measured = {row["setting"]: row for row in rows("floor")}
    body = [
        [
            title,
            figure(measured[name]["seconds"]),
            f"{measured[name]['state_bytes'] / 1e6:.1f} MB" if measured[name]["state_bytes"] else "",
            cost,
        ]
        for name, (title, cost) in SETTINGS.items()
    ]
    return table(["", "seconds", "state", "what it costs you"], body)


def sweeps() -> str:
    """What a sweep takes, by runs a minute, and those of a day on which nothing happens."""
    walls: dict[int, list[float]] = {}
    for row in rows("sweep"):
        walls.setdefault(row["runs_a_minute"], []).append(row["wall_s"])
    body = [[f"{runs:,}", *(f"{wall:.2f} s" for wall in measured)] for runs, measured in walls.items()]
    (idle,) = rows("idle")
    (run,) = [row for row in rows("run_wal") if row["job"] == "ledger"]
    return (
        table(["runs a minute, of which an hour is kept", "a sweep", "with 5 % that fail"], body)
        + f"\nMeasured with `bench.sweep`. Where nothing happens, a day of sweeps takes {idle['cpu_s']:.0f} s of CPU, "
        f"{idle['details_rows']} rows of\n`cron.job_run_details` and {idle['wal_bytes'] / 1e6:.1f} MB of WAL, "
        "pg_cron's own among them (`bench.idle`);\na job with `catch_up` adds another session a minute. A run writes "
        f"{run['ledger_bytes'] / 1000:.1f} kB into the write-ahead log\nbeside pg_cron's "
        f"{run['pg_cron_bytes'] / 1000:.1f} (`bench.run_wal`).\n"
    )


def firing() -> str:
    """What starting a job that queues a request takes."""
    measured = [row["fresh_cpu_ms"] for row in rows("firing") if row["statement"] != "bare"]
    least, most = round(min(measured)), round(max(measured))
    return (
        f"A job that queues a request costs the server a connection and a statement, together {least} to {most} ms of\n"
        f"CPU (measured, `bench.firing`): starting 1000 of them takes one core {least} to {most} s.\n"
    )


def commands() -> str:
    """What cronctl's commands take, near and far, beside psql."""
    measured = rows("daily")
    near = [row for row in measured if not row["rtt_ms"]]
    far = {(row["command"], row["url"]): row for row in measured if row["rtt_ms"]}
    body = [
        [
            f"`cronctl {' '.join('…' if word in STACKS else word for word in row['command'].split())}`",
            row["url"] or "",
            f"{row['cpu_ms']} ms",
            *(_beside_psql(each) for each in (row, far.get((row["command"], row["url"])))),
            str(row["round_trips"] or ""),
        ]
        for row in near
    ]
    head = ["measured (`bench.daily`)", "url from", "CPU", "near, psql = 1", "50 ms away, psql = 1", "round trips"]
    return table(head, body)


def _beside_psql(row: Row | None) -> str:
    return f"{row['wall_ms'] / row['psql_wall_ms']:.1f}" if row else ""


PARTS: dict[str, Callable[[], str]] = {
    "operations": operations,
    "settings": settings,
    "sweeps": sweeps,
    "firing": firing,
    "commands": commands,
}


def begin(name: str) -> str:
    """The mark before a part."""
    return f"<!-- measured: {name} (python -m bench.documents) -->\n"


def end(name: str) -> str:
    """The mark after it."""
    return f"<!-- end of measured: {name} -->\n"


def markdown() -> str:
    """Return all parts."""
    return "\n".join(begin(name) + part() + end(name) for name, part in PARTS.items())


def renewed(document: str) -> str:
    """Return a document with those parts renewed that it has. Raises ValueError where it lacks the end of one."""
    for name in re.findall(r"<!-- measured: (\w+) ", document):
        document = renewed_between(document, begin(name), end(name), PARTS[name]())
    return document


if __name__ == "__main__":
    print_or_renew(sys.argv[1:], markdown, renewed)
