"""``cronctl report`` as a subprocess: what it writes, where, and what it says otherwise."""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench.proxy import proxied
from components.database.connection import Database
from components.report.report_data import gather
from tests.integration.components.command_line import Said
from tests.integration.components.report_data import JOBS, SCRIPT, deploy, fill

Connection = psycopg.Connection[tuple[Any, ...]]


Report = Callable[..., Said]
Fill = Callable[[], None]


@pytest.fixture
def filled(conninfo: str, report: Callable[..., Said]) -> Fill:
    return partial(fill, conninfo)


@pytest.fixture
def report(conninfo: str, clean: None, tmp_path: Path) -> Report:
    deploy(conninfo)

    def run(*arguments: str, **environment: str) -> Said:
        done = subprocess.run(
            [sys.executable, "-m", "cronctl", "report", *arguments],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(Path(__file__).parents[3]),
                "SUPABASE_CRON_DATABASE_URL": conninfo,
                "COLUMNS": "200",
                "TZ": "Asia/Tokyo",
                **environment,
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    return run


def document(report: Report, *arguments: str) -> dict[str, Any]:
    said = report("--json", *arguments)
    assert said.code == 0, said
    found: dict[str, Any] = json.loads(said.data)
    return found


def test_the_document_has_what_the_ledger_has(report: Report, filled: Fill) -> None:
    filled()
    found = document(report)
    jobs = {job["job"]: job for job in found["jobs"]}
    assert set(jobs) == {"worker", "zoom", "invoices", "escalation", "paused", "odd"}
    assert jobs["worker"]["plan"]["runs"] == 1440
    assert len(jobs["worker"]["plan"]["spans"]) == 1
    assert jobs["odd"]["plan"]["note"] is not None
    assert (jobs["paused"]["active"], jobs["paused"]["next_run"]) == (False, None)
    (meeting,) = (each for each in found["collisions"] if len(each["jobs"]) == 3)
    assert (meeting["jobs"], meeting["times"]) == (["escalation", "invoices", "zoom"], ["02:00"])
    strips = {strip["job"]: strip for strip in found["strips"]}
    assert strips["worker"]["counts"] == {"timed_out": 6, "ok": 294, "queued": 1}
    assert strips["zoom"]["counts"] == {"failed": 1, "skipped": 1}
    assert strips["paused"]["counts"] == {}
    assert sum(sum(piece["counts"].values()) for piece in strips["worker"]["pieces"]) == 301
    assert SCRIPT in strips
    (latency,) = (each for each in found["latencies"] if each["job"] == "worker")
    assert (latency["known"], latency["runs"], latency["least"], latency["most"]) == (150, 300, 52, 350)
    assert sum(latency["histogram"]) == 150
    assert latency["bounds"][2] == 350
    failures = found["failures"]
    assert (failures["runs"], failures["kinds"]) == (11, 6)
    kinds = {(each["job"], each["state"], each["detail"]): each for each in failures["shown"]}
    assert (
        kinds["worker", "timed_out", "no answer within 50 s"]["runs"] == 6
    )  # the newest of those that differ in numbers
    assert kinds["zoom", "failed", "answered with status 401"]["explanation"]["next_step"]
    assert ("escalation", "failed", 'ERROR:  relation "x" does not exist') in kinds
    assert any(detail.startswith("not shown, as it holds") for _, _, detail in kinds)
    assert found["lock_down"]["store"] == "table"
    assert {each["check"] for each in found["lock_down"]["findings"]} >= {"readers", "linter", "job owners"}
    assert found["health"]["ledger_bytes"] > 0


def test_nothing_planted_is_in_it(report: Report, conninfo: str, filled: Fill, tmp_path: Path) -> None:
    filled()
    documents = report("--json").data + report("--output", "-").data
    for planted in ("planted-response", "planted-statement", "planted-command", "planted0123", "planted-long-ago"):
        assert planted not in documents
    page = report("--output", "-").data
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert conninfo not in page
    assert "http:" not in page
    assert "https:" not in page


def test_the_file_is_written_as_a_whole(report: Report, conninfo: str, filled: Fill, tmp_path: Path) -> None:
    filled()
    said = report()
    assert (said.code, said.data) == (0, "")
    assert "the report is in report.html" in said.talk
    path = tmp_path / "report.html"
    page = path.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]
    assert len(page) < 200_000


