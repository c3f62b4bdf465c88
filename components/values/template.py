"""Templates: texts with ``{secret}`` places, as jobs write them in urls and headers; the database fills the places.

A literal brace is doubled, as in Python's format strings. No secret's value comes into this module.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from components.leaks.key_form import key_in

KEY = r"[A-Za-z_][A-Za-z0-9_]{0,62}"
_TOKEN = re.compile(rf"(?P<literal>[^{{}}]+)|(?P<open>{{{{)|(?P<close>}}}})|{{(?P<key>{KEY})}}")

_MISSPELT = re.compile(r"\{(?P<key> *\$?[A-Za-z_][A-Za-z0-9_.-]{0,62} *)\}")
"""A misspelt place of a secret: ``{supabase-url}``, ``{ key }``, ``{$KEY}``."""


class Literal(NamedTuple):
    """A text that goes out as written."""

    text: str


class SecretRef(NamedTuple):
    """The place of a secret, read by ``get_secret`` when the job runs."""

    key: str


Part = Literal | SecretRef


@dataclass(frozen=True)
class Template:
    """A parsed text: ``parts`` are its literals and secret references in order, neighbouring literals joined."""

    text: str
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return self.text

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the secrets that the template reads, in order, each key once."""
        return tuple(dict.fromkeys(part.key for part in self.parts if isinstance(part, SecretRef)))

    def filled(self, word: str) -> str:
        """The text with one word in the place of each secret."""
        return "".join(part.text if isinstance(part, Literal) else word for part in self.parts)


def template_text(parts: Iterable[Part]) -> str:
    """The text of a template: what :func:`parse_template` reads as these parts."""
    return "".join(
        part.text.replace("{", "{{").replace("}", "}}") if isinstance(part, Literal) else f"{{{part.key}}}"
        for part in parts
    )


def parse_template(text: str) -> Template:
    """Read a text as a template.

    Raises ValueError where a brace is neither doubled nor part of a well-formed ``{key}``.
    """
    parts: list[Part] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            if meant := _MISSPELT.match(text, at):
                raise ValueError(_misspelt(meant["key"]))
            raise ValueError(
                f"the brace at character {at + 1} is neither a secret such as {{service_role_key}} nor doubled; "
                f"write '{text[at] * 2}' for a literal brace"
            )
        at = token.end()
        if token["key"] is not None:
            parts.append(SecretRef(token["key"]))
            continue
        literal = token["literal"] or token[0][0]
        if parts and isinstance(parts[-1], Literal):
            literal = parts.pop().text + literal  # type: ignore[union-attr]
        parts.append(Literal(literal))
    return Template(text, tuple(parts))


def _misspelt(name: str) -> str:
    """The sentence on a misspelt key, with its right form unless that looks like a pasted value."""
    problem = "a name in braces is no secret's key, which has letters, digits and '_' alone"
    key = re.sub(r"[-.]+", "_", name.strip(" $"))
    return f"{problem}; write {{{key}}}" if re.fullmatch(KEY, key) and key_in(name) is None else problem
