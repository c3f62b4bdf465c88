import pytest

from components.objects.stack_mark import Owner, mark, owner_of


def test_a_mark_is_read_back() -> None:
    owner = str(Owner("supabase-cron", "dev"))
    assert owner_of(f"-- {mark(owner, 'nightly')}\nSELECT 1", "nightly") == owner
    assert owner_of(mark(owner)) == owner


@pytest.mark.parametrize(
    "text", [None, "", "SELECT 1", "-- supabase-cron: a/b/other\nSELECT 1", "SELECT 1 -- supabase-cron: a/b/nightly"]
)
def test_what_is_not_ours_has_no_owner(text: str | None) -> None:
    assert owner_of(text, "nightly") is None
