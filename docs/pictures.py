"""The README's pictures, docs/images/*.png, taken of the running dev stack (``make pictures``).

Each job is run once, one of them against an endpoint that refuses it, so that good and bad verdicts can be seen. Then a
browser takes what ``cronctl status`` prints on a terminal, and the first screen of ``cronctl report``.
"""

import io
import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

from devstack import Stack
from devstack.packages import BROWSER

STACK = Stack()
"""The dev stack, whatever stack and database the environment names."""

IMAGES = Path(__file__).parent / "images"
JOBS = (
    "generate-t5-invoices",
    "run-escalation-orchestration",
    "generate-monthly-invoices",
    "escalate-overdue-bookings",
    "notification-worker",
)
REFUSED = "schedule-create-zoom"
COLUMNS = 100
"""Characters in a line of the terminal."""

PAGE = {"width": 1100, "height": 890}
"""The part of the report that is taken, in pixels."""


def cronctl(*arguments: str) -> str:
    """What a command prints on a terminal with colours; the exit status of a bad verdict is none of a failure."""
    done = subprocess.run(
        [sys.executable, "-m", "cronctl", *arguments],
        env={**os.environ, **STACK.environment(), "FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in {0, 1}:
        raise SystemExit(f"cronctl {' '.join(arguments)} ended with {done.returncode}; is the dev stack up (make up)?")
    return done.stdout


def run_jobs() -> None:
    """Give each job a run, one of them a bad one."""
    for job in JOBS:
        cronctl("trigger", job)
    STACK.set_function(REFUSED, status=401)
    try:
        cronctl("trigger", REFUSED)
    finally:
        STACK.reset_functions(REFUSED)


def terminal(command: str, text: str) -> str:
    """A terminal with a command and what it printed, as SVG."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(text.rstrip()))
    # All is cut for the font that the SVG names: with another one, the cut takes underscores away.
    return re.sub(r' clip-path="url\(#[^"]*\)"', "", console.export_svg(title=""))


def take_terminal(browser: Browser, svg: str, path: Path) -> None:
    """A picture of an SVG, as large as it is; fonts that it would load from elsewhere are left out."""
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.route("**/*", lambda route: route.abort())
    page.set_content(f"<body style='margin: 0'><div style='width: 1100px'>{svg}</div>")
    page.locator("svg").first.screenshot(path=path, omit_background=True)
    page.close()


def take_page(browser: Browser, html: Path, path: Path) -> None:
    """A picture of the first screen of a page, in its light colours."""
    context = browser.new_context(color_scheme="light", viewport=PAGE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(html.as_uri())
    page.screenshot(path=path)
    context.close()


def main() -> None:
    """Take both pictures."""
    IMAGES.mkdir(exist_ok=True)
    run_jobs()
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        report = Path(folder) / "report.html"
        cronctl("report", "-o", str(report))
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        take_terminal(browser, terminal("cronctl status", cronctl("status")), IMAGES / "status.png")
        take_page(browser, report, IMAGES / "report.png")
        browser.close()


if __name__ == "__main__":
    main()
