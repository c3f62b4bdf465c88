"""What others wrote, endpoints and whoever named a job, is shown by cronctl and never acts on who reads it."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from components.run_ledger import RunLedgerProvider
from tests.integration.components.command_line import Said, Seen, watch_cronctl
from tests.integration.components.endpoint import Answer, Endpoint, serving
from tests.integration.components.test_run_ledger import LEDGER, command, fire, settled

Connection = psycopg.Connection[tuple[Any, ...]]
Cronctl = Callable[..., Said]
Watch = Callable[..., Seen]

MARKUP = "[red]x[/red] [/y]"
ACTING = "act\x1b]0;title\x07\x9b2J\u202egnp <script>alert(1)</script> :warning:"
TWO_LINES = f"two\n{ACTING}"
BODY = (
    "\x1b[2J\x1b]8;;https://x\x1b\\[link=https://x]a[/link] [/b] \x9b5m \u202egnp\u2028\x7f <script>alert(1)</script> €"
)
DETAIL = "ERROR:  \x1b[5mno\r such thing \u2066[/z]\nLINE 1: SELECT \x9b"

OURS = re.compile(r"\x1b\[(0|1|31|32|33|1;31|1;33)m")
"""The styles that cronctl's words are given."""

COMMANDS = (
    ("status",),
    ("history",),
    ("failures",),
    ("logs",),
    ("next",),
    ("doctor",),
    ("show", "1"),
    ("show", "2"),
    ("show", "3"),
    ("history", MARKUP),
    ("history", "[/nobody]"),
    ("logs", "[/nobody]"),
    ("pause", MARKUP),
    ("resume", MARKUP),
    ("trigger", MARKUP),
    ("trigger", "[/nobody]"),
)


@pytest.fixture
def hostile(
    install: Callable[..., None], provide: Callable[..., Any], clean: None, superuser: Connection, postgres: Connection
) -> Iterator[Endpoint]:
    """Two jobs whose names would act, whose endpoint's answer would, too, and a run whose error would."""
    install()
    provide(RunLedgerProvider).create(LEDGER)
    superuser.execute("DELETE FROM cron.job_run_details")
    with serving() as endpoint:
        endpoint.answer = lambda _: Answer(500, BODY)
        for name in (MARKUP, ACTING):
            text = command(endpoint.url, name=name)
            postgres.execute("SELECT cron.schedule(%s, '30 1 1 1 *', %s)", [name, text])
            fire(postgres, endpoint.url, name=name)
        settled(postgres)
        postgres.execute(
            "INSERT INTO public.cron_runs (job, state, settled_at, detail) VALUES (%s, 'failed', now(), %s)",
            [TWO_LINES, DETAIL],
        )
        yield endpoint


@pytest.fixture
def watch(conninfo: str) -> Watch:
    return lambda *arguments, **environment: watch_cronctl(conninfo, *arguments, **environment)


def acts(text: str) -> list[str]:
    """What is left in it that would act."""
    return re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", text.replace("\r\n", "\n"))


def texts(value: object) -> set[str]:
    """All texts of a JSON document."""
    if isinstance(value, dict):
        return {text for each in value.values() for text in texts(each)}
    if isinstance(value, list):
        return {text for each in value for text in texts(each)}
    return {value} if isinstance(value, str) else set()


def test_a_terminal_gets_no_control_character_but_our_styles(hostile: None, watch: Watch, cronctl: Cronctl) -> None:
    for arguments in COMMANDS:
        seen = watch(*arguments)
        assert seen.code in ((2,) if arguments == ("history", "[/nobody]") else (0, 1, 3)), seen
        assert "Traceback" not in seen.screen
        assert acts(OURS.sub("", seen.screen)) == [], arguments
        said = cronctl(*arguments)
        assert acts(said.data + said.talk) == [], arguments


