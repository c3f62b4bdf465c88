"""Which ways to a secret are problems, which are Supabase's own, and their sentences."""

import pytest

from components.objects.our_functions import ROTATION_FUNCTIONS, STORE_FUNCTIONS
from components.security.doctor_finding import Subject
from components.security.secret_readers import PLATFORM_LOGINS, READING, READING_LOGINS, SIGNING, VAULT_LOGINS, readers

SUBJECT = Subject("public", "postgres", True, True, True, True)

HARMLESS = {"cron_probe_verdict", "sweep_cron_secrets"}
"""The functions of the owner's rights that return a text which holds no value and comes from none."""


def test_our_functions_that_read_or_sign_are_all_asked_about() -> None:
    functions = (*STORE_FUNCTIONS, *ROTATION_FUNCTIONS.values())
    answering = {function.name for function in functions if function.security_definer and function.returns == "text"}
    assert answering == {*READING, *SIGNING} | HARMLESS
    assert len(answering) == len(READING) + len(SIGNING) + len(HARMLESS)


def test_the_platforms_special_logins_are_platform_logins() -> None:
    assert VAULT_LOGINS | READING_LOGINS <= PLATFORM_LOGINS


def way(login: str, path: str, role: str | None = None, because: str = "") -> dict[str, object]:
    return {
        "login": login,
        "role": role or login,
        "path": path,
        "object": "public.cron_secrets",
        "because": because,
        "in_vault": path == "vault",
    }


@pytest.mark.parametrize(
    ("ways", "levels"),
    [
        ([way("root", "superuser"), way("root", "select", because="BYPASSRLS")], ["note"]),
        ([way("postgres", "owner"), way("postgres", "vault")], ["note"]),
        ([way("authenticator", "vault", "service_role")], ["note"]),
        ([way("authenticator", "vault")], ["note"]),
        ([way("authenticator", "vault", "other")], ["problem"]),
        ([way("authenticator", "execute", "anon")], ["problem"]),
        ([way("authenticator", "select", "service_role", "BYPASSRLS")], ["problem"]),
        ([way("supabase_read_only_user", "select", because="BYPASSRLS")], ["note"]),
        ([way("supabase_read_only_user", "select", because="row level security is off")], ["problem"]),
        ([way("authenticator", "vault", "service_role"), way("authenticator", "trigger", "anon")], ["problem", "note"]),
        ([way("stranger", "vault", "service_role")], ["problem"]),
        ([way("stranger", "replication")], ["problem"]),
        ([way("supabase_replication_admin", "replication")], ["note"]),
    ],
)
def test_which_ways_are_problems(ways: list[dict[str, object]], levels: list[str]) -> None:
    assert [level for level, _, _ in readers(SUBJECT, {"readers": ways})] == levels


def test_a_way_has_one_finding_by_its_shortest_chain() -> None:
    ways = [way("stranger", "execute", "group"), way("stranger", "execute")]
    ((_, _, sentence),) = readers(SUBJECT, {"readers": ways})
    assert sentence.startswith("calls public.cron_secrets (EXECUTE); run pulumi up")
    assert "SET ROLE" not in sentence


@pytest.mark.parametrize("login", sorted(PLATFORM_LOGINS))
def test_no_platform_role_may_call_our_functions(login: str) -> None:
    assert [level for level, _, _ in readers(SUBJECT, {"readers": [way(login, "execute")]})] == ["problem"]
