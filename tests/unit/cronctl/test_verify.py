"""What verify says of one object, by what is declared, what the state holds and what lives."""

from typing import Any

import pytest

from components.objects.grants import GrantsArgs, GrantsKind, LiveGrants
from cronctl.verify import _finding

ARGS = GrantsArgs(schema_name="public", grantees=["ops"])
STORED = {"schema_name": "public", "function": "rotate_cron_secret", "grantees": ["ops"]}


@pytest.mark.parametrize(
    ("live", "stored", "told"),
    [
        (LiveGrants(["ops"], []), STORED, ("in sync", ())),
        # an earlier version of the project had no such input, and the preview sees no change either
        (LiveGrants(["ops"], []), {"schema_name": "public", "grantees": ["ops"]}, ("in sync", ())),
        (None, STORED, ("missing", ("not in the database",))),
        (LiveGrants(["ops"], []), None, ("not deployed", ("in the database, but not in the state",))),
        (
            LiveGrants(["ops"], []),
            {**STORED, "grantees": []},
            ("differs", ("grantees in the state is not the declared one: declared ['ops'], []",)),
        ),
        (
            LiveGrants(["anon"], []),
            STORED,
            ("differs", ("grantees: declared ['ops'], in the database ['anon']",)),
        ),
        (
            LiveGrants(["ops"], []),
            {"schema_name": "public", "function": "of another version", "grantees": ["ops"]},
            (
                "differs",
                ("function in the state is not the declared one: declared 'rotate_cron_secret', 'of another version'",),
            ),
        ),
    ],
)
def test_an_object(live: LiveGrants | None, stored: dict[str, Any] | None, told: tuple[str, tuple[str, ...]]) -> None:
    found = _finding("Grants", GrantsKind(), ARGS, live, stored)
    assert (found.status, found.details) == told
