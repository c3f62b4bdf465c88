"""Text from outside on its way to a terminal: characters that would act or hide there become visible escapes. Pure.

Outside is whatever others can write: answers of endpoints, names in the database, messages of the server.
"""

import re
from typing import Any

_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0, DEL, C1; Unicode's Bidi_Control, which reorders the text around it; its two separators; lone surrogates."""

_DIRECTIVE_ENDS = re.compile(r"<(?=\{%)|%(?=\}>)")
"""Beginning and end of the engine's colour directives, ``<{%fg 1%}>`` (pulumi/sdk, diag/colors)."""

_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]|<\\{%|%\\}>")
"""Characters that no declared text needs: controls other than tab and line breaks, lone surrogates, directives."""


def visible_text(text: str, *, keep: str = "\n") -> str:
    r"""The text with acting characters as escapes, ``\x1b`` or ``\u202e``, except for the characters in ``keep``."""
    return _ACTING.sub(lambda match: match[0] if match[0] in keep else _escape(match[0]), text)


def visible_line(text: str) -> str:
    r"""A name or a sentence with all acting characters as escapes, line breaks (``\n``) included."""
    return visible_text(text, keep="")


def visible_to_engine(text: str) -> str:
    """A text for the engine with acting characters as escapes, and without colour directives that it would obey."""
    return _DIRECTIVE_ENDS.sub(r"\g<0>\\", visible_text(text))


def acts_on_engine(text: str) -> bool:
    """Whether the engine would obey this text in a property, and not only show it."""
    return _NO_TEXT.search(text) is not None


def obeyed_by_none(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A property's value with each text escaped that the engine would obey or that hides a part of itself."""
    match value:
        case str():
            plain = value.replace("\r\n", "\n").replace("\t", "")
            return value if visible_to_engine(plain) == plain else visible_to_engine(value)
        case dict():
            return {key: obeyed_by_none(part) for key, part in value.items()}
        case list():
            return [obeyed_by_none(part) for part in value]
    return value


def visible_json(document: str) -> str:
    """A JSON document with acting characters in JSON's own escapes, so that a parser gets the same text."""
    return _ACTING.sub(lambda match: match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}", document)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
