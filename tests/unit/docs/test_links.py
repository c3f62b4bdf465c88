"""Every link of the documentation leads somewhere, and its pages tell of nothing that is not there."""

import re
from pathlib import Path

import pytest

from components.catalogue import reference
from components.catalogue.base_model import Model
from components.catalogue.jobs_file import Catalogue
from components.catalogue.settings import Settings
from cronctl.command_line.table import COMMANDS
from tests.unit.docs.pages import PAGES, ROOT, anchor, anchors, headings, links, text_of

NAMES = [str(page.relative_to(ROOT)) for page in PAGES]

SOURCE_HEADINGS = (
    "Scheduled Jobs (pg_cron)",
    "Why pg_cron instead of GitHub Actions?",
    "How to set up pg_cron",
    "Enable extensions",
    "Create the secrets table",
    "Update secrets with your actual values",
    "Verify secrets are set",
    "Verify cron jobs are scheduled",
    "Managing Cron Jobs",
    "View scheduled jobs",
    "View job history",
    "Manually trigger a job",
    "Update a secret",
    "Unschedule a job",
    "Reschedule a job",
    "Key rotation & restriction",
    "Restrict direct writes",
    "Post-rotation checks",
    "Troubleshooting",
    "Check if pg_cron is running",
    "View recent failures",
    "Check function logs",
    'Common error: schema "net" does not exist',
    "Live verification",
    'Edge Function "EarlyDrop" / Shutdown',
)
"""The headings of the hand-written guide that people come from."""


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_each_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith(("https://", "mailto:")):
            continue
        path, _, place = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links {link}, which is not there"
        assert target.is_relative_to(ROOT)
        if place:
            assert place in anchors(target), f"{page.name} links {link}, and {target.name} has no such heading"


def test_links_are_found() -> None:
    found = [link for page in PAGES for link in links(page)]
    assert {"docs/catalogue.md", "rotation.md#two-stores-table-and-vault", "docs/images/status.png"} <= set(found)
    assert anchor('Edge Function "EarlyDrop" / Shutdown') == "edge-function-earlydrop--shutdown"


def test_each_page_of_docs_can_be_reached_from_the_readme() -> None:
    linked = {link.partition("#")[0] for link in links(ROOT / "README.md")}
    for page in (ROOT / "docs").glob("*.md"):
        assert f"docs/{page.name}" in linked


@pytest.mark.parametrize("words", SOURCE_HEADINGS)
def test_what_was_done_by_hand_is_found_under_its_words(words: str) -> None:
    pages = [ROOT / "docs" / name for name in ("operations.md", "rotation.md", "troubleshooting.md")]
    found = [heading for page in pages for heading in headings(page) if words.lower() in heading.lower()]
    assert found, f"no heading says {words!r}"


def test_the_configuration_names_each_key_of_a_stack() -> None:
    told = text_of(ROOT / "docs" / "configuration.md")
    for name, field in Settings.model_fields.items():
        assert re.search(rf"^\|.*`{field.alias or name}[`.]", told, re.MULTILINE), field.alias or name


def test_the_readme_is_short_and_has_each_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 150
    for command in COMMANDS:
        assert f"`{command.name}`" in readme


def test_the_catalogue_holds_the_reference() -> None:
    page = (ROOT / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert reference.renewed(page) == page, "run: make docs"


def test_a_page_without_marks_is_told() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        reference.renewed("# Catalogue\n")


def test_each_field_of_the_reference_has_a_description() -> None:
    models: list[type[Model]] = [Catalogue, *(section.model for section in reference.SECTIONS)]
    lacking = [
        f"{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if not field.description
    ]
    assert lacking == []


def test_the_reference_makes_the_anchors_of_its_headings() -> None:
    for section in reference.SECTIONS:
        assert reference.anchor(section.title) == anchor(section.title)
