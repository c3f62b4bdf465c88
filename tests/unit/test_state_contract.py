"""States name their providers by module and class, pickled: what a state says must load for as long as there are states."""

import base64
import pickle

import pytest

from components.provider.object_provider import ObjectProvider

STATES = {
    "Extension": "gASVMQAAAAAAAACMFGNvbXBvbmVudHMuZXh0ZW5zaW9ulIwRRXh0ZW5zaW9uUHJvdmlkZXKUk5QpgZQu",
    "SecretStore": "gASVNgAAAAAAAACMF2NvbXBvbmVudHMuc2VjcmV0X3N0b3JllIwTU2VjcmV0U3RvcmVQcm92aWRlcpSTlCmBlC4=",
    "RotationFunction": "gASVNwAAAAAAAACME2NvbXBvbmVudHMucm90YXRpb26UjBhSb3RhdGlvbkZ1bmN0aW9uUHJvdmlkZXKUk5QpgZQu",
    "RunLedger": "gASVMgAAAAAAAACMFWNvbXBvbmVudHMucnVuX2xlZGdlcpSMEVJ1bkxlZGdlclByb3ZpZGVylJOUKYGULg==",
    "Grants": "gASVKwAAAAAAAACMEWNvbXBvbmVudHMuZ3JhbnRzlIwOR3JhbnRzUHJvdmlkZXKUk5QpgZQu",
    "Secret": "gASVKwAAAAAAAACMEWNvbXBvbmVudHMuc2VjcmV0lIwOU2VjcmV0UHJvdmlkZXKUk5QpgZQu",
    "CronJob": "gASVLgAAAAAAAACME2NvbXBvbmVudHMuY3Jvbl9qb2KUjA9Dcm9uSm9iUHJvdmlkZXKUk5QpgZQu",
}
"""The property ``__provider`` of each type, ``pulumi-python:dynamic/cron:<type>``, as a state of Pulumi 3.260 has it."""


@pytest.mark.parametrize("name", STATES)
def test_what_states_say_loads(name: str) -> None:
    provider = pickle.loads(base64.b64decode(STATES[name]))  # noqa: S301 - our own bytes
    assert isinstance(provider, ObjectProvider)
    assert type(provider).__name__ == f"{name}Provider"


@pytest.mark.parametrize("name", STATES)
def test_what_is_deployed_now_says_the_same(name: str) -> None:
    provider = pickle.loads(base64.b64decode(STATES[name]))  # noqa: S301 - our own bytes
    assert type(provider).__module__.count(".") == 1
    assert base64.b64encode(pickle.dumps(provider, protocol=4)).decode() == STATES[name]
