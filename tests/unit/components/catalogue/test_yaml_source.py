"""What a YAML file holds by the rules of YAML 1.2, and where in it each value stands."""

from pathlib import Path
from time import process_time

import pytest

from components.catalogue.yaml_source import Source, read_source
from components.errors import InvalidConfiguration


def source(folder: Path, text: str) -> Source:
    path = folder / "some.yaml"
    path.write_text(text, encoding="utf-8")
    return read_source(path)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((text, text) for text in ("on", "yes", "1:30", "2026-11-26", "1_000", "0b1", ".", "1e", "=", "nul")),
        *((text, True) for text in ("true", "True", "TRUE")),
        ("false", False),
        *((text, None) for text in ("~", "null", "")),
        ("010", 10), ("0o17", 15), ("0x1F", 31), ("-7", -7), ("+7", 7),
        ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5), ("-1.5e-3", -0.0015), ("0.10", 0.1), ("1e22", 1e22), (str(2**64 + 1), 2**64 + 1),
        ("'1'", "1"), ("!!str 1", "1"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text: str, value: object, tmp_path: Path) -> None:
    found = source(tmp_path, f"a: {text}\n").data["a"]
    assert (type(found), found) == (type(value), value)


def test_each_value_has_a_place(tmp_path: Path) -> None:
    found = source(tmp_path, "a:\n  - b: 1\n  - {c: 2}\né: {'1': x}\n")
    assert found.position(("a",)) == (1, 1)
    assert found.position(("a", 1)) == (3, 5)
    assert found.position(("a", 1, "c")) == (3, 6)
    assert found.position(("é", 1)) == (4, 5)
    assert found.position(("a", 2)) is None
    assert found.position(("a", "b")) is None
    assert found.position(("é", 1, "x")) is None
    assert found.position(()) is None
    assert found.nearest(("a", 0, "d")) == (2, 5)


