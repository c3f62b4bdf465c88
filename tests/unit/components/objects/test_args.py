"""What a resource is declared with, to the state and back."""

import subprocess
import sys

import pytest

from components.errors import UnreadableState
from components.objects.cron_job import CronJobArgs
from components.objects.extension import ExtensionArgs
from components.objects.secret import SecretArgs

JOB = CronJobArgs(name="nightly", schedule="0 1 * * *", command="SELECT 1", stack="p/s", active=False)


def test_there_and_back() -> None:
    assert CronJobArgs.from_properties({**JOB.properties(), "jobid": 7, "__provider": "…"}) == JOB


def test_none_is_left_out_and_false_is_not() -> None:
    assert "verify_in" not in JOB.properties()
    assert JOB.properties(without={"stack", "adopt"}) == {
        "name": "nightly",
        "schedule": "0 1 * * *",
        "command": "SELECT 1",
        "active": False,
    }


def test_states_call_the_stack_owner() -> None:
    """As they have since the first version: another name would be an update of every resource."""
    assert JOB.properties()["owner"] == "p/s"
    assert "stack" not in JOB.properties()


def test_what_an_earlier_version_did_not_know_has_its_default() -> None:
    assert ExtensionArgs.from_properties({"name": "pg_cron"}) == ExtensionArgs(name="pg_cron")


def test_what_is_missing_makes_a_state_unreadable() -> None:
    with pytest.raises(UnreadableState, match="written by another version of this project; pulumi up renews it"):
        CronJobArgs.from_properties({"name": "nightly"})


def test_a_value_is_never_shown() -> None:
    secret = SecretArgs(schema_name="public", key="k", value="planted-value", description="d", stack="p/s")
    assert "planted" not in repr(secret)
    with pytest.raises(UnreadableState) as refused:
        SecretArgs.from_properties({"value": "planted-value"})
    assert "planted" not in repr(refused.value)


def test_a_provider_does_without_pydantic() -> None:
    """Which takes as long to import as psycopg, in each operation."""
    code = "import sys, components.extension, components.objects.overview; sys.exit('pydantic' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
