"""What expressions are before they run, and which are nothing that can be known."""

from typing import Any

import postgast
import pytest

from components.importing.call import JsonText, Reader
from components.importing.outcome import Broken, NoCall, Place, Reason
from components.importing.sql_text import GRAMMAR, selected, statements
from components.importing.sql_value import Values
from components.importing.value_kinds import JsonValue, Literal, TextValue

READERS = {"get_secret": Reader("", None)}
SECRET = Place("", "get_secret", "k")


def value(expression: str, *, as_meant: bool = False) -> Any:
    (statement,) = statements(f"SELECT {expression}")
    node = selected(statement)
    assert node is not None
    return Values(READERS, as_meant=as_meant).value(node)


def test_the_grammar_is_the_one_that_the_documentation_says() -> None:
    assert postgast.parse("SELECT 1").version // 10000 == GRAMMAR


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("'a' || 'b'", "ab"),
        ("'a' || 1 || 'b'", "a1b"),
        ("concat('a', null, 7, 'b')", "a7b"),
        ("format('%s-%s', 'a', 2)", "a-2"),
        ("format('%2$s%1$s%%', 'a', 'b')", "ba%"),
        ("format('%1$s %s', 'a', 'b')", "a b"),
        ("'a'::text", "a"),
        ("cast('a' as character varying)", "a"),
        ("(select 'a')", "a"),
        ("E'\\x41' || $q$b'c$q$", "Ab'c"),
        ("'a'\n'b' || ''", "ab"),
        ("pg_catalog.concat('a')", "a"),
    ],
)
def test_texts(expression: str, text: str) -> None:
    assert value(expression) == TextValue((text,))


def test_a_literal_has_no_type_yet() -> None:
    assert value("'a'") == Literal("a")


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("get_secret('k')", SECRET),
        ("get_secret('k'::text)", SECRET),
        ("current_setting('app.x')", Place("", "setting", "app.x")),
        ("current_setting('app.x', true)::text", Place("", "setting", "app.x")),
        ("(select decrypted_secret from vault.decrypted_secrets where name = 'v')", Place("", "vault", "v")),
        (
            "(select ds.decrypted_secret::text from vault.decrypted_secrets ds where ds.name = 'v' limit 1)",
            Place("", "vault", "v"),
        ),
        (
            "(select decrypted_secret from vault.decrypted_secrets where 'v' = name order by created_at desc limit 1)",
            Place("", "vault", "v"),
        ),
        ("(select value from public.cron_secrets where key = 'k')", SECRET),
        ("(select s from app.my_secrets where name = 'k')", Place("", "table", "k of app.my_secrets")),
    ],
)
def test_places(expression: str, place: Place) -> None:
    assert value(expression) == TextValue((place,))


def test_a_place_in_a_text_and_in_json() -> None:
    assert value("'Bearer ' || get_secret('k') || ''") == TextValue(("Bearer ", SECRET))
    joined = value("""('{"a": ["x' || get_secret('k') || 'y"]}')::jsonb""")
    assert joined.value == {"a": [(("x", SECRET, "y"),)]}


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("now()", Reason.FUNCTION),
        ("extensions.concat('a')", Reason.FUNCTION),
        ("trim('a')", Reason.FUNCTION),
        ("current_timestamp", Reason.EXPRESSION),
        ("coalesce(get_secret('k'), 'FALLBACK')", Reason.DEFAULT),
        ("case when true then 'a' end", Reason.EXPRESSION),
        ("'a' || true", Reason.TEXT_FORM),
        ("'a' || null", Reason.EXPRESSION),
        ("concat('a', true)", Reason.TEXT_FORM),
        ("concat('a', '{}'::jsonb)", Reason.TEXT_FORM),
        ("format('%10s', 'a')", Reason.FUNCTION),
        ("format('%I', 'a')", Reason.FUNCTION),
        ("format('%s')", Reason.FUNCTION),
        ("concat(variadic array['a'])", Reason.FUNCTION),
        ("'abc'::varchar(2)", Reason.TEXT_FORM),
        ("'a'::other.text", Reason.TEXT_FORM),
        ("a.b", Reason.EXPRESSION),
        ("get_secret(other)", Reason.EXPRESSION),
        ("current_setting('server_version')", Reason.EXPRESSION),
        ("current_setting('app.' || get_secret('k'))", Reason.FUNCTION),
        ("(select decrypted_secret from vault.decrypted_secrets)", Reason.EXPRESSION),
        ("(select secret from vault.decrypted_secrets where name = 'v')", Reason.EXPRESSION),
        ("(select decrypted_secret from vault.decrypted_secrets where name like 'v')", Reason.EXPRESSION),
        ("(select decrypted_secret from vault.decrypted_secrets where name = 'v' and true)", Reason.EXPRESSION),
        ("(select decrypted_secret from decrypted_secrets where name = 'v' offset 1)", Reason.EXPRESSION),
        ("(select secret from vault.secrets where name = 'v')", Reason.EXPRESSION),
        ("(select s from app.my_secrets where active = 'yes')", Reason.EXPRESSION),
        ("(select price from prices where name = 'v')", Reason.EXPRESSION),
        ("array['a']", Reason.EXPRESSION),
        ("jsonb_build_object(get_secret('k'), 1)", Reason.EXPRESSION),
        ("1 + 1", Reason.EXPRESSION),
        ("'a' operator(pg_catalog.||) 'b'", Reason.EXPRESSION),
    ],
)
def test_what_is_not_certain_is_not_guessed(expression: str, reason: Reason) -> None:
    with pytest.raises(NoCall) as refused:
        value(expression)
    assert refused.value.what is reason


@pytest.mark.parametrize(
    "expression",
    [
        """'{"a": "' || get_secret('k') || '"}'::jsonb""",
        "'{a}'::jsonb",
        "'NaN'::jsonb",
        """'{"a": "\\u0000"}'::jsonb""",
        """'{"a": "\\ud800"}'::jsonb""",
        "jsonb_build_object('a')",
        "format('50%', 1)",
    ],
)
def test_what_fails_on_the_server_is_broken(expression: str) -> None:
    with pytest.raises(Broken):
        value(expression)


def test_a_cast_of_the_last_literal_can_be_read_as_it_was_meant() -> None:
    read = value("""'{"a": "' || get_secret('k') || '"}'::jsonb""", as_meant=True)
    assert read == JsonValue({"a": JsonText((SECRET,))}, is_binary=True)


@pytest.mark.parametrize(
    ("expression", "json"),
    [
        ('\'{"a": 1, "a": 1.50}\'::jsonb', {"a": ("1.50",)}),
        ("'{\"a\": 1e3}'::jsonb", {"a": ("1000",)}),
        ("jsonb '[true, null]'", [True, None]),
        ("jsonb_build_object('a', jsonb_build_array(1, -2.0, 'x'))", {"a": [("1",), ("-2.0",), (("x",),)]}),
        ("json_build_object('a', true)::jsonb", {"a": True}),
        ("'{\"a\": 1}'::jsonb || '{\"a\": 2}'", {"a": ("2",)}),
        ("to_jsonb('a'::text)", (("a",),)),
    ],
)
def test_json(expression: str, json: Any) -> None:
    assert value(expression).value == json
