"""Text from outside on its way to a terminal: what would act there, or hide, is shown instead. Pure.

Outside is whatever others can write: what endpoints answer, names in the database, what the server says.
"""

import re
from typing import Any

_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""C0, DEL, C1; Unicode's Bidi_Control, which reorders what stands around it; its two separators; lone surrogates."""

_DIRECTIVE_ENDS = re.compile(r"<(?=\{%)|%(?=\}>)")
"""Where the engine's colour directives, ``<{%fg 1%}>``, begin and end (pulumi/sdk, diag/colors)."""

_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]|<\\{%|%\\}>")
"""What no declared text needs: controls but for tab and line breaks, lone surrogates, the engine's directives."""


def visible_text(text: str, *, keep: str = "\n") -> str:
    r"""The text with such characters as escapes, ``\x1b`` or ``\u202e``, but for those to ``keep``."""
    return _ACTING.sub(lambda found: found[0] if found[0] in keep else _escape(found[0]), text)


def visible_line(text: str) -> str:
    r"""The same of a name or a sentence, in which a line break is none: ``\n``."""
    return visible_text(text, keep="")


def visible_to_engine(text: str) -> str:
    """The same of what the engine is told, in which a colour directive is none, either."""
    return _DIRECTIVE_ENDS.sub(r"\g<0>\\", visible_text(text))


def acts_on_engine(text: str) -> bool:
    """Whether a property with this text would not only be shown by the engine, but obeyed."""
    return _NO_TEXT.search(text) is not None


def obeyed_by_none(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A property's value with such texts escaped, and with what hides a part of them; every other value as it is."""
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
    """A JSON document with such characters in JSON's own escapes, so that a parser gets the same text."""
    return _ACTING.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", document)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
