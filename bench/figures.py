"""The document of a bench: its figures, and the machine that they were taken on."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "date": datetime.now(UTC).date().isoformat(),
    }


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print some columns of the rows, the first to the left; None is left out."""
    lines = [list(columns), *(["" if row[column] is None else str(row[column]) for column in columns] for row in rows)]
    first, *others = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for name, *cells in lines:
        print(f"{name:<{first}}", *(f"{cell:>{width}}" for cell, width in zip(cells, others, strict=True)), sep="  ")


def write_figures(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write ``{"machine": …, "rows": […]}``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2) + "\n", encoding="utf-8")