def test_what_a_merge_key_brings_may_be_overridden(tmp_path: Path) -> None:
    found = source(tmp_path, "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n")
    assert found.data["b"] == {"x": 1, "y": 3}
    assert found.position(("b", "y")) == (4, 3)
    assert found.position(("b", "x")) == (1, 8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {x: 1, x: 2}\nb: 1\nb: 2\n", ["1:11: 'x' is declared twice; remove one", "3:1: 'b' is declared twice; remove one"]),
        ("a: [&x {y: 1, y: 1}, *x]\n", ["1:15: 'y' is declared twice; remove one"]),
        ("a: 1\n b: 2\n", ["2:3: invalid YAML: mapping values are not allowed in this context"]),
        ("a: *b\n", [
            "1:4: invalid YAML: found undefined alias; a text that begins with * must be in quotes: \"*/5 * * * *\""]),
        ("a: !b c\n", ["1:4: the tag '!b' means nothing here; take it out"]),
        ("[a]: 1\n", ["1:1: a name must be a text; put it in quotes"]),
        ("a: 1\n---\nb: 1\n", ["2:1: invalid YAML: expected a single document in the stream but found another document"]),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_place(text: str, expected: list[str], tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        source(tmp_path, text)
    assert list(raised.value.problems) == [f"{tmp_path / 'some.yaml'}:{each}" for each in expected]


STARRED = 'a text that begins with * must be in quotes: "*/5 * * * *"'
BRACED = 'a text with {its_key} in it must be in quotes: "{its_key}/path"'
LOST = "this is a number that would lose digits on its way; write at most 15 digits, or a text in quotes"
INFINITE = "this is no number that JSON can hold; write one that is finite, or a text in quotes"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("schedule: */5 * * * *", STARRED),
        ("a:\n  schedule: * * * * *\n  sql: x", STARRED),
        ("a:\n  - */5 * * * *", STARRED),
        ("url: {supabase_url}/functions/v1/x\nb: 1", BRACED),
        ("http: {headers: {Authorization: Bearer {token}}}", BRACED),
        ("schedule: @daily", 'a text that begins with such a character must be in quotes: "@reboot"'),
        ("a:\n\tb: 1", "indent with blanks, not with tabs"),
        ("description: mind: this", "a text with a colon and a blank in it must be in quotes"),
    ],
)
def test_the_mistakes_that_are_made_most_are_told_with_what_to_write(text: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="invalid YAML") as raised:
        source(tmp_path, text)
    assert str(raised.value).endswith(f"; {expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, INFINITE) for text in (".inf", "-.INF", ".nan", "1e400", "-1e400", "!!float .inf")),
        *((text, LOST) for text in ("12345678901234567890.123456789", "0.1000000000000000055", "1e-400", "1e-9" + "9" * 30)),
        ("1" * 5000, "this is a number of 5000 characters; write at most 1000, or a text in quotes"),
        ("0x" + "f" * 5000, "this is a number of 5002 characters; write at most 1000, or a text in quotes"),
        *((f"!!{tag} x", f"this is no value of the tag '!!{tag}'; put a text in quotes, and take the tag out")
          for tag in ("int", "float", "bool", "null", "merge")),
        ("!!int 1_000", "this is no value of the tag '!!int'; put a text in quotes, and take the tag out"),
        ("<<", "this is no value of the tag '!!merge'; put a text in quotes, and take the tag out"),
        *((f"!!{tag} {value}", f"the tag '!!{tag}' means nothing here; take it out")
          for tag, value in (("set", "{x: }"), ("omap", "[x: 1]"), ("pairs", "[x: 1]"), ("timestamp", "2001-01-01"),
                             ("binary", "aGVsbG8="), ("str", "{x: 1}"), ("map", "[]"), ("seq", "{}"),
                             ("python/name:os.system", "''"))),
        *((text, "a name must be a text; put it in quotes") for text in ("{1: x}", "{null: x}", "{[x]: y}", "{true: x}")),
        ("&a [*a]", "it has an alias of what it stands in, which never ends; take it out"),
        ("&a {x: {y: *a}}", "it has an alias of what it stands in, which never ends; take it out"),
        ("[" * 150 + "]" * 150, "values stand more than 100 deep in one another; write it flat"),
    ],
)  # fmt: skip
def test_what_no_catalogue_means_is_refused_before_anything_is_made_of_it(
    text: str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        source(tmp_path, f"a: {text}\n")
    assert len(raised.value.problems) == 1
    assert raised.value.problems[0].endswith(f": {expected}")
    assert str(raised.value).startswith(f"{tmp_path / 'some.yaml'}:1:")


def test_aliases_that_stand_for_millions_are_refused_at_once(tmp_path: Path) -> None:
    bomb = "".join(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 12))
    began = process_time()
    with pytest.raises(InvalidConfiguration, match="its aliases bring more than 100000 values again; write fewer"):
        source(tmp_path, f"a0: &a0 [{', '.join('x' * 10)}]\n{bomb}")
    assert process_time() - began < 1


def test_aliases_that_go_deep_are_refused(tmp_path: Path) -> None:
    chain = "".join(f"a{level}: &a{level} {'[' * 20}*a{level - 1}{']' * 20}\n" for level in range(1, 10))
    with pytest.raises(InvalidConfiguration, match="values stand more than 100 deep in one another"):
        source(tmp_path, f"a0: &a0 x\n{chain}")


def test_aliases_that_mean_well_are_followed(tmp_path: Path) -> None:
    found = source(tmp_path, "a: &a {x: [1, 2]}\nb: [*a, *a]\nc: {<<: *a, y: 1}\n")
    assert found.data["b"] == [{"x": [1, 2]}] * 2
    assert found.data["c"] == {"x": [1, 2], "y": 1}


def test_a_control_character_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="control characters are not allowed"):
        source(tmp_path, "a: \x01\n")
