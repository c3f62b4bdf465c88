"""The pins in the different files agree, and name no registry."""

import re
from pathlib import Path

import toolchain
from toolchain.versions import ENGINE, OLDEST_GO

ROOT = Path(toolchain.__file__).parent
LOCKS = [ROOT / "engine" / "requirements.txt", ROOT / "language_host" / "requirements.txt"]


def test_go_mod_pins_the_engine_and_the_go_that_versions_names() -> None:
    module = (ROOT / "engine" / "go.mod").read_text()
    assert f"github.com/pulumi/pulumi/pkg/v3 v{ENGINE} " in module
    assert f"github.com/pulumi/pulumi/sdk/v3 v{ENGINE} " in module
    assert f"\ngo {OLDEST_GO}\n" in module


def test_every_requirement_is_pinned_by_hash_and_no_registry_is_named() -> None:
    for lock in LOCKS:
        text = lock.read_text()
        requirements = re.findall(r"^[\w-]+==\S+ (.)", text, re.MULTILINE)
        assert requirements
        assert set(requirements) == {"\\"}
        assert "://" not in text


def test_the_host_speaks_the_messages_of_the_projects_own_sdk() -> None:
    locked = (ROOT.parent / "requirements.lock").read_text()
    for name in ("pulumi", "grpcio", "protobuf"):
        (version,) = re.findall(rf"^{name}==(\S+)", LOCKS[1].read_text(), re.MULTILINE)
        assert f"\n{name}=={version} " in locked