def test_a_page_on_stdout_is_utf_8_on_any_terminal(report: Report) -> None:
    said = report("-o", "-", PYTHONIOENCODING="ascii")
    assert (said.code, "\N{EN DASH}" in said.data) == (0, True)


def test_a_reader_that_has_gone(report: Report, conninfo: str) -> None:
    root = Path(__file__).parents[3]
    command = f"{sys.executable} -m cronctl report -o - | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "SUPABASE_CRON_DATABASE_URL": conninfo, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("141\n", "")


def test_of_an_empty_ledger_and_no_jobs(report: Report) -> None:
    found = document(report)
    assert (found["jobs"], found["strips"], found["latencies"], found["failures"]["runs"]) == ([], [], [], 0)
    page = report("-o", "-").data
    assert "No job is scheduled" in page
    assert "The ledger has no run in this time" in page


def test_what_one_opens_it_for_comes_first_and_jobs_say_what_they_do(
    report: Report, filled: Fill, tmp_path: Path
) -> None:
    filled()
    job = next(iter(JOBS))
    request = {"url": "{base}/functions/v1/f", "timeout": 5, "headers": {"X-Key": "{key}"}}
    about = {"description": "Does <b>it</b>.", "schedule": "0 1 * * *", "http": request}
    secrets = {key: {"description": "d", "format": kind} for key, kind in (("base", "url"), ("key", "token"))}
    (tmp_path / "jobs.yaml").write_text(json.dumps({"secrets": secrets, "jobs": {job: about}}))
    page = report("-o", "-").data
    sections = re.findall(r'<section id="([a-z-]+)"', page)
    assert sections == ["runs", "failures", "latency", "day", "lock-down", "health"]
    assert re.findall(r'href="#([a-z-]+)"', page) == sections
    assert "Does &lt;b&gt;it&lt;/b&gt;. POST {base}/functions/v1/f" in page
    assert "X-Key" not in page
    assert "<b>today</b>" in page
    assert re.search(r'<section id="lock-down".*?<details class="kept"( open)?>', page, re.DOTALL)


@pytest.mark.parametrize("days", [1, 30, 90])
def test_other_windows(report: Report, filled: Fill, days: int) -> None:
    filled()
    found = document(report, "--days", str(days))
    pieces = days * 86400 / found["window"]["step"]
    assert pieces <= 168
    failed = found["failures"]["runs"]
    assert failed == {1: 7, 30: 11, 90: 12}[days]
    assert "</html>" in report("--days", str(days), "-o", "-").data


def test_the_doctors_findings_are_in_it(report: Report, postgres: Connection) -> None:
    postgres.execute("SELECT cron.schedule('leaky', '30 1 1 1 *', 'SELECT $$sb_secret_planted0123456789$$')")
    page = report("-o", "-").data
    assert "The doctor found 1 problem, told below." in page
    assert "<b>problem</b>" in page
    assert "its command holds a secret key of Supabase" in page
    assert "planted0123" not in page


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["-o", "nowhere/report.html"], 3, "cronctl: cannot write nowhere/report.html: no such file or directory;"),
        (["-o", "."], 3, "cronctl: cannot write .: . is a folder;"),
        (["-o", "/proc/report.html"], 3, "cronctl: cannot write /proc/report.html: "),
        (["--days", "0"], 2, "Invalid value for '--days'"),
        (["--days", "91"], 2, "Invalid value for '--days'"),
        (["--schema", "nowhere"], 3, "schema 'nowhere' has no run ledger; run pulumi up"),
    ],
)
def test_what_it_says_otherwise(arguments: list[str], code: int, expected: str, report: Report, tmp_path: Path) -> None:
    said = report(*arguments)
    assert (said.code, expected in said.talk.replace("\n", " ")) == (code, True), said
    assert list(tmp_path.iterdir()) == []


def test_without_a_database(report: Report) -> None:
    said = report(SUPABASE_CRON_DATABASE_URL="")
    assert said.code == 3
    assert said.talk.startswith("cronctl: ")


def test_it_takes_two_round_trips(report: Report, conninfo: str, filled: Fill) -> None:
    filled()
    with proxied(conninfo, 0) as (through_proxy, proxy):
        far = Database(through_proxy)
        far.connect()
        proxy.trips = 0
        gather(far, "public", stack=None, rotators=None, days=7)
        trips = proxy.trips
        far.close()
    assert trips == 2


def test_help_tells_the_exit_status(report: Report) -> None:
    assert "Exit status: 0" in report("--help").data
