"""Time against the number of jobs; ``python -m bench.plot`` draws bench/results/engine.json again."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from bench.figures import RESULTS

COLUMNS = 4
LINES = {"floor": "tab:gray", "project": "tab:blue", "naive": "tab:orange"}
STYLES = ("-", "--", ":")
"""Of the round trips, from the shortest."""


def plot(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw the rows of bench.engine: medians in seconds, both axes logarithmic; the format is the path's suffix."""
    operations = list(dict.fromkeys(row["operation"] for row in rows))
    trips = sorted({row["rtt_ms"] for row in rows})
    figure = Figure(figsize=(16, 4 * -(-len(operations) // COLUMNS)), layout="constrained")
    panels = figure.subplots(-(-len(operations) // COLUMNS), COLUMNS, squeeze=False, sharex=True).flat
    for operation, panel in zip(operations, panels, strict=False):
        for rtt, style in zip(trips, STYLES, strict=False):
            measured = [row for row in rows if (row["operation"], row["rtt_ms"]) == (operation, rtt)]
            jobs = [row["jobs"] for row in measured]
            for subject, color in LINES.items():
                panel.loglog(
                    jobs,
                    [row[f"{subject}_s"] for row in measured],
                    style,
                    color=color,
                    marker=".",
                    label=f"{subject}, {rtt} ms",
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


if __name__ == "__main__":
    figures = json.loads((RESULTS / "engine.json").read_text(encoding="utf-8"))
    plot(figures["rows"], RESULTS / "engine.svg")
