"""Time against the number of jobs; ``python -m bench.plot`` draws bench/results/engine.json again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from bench.figures import RESULTS

COLUMNS = 4
COLORS = {"floor": "tab:gray", "project": "tab:blue", "naive": "tab:orange"}
STYLES = ("-", "--", ":")
"""Of the round trips, from the shortest."""

MARKERS = {True: ".", False: "x"}
"""Of a state that is written at each step, and at the end."""


class Line(NamedTuple):
    """One subject under the same circumstances; seconds by the number of jobs."""

    label: str
    seconds: Mapping[int, float]
    color: str
    style: str
    marker: str


def plot(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw the rows of bench.engine: medians in seconds, both axes logarithmic; the format is the path's suffix."""
    operations = list(dict.fromkeys(row["operation"] for row in rows))
    jobs = sorted({row["jobs"] for row in rows})
    lines = -(-len(operations) // COLUMNS)
    figure = Figure(figsize=(16, 4 * lines), layout="constrained")
    panels = figure.subplots(lines, COLUMNS, squeeze=False, sharex=True).flat
    for operation, panel in zip(operations, panels, strict=False):
        for line in _lines([row for row in rows if row["operation"] == operation]):
            panel.loglog(
                list(line.seconds),
                list(line.seconds.values()),
                line.style,
                color=line.color,
                marker=line.marker,
                label=line.label,
            )
        panel.set(title=operation, xlabel="jobs", ylabel="seconds")
        panel.set_xticks(jobs, labels=map(str, jobs), minor=False)
        panel.xaxis.set_minor_formatter("")
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter("{x:g}")
        panel.grid(visible=True, which="both", alpha=0.2)
    for panel in list(panels):
        panel.set_axis_off()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower right")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _lines(rows: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    trips = sorted({row["rtt_ms"] for row in rows})
    for (rtt, style), (checkpoints, marker) in product(zip(trips, STYLES, strict=False), MARKERS.items()):
        alike = [row for row in rows if (row["rtt_ms"], row["checkpoints"]) == (rtt, checkpoints)]
        for subject, color in COLORS.items():
            seconds = {row["jobs"]: row[f"{subject}_s"] for row in alike if row[f"{subject}_s"] is not None}
            if seconds:
                label = f"{subject}, {rtt} ms" + ("" if checkpoints else ", state at the end")
                yield Line(label, seconds, color, style, marker)


if __name__ == "__main__":
    figures = json.loads((RESULTS / "engine.json").read_text(encoding="utf-8"))
    plot(figures["rows"], RESULTS / "engine.svg")
