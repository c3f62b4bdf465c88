import pytest

from components.values.template import Literal, SecretRef, parse_template, template_text


def test_literals_and_references_alternate_and_doubled_braces_join() -> None:
    assert parse_template("a{{b}}c{key}d").parts == (Literal("a{b}c"), SecretRef("key"), Literal("d"))
    assert parse_template("").parts == ()


def test_a_template_keeps_its_text_lists_its_keys_once_and_is_filled() -> None:
    template = parse_template("{a}/{b}{{}}/{a}")
    assert (str(template), template.keys, template.filled("x")) == ("{a}/{b}{{}}/{a}", ("a", "b"), "x/x{}/x")


@pytest.mark.parametrize("text", ["", "a", "{k}", "{{k}}", "a{k}{l}b", "{{{k}}}", "}}{{"])
def test_its_parts_give_the_text_back(text: str) -> None:
    assert template_text(parse_template(text).parts) == text


@pytest.mark.parametrize("text", ["{", "}", "{a", "a}", "{a b}", "{1a}", "{}", "{{a}", "{a}}"])
def test_a_brace_alone_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ValueError, match=r"the brace at character \d+ is neither"):
        parse_template(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("{supabase-url}/x", "{supabase_url}"), ("a{ key }", "{key}"), ("{$KEY}", "{KEY}"), ("{a.b--c}", "{a_b_c}")],
)
def test_a_misspelt_key_is_refused_with_its_right_form(text: str, meant: str) -> None:
    with pytest.raises(ValueError, match="letters, digits and '_' alone") as refused:
        parse_template(text)
    assert str(refused.value).endswith(f"; write {meant}")


def test_a_key_that_was_pasted_in_its_place_is_not_shown() -> None:
    with pytest.raises(ValueError, match="letters, digits and '_' alone") as refused:
        parse_template("{sb_secret_planted-planted0planted}")
    assert "planted" not in str(refused.value)
