"""Equal or refused: what bash and curl do with a script, and what the reading says of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.workflows.catalogue_check import checked
from components.workflows.json_body import as_jsonb
from components.workflows.outcome import Note, Outcome
from components.workflows.reading import read
from components.workflows.workflow import read_workflow
from tests.unit.components.workflows.oracle import BASH, CURL, JQ, Arrived, Receiver, receiver, replaced, run, value_of
from tests.unit.components.workflows.scripts import BAD, OK, SCRIPTS, Script

STATUSES = (201, 301, 404, 500)

pytestmark = pytest.mark.skipif(not (CURL and BASH and JQ), reason="bash, curl and jq are the oracle")


@pytest.fixture(scope="module")
def server() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def workflow(script: Script) -> str:
    env = "".join(f"      {name}: {json.dumps(value)}\n" for name, value in script.env.items())
    shell = f"        shell: {script.shell}\n" if script.shell else ""
    lines = "".join(f"          {line}\n" if line else "\n" for line in script.text.split("\n"))
    return (
        "on:\n  schedule: [{cron: '0 6 * * *'}]\njobs:\n  work:\n"
        + (f"    env:\n{env}" if env else "")
        + f"    steps:\n      - name: call\n{shell}        run: |\n{lines}"
    )


def outcomes(script: Script) -> list[Outcome]:
    text = workflow(script)
    return checked(read([(read_workflow(text, "w.yml", ".github/workflows/w.yml"), text)]))


def filled(template: str, outcome: Outcome) -> str:
    """A text of the catalogue with the oracle's values in its places."""

    def value(found: re.Match[str]) -> str:
        if found[0] in {"{{", "}}"}:
            return found[0][0]
        place = next(place for place in outcome.asks if place.key == found[1])
        if place.kind == "address":
            return re.sub(r"<(\w+)>", lambda name: value_of(name[1]), place.otherwise)
        return value_of(place.original)

    return re.sub(r"\{\{|\}\}|\{(\w+)\}", value, template)


def sent(outcome: Outcome) -> Arrived:
    """The request that an entry makes."""
    http = (outcome.job or {})["http"]
    headers = {name.lower(): filled(value, outcome) for name, value in http.get("headers", {}).items()}
    if "auth" in http:
        headers["authorization"] = filled(f"Bearer {{{http['auth']['bearer']}}}", outcome)
    body = as_jsonb(http["body"]).encode() if "body" in http else b""
    return Arrived(http["method"], filled(http["url"], outcome), headers, body)


def told(outcome: Outcome) -> set[Any]:
    return {each.what for each in (*outcome.notes, *outcome.reason)}


def same(outcome: Outcome, arrived: Arrived) -> None:
    mine = sent(outcome)
    assert (mine.method, mine.url) == (arrived.method, arrived.url)
    theirs = {name: value for name, value in arrived.headers.items() if (name, value) != ("accept", "*/*")}
    type_there, type_here = theirs.pop("content-type", None), mine.headers.pop("content-type", None)
    assert mine.headers == theirs
    if Note.FORM_TYPE in told(outcome):
        assert type_there == "application/x-www-form-urlencoded"
        assert type_here is None  # the command announces JSON itself
    elif type_there is not None:
        assert type_here == type_there
    if Note.NO_BODY in told(outcome):
        assert arrived.body == b""
        return
    if mine.body != arrived.body:
        assert Note.JSON_REWRITTEN in told(outcome)
        assert json.loads(mine.body or b"null") == json.loads(arrived.body)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_is_read_as_bash_runs_it_or_refused(script: Script, server: Receiver, tmp_path: Path) -> None:
    found = outcomes(script)
    codes = {each.what.name.lower() for outcome in found for each in outcome.reason}
    if script.refused:
        assert script.refused in codes
        return
    assert codes == set(), [each.sentence for outcome in found for each in outcome.reason]
    environment = {
        name: replaced(value.replace("${{ env.BASE }}", script.env.get("BASE", "")), script.expressions)
        for name, value in script.env.items()
    }
    text = replaced(script.text, script.expressions)
    status, arrived = run(text, environment, server, tmp_path, status=200, answer=OK, shell=script.shell)
    assert status == 0
    assert len(found) == len(arrived) > 0
    for outcome, each in zip(found, arrived, strict=True):
        same(outcome, each)
    if len(found) == 1:
        verdict(script, found[0], text, environment, server, tmp_path)


def verdict(
    script: Script, outcome: Outcome, text: str, environment: dict[str, str], server: Receiver, folder: Path
) -> None:
    http = (outcome.job or {})["http"]
    success = http.get("success", {})
    accepted: set[int] = set()
    for item in success.get("status", ["100-399"]):
        low, _, high = str(item).partition("-")
        accepted.update(range(int(low), int(high or low) + 1))
    for code in STATUSES if "status" in success else [each for each in STATUSES if each != 301]:  # followed here
        status, arrived = run(text, environment, server, folder, status=code, answer=OK, shell=script.shell)
        assert (status == 0) is (Note.SWALLOWED in told(outcome) or code in accepted), f"{code}: {status}"
        attempts = http.get("retry", {}).get("attempts", 1)
        assert len(arrived) <= attempts
    assert success.get("body") == script.rule
    status, _ = run(text, environment, server, folder, status=200, answer=BAD, shell=script.shell)
    assert (status == 0) is (script.rule is None)
