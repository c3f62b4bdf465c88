"""What the documentation names is there: files, targets of make, functions and fields of the code."""

import re
from pathlib import Path

import pytest

from components.objects.our_functions import LEDGER_FUNCTIONS, ROTATION_FUNCTIONS, STORE_FUNCTIONS
from tests.unit.docs.pages import PAGES, ROOT

NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
FOLDERS = ("components", "cronctl", "docs", "tests", "bench", "devstack", "toolchain", ".ci", ".github")
MAINTAINERS = [ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md"]
SQL = {path.name for path in (ROOT / "components" / "sql").glob("*/*.sql")}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def quoted(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", MAINTAINERS, ids=lambda page: page.name)
def test_each_file_that_is_named_is_there(page: Path) -> None:
    paths = [each for each in quoted(page) if each.startswith(tuple(f"{folder}/" for folder in FOLDERS))]
    assert len(paths) > 3
    for path in paths:
        if not re.search(r"[<*{ ]", path):
            assert (ROOT / path).exists(), f"{page.name} names {path}, which is not there"
    for name in quoted(page):
        if re.fullmatch(r"\w+\.sql", name):
            assert name in SQL, f"{page.name} names {name}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_each_target_that_is_named_is_one(page: Path) -> None:
    named = re.findall(r"(?:`|^)make ([a-z][a-z-]*)(?=[` ]|$)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) <= TARGETS


def test_each_function_that_the_architecture_names_is_ours() -> None:
    ours = {each.name for each in (*STORE_FUNCTIONS, *LEDGER_FUNCTIONS, *ROTATION_FUNCTIONS.values())}
    verbs = r"(?:begin|record|await|sweep|stage|settle|sign)_cron_\w+|get_secret"
    named = {each for each in quoted(MAINTAINERS[1]) if re.fullmatch(verbs, each)}
    assert len(named) > 5
    assert named <= ours


@pytest.mark.parametrize("name", ["query", "parse", "claim", "differences", "plan", "drop", "older_query"])
def test_what_the_guide_calls_a_kind_s_parts_are_its_methods(name: str) -> None:
    kind = (ROOT / "components" / "objects" / "object_kind.py").read_text(encoding="utf-8")
    assert any(f"`{name}`" in page.read_text(encoding="utf-8") for page in MAINTAINERS)
    assert f"def {name}(" in kind
