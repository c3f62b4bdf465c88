import pytest

from components.security.access_table import ROLES
from components.security.lock_down import permissions
from components.values.choices import StoreKind


@pytest.mark.parametrize("store", ["table", "vault"])
def test_every_role_is_mentioned(store: StoreKind) -> None:
    allowed, nothing = permissions(store, None)
    named = {who.partition(" (")[0] for permission in allowed for who in permission.who}
    assert named | set(nothing) == {role.name for role in ROLES}
    assert not named & set(nothing)
    assert "anon" in nothing
    assert ("service_role" in nothing) == (store == "table")


def test_operators_have_their_names() -> None:
    allowed, _ = permissions("table", ["ada", "grace"])
    (rotate,) = (permission for permission in allowed if "rotate_cron_secret(text, text)" in permission.objects)
    assert rotate.who == ("ada", "grace", "owner")
    allowed, nothing = permissions("table", [])
    assert "operator" not in nothing
    assert all("operator" not in permission.who for permission in allowed)
