"""The report in a real browser, Debian's chromium: it is readable in light, dark, on a phone and on paper, and shut."""

import os
import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from devstack.packages import BROWSER
from tests.integration.components.report_data import deploy, fill

pytestmark = pytest.mark.skipif(
    not BROWSER.exists(), reason=f"there is no {BROWSER}; run: python -m devstack packages --tests"
)

DESKTOP = (1200, 900)
PHONE = (360, 740)
Scheme = Literal["light", "dark"]


class Seen(NamedTuple):
    """An open page, what it asked for, and what it complained of."""

    page: Page
    requests: list[str]
    complaints: list[str]


Open = Callable[..., Any]


@pytest.fixture(scope="module")
def written(conninfo: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of the real command on a real ledger; before the database is cleaned for each test."""
    deploy(conninfo)
    fill(conninfo)
    path = tmp_path_factory.mktemp("report") / "report.html"
    root = Path(__file__).parents[3]
    subprocess.run(
        [sys.executable, "-m", "cronctl", "report", "-o", str(path)],
        env={**os.environ, "SUPABASE_CRON_DATABASE_URL": conninfo, "PYTHONPATH": str(root)},
        check=True,
        timeout=60,
    )
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def opened(browser: Browser, written: Path) -> Open:
    @contextmanager
    def seen(
        path: Path = written, *, scheme: Scheme = "light", size: tuple[int, int] = DESKTOP, bypass_csp: bool = False
    ) -> Iterator[Seen]:
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": size[0], "height": size[1]}, bypass_csp=bypass_csp
        )
        page = context.new_page()
        found = Seen(page, [], [])
        page.on("request", lambda request: found.requests.append(request.url))
        page.on("console", lambda message: found.complaints.append(message.text))
        page.on("pageerror", lambda error: found.complaints.append(str(error)))
        page.goto(path.as_uri())
        yield found
        context.close()

    return seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_it_loads_nothing_and_complains_of_nothing(
    opened: Open, written: Path, scheme: Scheme, size: tuple[int, int]
) -> None:
    with opened(scheme=scheme, size=size) as seen:
        assert seen.page.title().startswith("Scheduled jobs")
        assert seen.page.locator("section").count() == 6
        seen.page.wait_for_load_state("networkidle")
        assert seen.requests == [written.as_uri()]
        assert seen.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_axe_finds_nothing(opened: Open, scheme: Scheme, size: tuple[int, int]) -> None:
    with opened(scheme=scheme, size=size, bypass_csp=True) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        results = Axe().run(seen.page, options={"resultTypes": ["violations", "passes"]})
        assert results.violations_count == 0, results.generate_report()
        assert "color-contrast" in {each["id"] for each in results.response["passes"]}


@pytest.mark.parametrize("width", [320, 360, 740, 1000])
def test_nothing_stands_out_on_a_narrow_screen(opened: Open, width: int) -> None:
    with opened(size=(width, 740)) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        wide, fits = seen.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide <= fits


def test_light_dark_and_paper_differ_where_they_should(opened: Open) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    with opened(scheme="dark") as seen:
        dark = seen.page.evaluate(background)
        pictures = [seen.page.screenshot()]
        seen.page.emulate_media(media="print", color_scheme="dark")
        assert seen.page.evaluate(background) == "rgb(255, 255, 255)"
        paper = seen.page.pdf(format="A4", print_background=True)
    with opened() as seen:
        assert seen.page.evaluate(background) != dark
        pictures.append(seen.page.screenshot())
    assert paper.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) >= 1
    for picture in pictures:
        assert variety(picture) > 100
    assert pictures[0] != pictures[1]


def test_text_is_no_markup(opened: Open) -> None:
    with opened() as seen:
        assert "planted-script" not in seen.page.title()
        assert seen.page.locator("script, img, iframe, object, form, input, link:not([href='data:,'])").count() == 0
        assert seen.page.get_by_text("<script>document.title = 'planted-script'</script>").count() >= 2
        assert seen.page.locator("a").evaluate_all("each => each.every(a => a.getAttribute('href')[0] === '#')")


def test_what_got_in_all_the_same_would_not_run(opened: Open, written: Path, tmp_path: Path) -> None:
    """The policy itself: none of a script, a picture from elsewhere or a frame has an effect."""
    page = written.read_text(encoding="utf-8")
    hostile = "<script>document.title = 'ran'</script><img src='http://127.0.0.1:9/x' onerror='document.title = 1'>"
    path = tmp_path / "hostile.html"
    path.write_text(page.replace("</main>", f"{hostile}</main>"), encoding="utf-8")
    with opened(path) as seen:
        assert seen.page.title().startswith("Scheduled jobs")
        assert any("Content Security Policy" in each for each in seen.complaints)


def test_colour_is_never_alone(opened: Open) -> None:
    with opened() as seen:
        charts = seen.page.locator("svg[role=img]")
        names = charts.evaluate_all("each => each.map(svg => svg.getAttribute('aria-label'))")
        assert all(names)
        assert "worker: 6 timed out, 294 ok, 1 queued" in names
        row = seen.page.locator("#runs .rows > li", has_text="zoom").first
        assert row.locator(".letters").inner_text().strip() == "F"
        titles = row.locator("g > title").all_text_contents()
        assert any(title.endswith(": 1 failed") for title in titles)
        assert any(title.endswith(": 1 skipped") for title in titles)
        heights = seen.page.locator("#runs g > rect:first-of-type").evaluate_all(
            "each => Object.fromEntries(each.map(rect => [rect.getAttribute('class'), rect.getAttribute('height')]))"
        )
        assert len({heights[name] for name in ("s-ok", "s-failed", "s-skipped")}) == 3


def variety(png: bytes) -> int:
    """How many different bytes a picture is made of; an empty one has a few."""
    data = b"".join(
        png[place + 4 : place + 4 + int.from_bytes(png[place - 4 : place])]
        for place in (found.start() for found in re.finditer(b"IDAT", png))
    )
    return len(set(zlib.decompress(data)))
