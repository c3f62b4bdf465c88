"""Each message that the troubleshooting quotes is one that the project says: its words stand together in the source."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.unit.docs.pages import ROOT, table

PAGE = ROOT / "docs" / "troubleshooting.md"
SHORTEST = 12
"""Constant characters of a message by which it can be told from others."""

ELSEWHERE = "…"
"""What stands for a part that differs each time, in the page and in the texts of the source."""


def messages() -> list[str]:
    """The quoted messages of the table, without what stands beside them."""
    return [message for row in table(PAGE, "What the messages say") for message in re.findall(r"`([^`]+)`", row[0])]


def pieces(message: str) -> list[str]:
    """The constant pieces of a message."""
    return [piece for part in re.split(f"{ELSEWHERE}|<[A-Z]+>", message) if (piece := part.strip())]


def texts() -> Iterator[str]:
    """The texts of the source in one line each: Python's, with … for what is filled in, and SQL's in quotes."""
    for folder in ("components", "cronctl"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    yield "".join(
                        str(part.value) if isinstance(part, ast.Constant) else ELSEWHERE for part in node.values
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
    for path in sorted((ROOT / "components" / "sql").rglob("*.sql")):
        yield from (
            text.replace("%", ELSEWHERE) for text in re.findall(r"'([^'\n]+)'", path.read_text(encoding="utf-8"))
        )


TEXTS = [" ".join(text.split()) for text in texts()]


def is_said(message: str) -> bool:
    """Whether one text of the source holds all pieces of a message, in their order."""
    words = re.compile(".*".join(map(re.escape, pieces(message))))
    return any(map(words.search, TEXTS))


@pytest.mark.parametrize("message", messages())
def test_the_source_says_what_is_quoted(message: str) -> None:
    assert sum(map(len, pieces(message))) >= SHORTEST, f"{message!r} could be of anything"
    assert is_said(message), f"no text of the source is {message!r}"


def test_messages_are_found_and_told_from_others() -> None:
    assert len(messages()) > 30
    assert pieces("secret <KEY> of … is old") == ["secret", "of", "is old"]
    assert is_said("cron secret … is unknown")
    assert not is_said("cron secret … is unheard of")
    assert not is_said("is unknown … cron secret")
