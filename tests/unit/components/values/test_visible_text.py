import json
import sys
import unicodedata

import pytest

from components.values.visible_text import visible_json, visible_line, visible_text, visible_to_engine

RANGES = {
    "C0": range(0x20),
    "DEL and C1": range(0x7F, 0xA0),
    "separators and embeddings": range(0x2028, 0x202F),
    "isolates": range(0x2066, 0x206A),
    "marks of direction": (0x061C, 0x200E, 0x200F),
    "surrogates": range(0xD800, 0xE000),
}
ACTING = {code for codes in RANGES.values() for code in codes}
EVERYTHING = "".join(map(chr, range(sys.maxunicode + 1)))


@pytest.mark.parametrize("codes", RANGES.values(), ids=RANGES)
def test_what_acts_is_shown(codes: range) -> None:
    for character in map(chr, codes):
        shown = visible_line(f"a{character}b")
        assert shown.isascii()
        assert shown.isprintable()
        assert shown.encode().decode("unicode_escape") == f"a{character}b"
        assert visible_text(character) == ("\n" if character == "\n" else shown[1:-1])


def test_nothing_else_is_changed() -> None:
    others = "".join(character for character in EVERYTHING if ord(character) not in ACTING)
    assert visible_line(others) == visible_text(others) == others
    assert visible_to_engine(others) == others
    assert visible_line(r"[red]\x1b[/x] [link=https://x]<b>") == r"[red]\x1b[/x] [link=https://x]<b>"


def test_no_control_character_is_left_whatever_the_text() -> None:
    shown = visible_line(EVERYTHING)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(character) for character in shown} & {
        *("LRE", "RLE", "LRO", "RLO", "PDF"),
        *("LRI", "RLI", "FSI", "PDI"),
    }
    assert visible_line(shown) == shown
    shown.encode()


def test_some_are_kept_where_they_are_meant() -> None:
    assert visible_text("a\tb\nc\r\n") == "a\\tb\nc\\r\n"
    assert visible_text("a\tb\nc", keep="\n\t") == "a\tb\nc"
    assert visible_line("a\nb") == "a\\nb"


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_says_the_same(indent: int | None, ascii_only: bool) -> None:
    apart = " ".join(EVERYTHING)  # two surrogates beside each other are one character in JSON
    value = {"name\x9b\u202e": ["\x1b[31m", apart, "two\nlines"]}
    document = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    shown = visible_json(document)
    assert json.loads(shown) == value
    assert {ord(character) for character in shown} & ACTING <= {ord("\n")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<{%fg 1%}>red<{%reset%}>", r"<\{%fg 1%\}>red<\{%reset%\}>"),
        ("an end %}> before a beginning <{%", r"an end %\}> before a beginning <\{%"),
        ("<{%}>", r"<\{%\}>"),
        ("<<{%%}>>", r"<<\{%%\}>>"),
        ("\x1b[2J\n50 % {%}", "\\x1b[2J\n50 % {%}"),
    ],
)
def test_the_engine_sees_no_directive(text: str, expected: str) -> None:
    assert visible_to_engine(text) == expected
    assert visible_to_engine(expected) == expected
