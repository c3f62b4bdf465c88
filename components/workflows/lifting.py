"""Keys that stand in clear in a workflow: taken out of requests, so that they become secrets. Pure.

A key's value is compared with others and goes nowhere: what is told of it is its place and its form.
"""

import re
import secrets
from hashlib import blake2b

from components.leaks.credential import is_credential, is_literal_credential
from components.leaks.exposed_key import placed_key_in
from components.leaks.key_form import known_forms
from components.workflows.outcome import Place, Reason, Refused
from components.workflows.value import Known, Piece, Value, text_of

_OF_THIS_RUN = secrets.token_bytes(16)
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|ApiKey)\s+", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"[A-Z][A-Z_]{3,}|__\w+__|(?i:your[-_ ].*|change.?me.*|x{4,}.*|placeholder.*)|<.*>|\{\{.*\}\}|\[.*\]"
)
_PAIR = re.compile(r"([?&])([\w.-]+)=([^&#]*)")


def lift_header(name: str, value: Value, host: str, line: int) -> Value:
    """A header's value with the key in it as a place. Raises Refused for a placeholder."""
    text = text_of(value)
    if text is None:
        return value
    scheme = _SCHEME.match(text)
    bare = text[scheme.end() :] if scheme else text
    if is_credential(name) and _PLACEHOLDER.fullmatch(bare):
        raise Refused(Reason.PLACEHOLDER, line, f"in the header {name}")
    if is_literal_credential(name, text) or known_forms(text)[0]:
        place = _place(bare, name, host)
        return (Known(scheme[0]), place) if scheme else (place,)
    return value


def lift_address(value: Value, host: str, line: int) -> Value:
    """An address with the keys in its query as places. Raises Refused for a placeholder."""
    pieces: list[Piece] = []
    for piece in value:
        if not isinstance(piece, Known):
            pieces.append(piece)
            continue
        at = 0
        for pair in _PAIR.finditer(piece.text):
            if is_credential(pair[2]) and _PLACEHOLDER.fullmatch(pair[3]):
                raise Refused(Reason.PLACEHOLDER, line, f"in the parameter {pair[2]}")
            if pair[3] and (is_literal_credential(pair[2], pair[3]) or known_forms(pair[3])[0]):
                pieces += (Known(piece.text[at : pair.start(3)], piece.inputs), _place(pair[3], pair[2], host))
                at = pair.end(3)
        if piece.text[at:]:
            pieces.append(Known(piece.text[at:], piece.inputs))
    return tuple(pieces)


def default_words(name: str, text: str, *, is_secret: bool) -> str | None:
    """A default of a secret or a variable in words; None for one that may be a key, and so is shown nowhere."""
    if placed_key_in(text) or known_forms(text)[0] or is_literal_credential(name, text):
        return None
    return None if is_secret and not re.match(r"https?://[^@]*$", text) else repr(text)


def _place(key: str, name: str, host: str) -> Place:
    """The place of a key in clear; ``original`` says where it stands, ``environment`` only which keys are the same."""
    same = blake2b(key.encode(), key=_OF_THIS_RUN, digest_size=8).hexdigest()
    return Place("", "literal", f"{host} {name}".strip(), environment=f"#{same}")


def keys_in_clear(text: str) -> list[tuple[int, str]]:
    """The lines of a text in which a key of a known form stands, each with the form."""
    return [(number, kind) for number, line in enumerate(text.splitlines(), 1) for kind in known_forms(line)[0]]
