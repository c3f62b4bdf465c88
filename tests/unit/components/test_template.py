import pytest

from components.template import Literal, SecretRef, parse_template, secret_keys


def test_literals_and_references_alternate_and_doubled_braces_join() -> None:
    assert parse_template("a{{b}}c{key}d") == (Literal("a{b}c"), SecretRef("key"), Literal("d"))
    assert parse_template("") == ()
    assert secret_keys("{a}/{b}/{a}") == ("a", "b")


@pytest.mark.parametrize("text", ["{", "}", "{a", "a}", "{a b}", "{1a}", "{}", "{{a}", "{a}}"])
def test_a_brace_alone_is_told_with_its_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"the brace at character \d+ is neither"):
        parse_template(text)
