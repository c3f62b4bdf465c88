"""Versions as the engine and Go print them."""

import pytest

from toolchain.versions import ENGINE, OLDEST_ENGINE, at_least, parse


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("v3.260.0", (3, 260, 0)),
        ("3.261.0-alpha.1737+dirty\n", (3, 261, 0)),
        ("go1.26.8", (1, 26, 8)),
        ("go1.27rc1", (1, 27, 0)),
        ("devel go1.28-3a4f1b2 Mon", (1, 28, 0)),
    ],
)
def test_parse(text: str, parsed: tuple[int, int, int]) -> None:
    assert parse(text) == parsed


def test_parse_refuses_a_text_without_a_version() -> None:
    with pytest.raises(ValueError, match="no version in 'unknown'"):
        parse("unknown")


@pytest.mark.parametrize(
    ("found", "wanted", "enough"),
    [
        ("v3.260.0", "3.260.0", True),
        ("v3.1000.0", "3.260.0", True),
        ("v4.0.0", "3.260.0", True),
        ("v3.99.9", "3.260.0", False),
        ("go1.26.5", "1.26.6", False),
        ("", "1.26.6", False),
    ],
)
def test_at_least_compares_numbers_not_letters(found: str, wanted: str, enough: bool) -> None:
    assert at_least(found, wanted) is enough


def test_the_engine_we_build_is_one_we_would_accept() -> None:
    assert at_least(ENGINE, OLDEST_ENGINE)
