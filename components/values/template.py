"""Text with ``{secret}`` places, as jobs write it in urls and headers: parsed here, filled in by the database.

A literal brace is doubled, as in Python's format strings. Nothing here ever sees a secret's value.
"""

import re
from typing import NamedTuple

from components.leaks.key_form import key_in

KEY = r"[A-Za-z_][A-Za-z0-9_]{0,62}"
_TOKEN = re.compile(rf"(?P<literal>[^{{}}]+)|(?P<open>{{{{)|(?P<close>}}}})|{{(?P<key>{KEY})}}")

_MISSPELT = re.compile(r"\{(?P<key> *\$?[A-Za-z_][A-Za-z0-9_.-]{0,62} *)\}")
"""What was meant for a secret: ``{supabase-url}``, ``{ key }``, ``{$KEY}``."""


class Literal(NamedTuple):
    """Text that goes out as it stands."""

    text: str


class SecretRef(NamedTuple):
    """The place of a secret, read by ``get_secret`` when the job runs."""

    key: str


Part = Literal | SecretRef


def parse_template(text: str) -> tuple[Part, ...]:
    """Split text into literals and secret references; neighbouring literals are joined.

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
    return tuple(parts)


def _misspelt(name: str) -> str:
    told = "a name in braces is no secret's key, which has letters, digits and '_' alone"
    key = re.sub(r"[-.]+", "_", name.strip(" $"))
    return f"{told}; write {{{key}}}" if re.fullmatch(KEY, key) and key_in(name) is None else told


def secret_keys(text: str) -> tuple[str, ...]:
    """The keys of the secrets that a template reads, in order, once each."""
    return tuple(dict.fromkeys(part.key for part in parse_template(text) if isinstance(part, SecretRef)))
