"""What a YAML file holds by the rules of YAML 1.2, and where in it each value stands."""

from pathlib import Path

import pytest

from components.errors import InvalidConfiguration
from components.source import Source, read_source


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
        ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5), ("-.inf", float("-inf")),
        ("'1'", "1"), ("!!str 1", "1"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2(text: str, value: object, tmp_path: Path) -> None:
    found = source(tmp_path, f"a: {text}\n").data["a"]
    assert (type(found), found) == (type(value), value)


def test_each_value_has_a_place(tmp_path: Path) -> None:
    found = source(tmp_path, "a:\n  - b: 1\n  - {c: 2}\né: {1: x}\n")
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
    ("text", "told"),
    [
        ("a: {x: 1, x: 2}\nb: 1\nb: 2\n", ["1:11: 'x' is declared twice; remove one", "3:1: 'b' is declared twice; remove one"]),
        ("a: [&x {y: 1, y: 1}, *x]\n", ["1:15: 'y' is declared twice; remove one"]),
        ("a: 1\n b: 2\n", ["2:3: invalid YAML: mapping values are not allowed in this context"]),
        ("a: *b\n", ["1:4: invalid YAML: found undefined alias"]),
        ("a: !b c\n", ["1:4: invalid YAML: could not determine a constructor for the tag '!b'"]),
        ("[a]: 1\n", ["1:1: invalid YAML: while constructing a mapping found unhashable key"]),
        ("a: 1\n---\nb: 1\n", ["2:1: invalid YAML: expected a single document in the stream but found another document"]),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_place(text: str, told: list[str], tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration) as raised:
        source(tmp_path, text)
    assert list(raised.value.problems) == [f"{tmp_path / 'some.yaml'}:{each}" for each in told]


def test_a_control_character_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfiguration, match="control characters are not allowed"):
        source(tmp_path, "a: \x01\n")