def test_what_was_written_is_shown_as_it_is(hostile: None, watch: Watch, cronctl: Cronctl) -> None:
    seen = watch("status")
    assert "\x1b[1mJobs" in seen.screen, "it is a terminal"
    for shown in (seen.screen, cronctl("status").data):
        assert MARKUP in shown
        assert r"act\x1b]0;title\x07\x9b2J\u202egnp <script>alert(1)</script> :warning:" in shown
    assert r"two\nact\x1b]" in cronctl("history", COLUMNS="500").data, "a name is one line"
    answer = cronctl("show", "1", COLUMNS="500").data
    assert r"\x1b[2J\x1b]8;;https://x\x1b\[link=https://x]a[/link] [/b] \x9b5m \u202egnp\u2028\x7f <script>" in answer
    error = cronctl("show", "3", COLUMNS="500").data
    assert r"ERROR:  \x1b[5mno\r such thing \u2066[/z]" in error
    assert r"\nLINE 1" not in error, "a line break where one is meant"
    assert MARKUP in cronctl("logs").data.splitlines()[0]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_a_parser_gets_the_same_text_and_a_terminal_none_that_acts(
    encoding: str, hostile: None, watch: Watch, cronctl: Cronctl
) -> None:
    names = {MARKUP, ACTING}
    cases: list[tuple[tuple[str, ...], set[str]]] = [
        (("status",), names),
        (("history",), {*names, TWO_LINES, BODY, DETAIL}),
        (("failures",), {*names, TWO_LINES, BODY, DETAIL}),
        (("next",), names),
        (("show", "1"), {MARKUP, BODY}),
        (("report",), {*names, TWO_LINES}),
        (("logs",), {*names, TWO_LINES, BODY, DETAIL}),
    ]
    for arguments, expected in cases:
        said = cronctl(*arguments, "--json", PYTHONIOENCODING=encoding)
        assert acts(said.data) == [], arguments
        documents = said.data.split("\n")[:-1] if arguments == ("logs",) else [said.data]
        assert expected <= texts([json.loads(each) for each in documents]), arguments
        if encoding == "utf-8":
            assert acts(OURS.sub("", watch(*arguments, "--json").screen)) == [], arguments


@pytest.mark.parametrize(
    "environment", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}], ids=str
)
def test_an_encoding_that_lacks_a_character(
    environment: dict[str, str], hostile: None, cronctl: Cronctl, postgres: Connection
) -> None:
    postgres.execute(
        "INSERT INTO public.cron_runs (job, state, settled_at, detail) VALUES ('number €', 'failed', now(), '€')"
    )
    shown = "number €" if "LC_ALL" in environment else r"number \u20ac"
    for arguments in (("history",), ("logs",), ("show", "4"), ("failures",)):
        said = cronctl(*arguments, **environment)
        assert (said.code in (0, 1), shown in said.data) == (True, True), (arguments, said)
    for arguments in (("--help",), ("status",), ("doctor",)):
        assert cronctl(*arguments, **environment).code in (0, 1)


def test_the_page_shows_it(hostile: None, watch: Watch, cronctl: Cronctl, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    assert cronctl("report", "-o", str(path)).code == 0
    page = path.read_text(encoding="utf-8")
    assert acts(page) == []
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert MARKUP in page
    assert r"act\x1b]0;title\x07\x9b2J\u202egnp" in page
    assert r"\x1b[5mno" in page
    assert "€" not in page, "what endpoints answered is left out"
    assert acts(watch("report", "-o", "-").screen) == []
    nowhere = cronctl("report", "-o", f"{tmp_path}/{ACTING}/x")
    assert (nowhere.code, acts(nowhere.talk), r"/act\x1b]0;title\x07" in nowhere.talk) == (3, [], True)


QUOTED = r"\x1b[2J\u202e[/x]"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("\x1b[2J\u202e[/x]",), f"No such command '{QUOTED}'"),
        (("status", "--\x1b[2J\u202e[/x]"), f"No such option: --{QUOTED}"),
        (("status", "\x1b[2J\u202e[/x]"), f"({QUOTED})"),
        (("history", "--limit", "\x1b[2J\u202e[/x]"), "Invalid value for '--limit'"),
        (("history", "--state", "\x1b[2J\u202e[/x]"), f"'{QUOTED}' is no state"),
        (("failures", "--since", "\x1b[2J\u202e[/x]"), f"'{QUOTED}' is no time"),
        (("trigger", "x", "--set", "\x1b[2J\u202e[/x]"), f"'{QUOTED}' is not KEY=VALUE"),
        (("status", "--schema", "[/x]"), "schema '[/x]' has no run ledger"),
        (("status", "\udcff\udc80"), r"(\udcff\udc80)"),
    ],
    ids=ascii,
)
def test_what_an_error_quotes_of_the_command_line(
    arguments: tuple[str, ...], told: str, watch: Watch, cronctl: Cronctl
) -> None:
    seen = watch(*arguments, NO_COLOR="1", TERM="dumb")
    assert (seen.code in (2, 3), told in seen.screen, acts(seen.screen)) == (True, True, []), seen
    said = cronctl(*arguments)
    assert (said.code, told in said.talk, acts(said.talk)) == (seen.code, True, []), said
