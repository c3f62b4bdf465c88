import pytest

from components.objects.stack_mark import StackName, mark, stack_of


def test_a_mark_is_read_back() -> None:
    stack = str(StackName("supabase-cron", "dev"))
    assert stack_of(f"-- {mark(stack, 'nightly')}\nSELECT 1", "nightly") == stack
    assert stack_of(mark(stack)) == stack


@pytest.mark.parametrize(
    "text", [None, "", "SELECT 1", "-- supabase-cron: a/b/other\nSELECT 1", "SELECT 1 -- supabase-cron: a/b/nightly"]
)
def test_what_is_not_ours_has_no_stack(text: str | None) -> None:
    assert stack_of(text, "nightly") is None
