"""The folders show the architecture: imports look downwards only, and nothing below the provider knows Pulumi."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
GROUND_UP: tuple[str, ...] = (
    *(
        "process",
        "errors",
        "sql",
        "leaks",
        "values",
        "database",
        "schedule",
        "objects",
        "catalogue",
        "declaration",
        "importing",
        "runs",
        "workflows",
    ),
    *("operations", "security", "report", "provider"),
)
"""What imports only what comes before it; the resource modules, the component and the stack stand above them all."""

RESOURCES = ("extension", "secret_store", "secret", "rotation", "grants", "run_ledger", "cron_job")
ABOVE = (*RESOURCES, "operators", "scheduled_jobs", "stack", "program")
LINES = 300
"""Lines of a module at most."""


class Import(NamedTuple):
    """An import of one of our modules, ``module`` dotted below components."""

    module: str
    at_top: bool


def room(path: Path) -> str:
    return path.relative_to(ROOT / "components").parts[0].removesuffix(".py")


def imports(path: Path, package: str) -> Iterator[Import]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [
                f"{node.module}.{alias.name}" if node.module.count(".") == 0 else node.module for alias in node.names
            ]
        yield from (Import(name, node in tree.body) for name in dict.fromkeys(names) if name.split(".")[0] == package)


MODULES = [
    path
    for path in (ROOT / "components").rglob("*.py")
    if path.parent != ROOT / "components" or path.stem != "__init__"
]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_looks_downwards(path: Path) -> None:
    here = room(path)
    assert here in (*GROUND_UP, *ABOVE), "name its place in GROUND_UP or ABOVE"
    for each in imports(path, "components"):
        there = each.module.split(".")[1]
        assert each.at_top, f"a lazy or typing-only import hides an arrow to {each.module}"
        if here in GROUND_UP:
            assert there in GROUND_UP[: GROUND_UP.index(here) + 1], f"looks up to {each.module}"


def test_a_package_has_no_side_effects() -> None:
    """Importing one runs nothing: its ``__init__`` has docstrings, imports and definitions alone."""
    harmless = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    for package in ("components", "cronctl", "devstack", "toolchain"):
        for path in (ROOT / package).rglob("__init__.py"):
            body = ast.parse(path.read_text(encoding="utf-8")).body
            steps = [step for step in body if not (isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant))]
            assert all(isinstance(step, harmless) for step in steps), path


def test_no_modules_import_each_other() -> None:
    arrows = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): {each.module for each in imports(path, "components")}
        for path in MODULES
    }
    while free := {name for name, targets in arrows.items() if not targets & arrows.keys()}:
        arrows = {name: targets for name, targets in arrows.items() if name not in free}
    assert arrows == {}


@pytest.mark.parametrize("folder", ["cronctl", *(f"components/{name}" for name in GROUND_UP if name != "provider")])
def test_nothing_below_the_provider_knows_pulumi(folder: str) -> None:
    place = ROOT / folder
    files = [*place.rglob("*.py")] if place.is_dir() else [place.with_suffix(".py")]
    assert files
    assert [path.name for path in files if [*imports(path, "pulumi")]] == []


@pytest.mark.parametrize("folder", ["components", "cronctl", "devstack", "toolchain"])
def test_a_module_fits_in_a_few_screens(folder: str) -> None:
    lengths = {path.name: len(path.read_text("utf-8").splitlines()) for path in (ROOT / folder).rglob("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines > LINES} == {}
