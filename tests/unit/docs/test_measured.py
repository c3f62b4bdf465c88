"""The figures of docs/scale.md are those of bench/results."""

from pathlib import Path

import pytest

from bench.documents import PARTS, begin, end, renewed

SCALE = Path(__file__).parents[3] / "docs" / "scale.md"


def test_a_figure_that_is_not_the_results_is_seen() -> None:
    document = SCALE.read_text(encoding="utf-8")
    assert renewed(document) == document
    for name in PARTS:
        assert document.count(begin(name)) == document.count(end(name)) == 1
    assert renewed(document.replace("rows of\n`cron.job_run_details`", "columns")) == document


def test_a_part_needs_its_end() -> None:
    with pytest.raises(ValueError, match="end of measured: settings"):
        renewed(begin("settings"))
