"""Places of keys: the names of headers, members and parameters whose values prove who sends a request. Pure.

In such a place every literal counts as a key, whatever it looks like, unless it is a placeholder or a plain word.
"""

import re

from components.leaks.key_form import PUBLIC

LEAST = 8
"""Characters of a key at least."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|ApiKey)\s+", re.IGNORECASE)
_FILTER = re.compile(r"(?:not\.)?(?:is|eq|neq|gte?|lte?|like|ilike|match|imatch|in|cs|cd|fts)\.")
"""The beginning of a PostgREST filter: ``?reset_token=not.is.null`` asks for rows."""

_PLACEHOLDER = re.compile(r"[A-Z_]+|(?i:your.*|placeholder.*|change.?me.*|x{4}.*)|<.*>|\[.*\]|\*+")
"""A text that a person is to replace: ``YOUR_KEY``, ``<the key>``, ``xxxx``."""

_ALONE = {"authorization", "cookie", "credential", "credentials", "jwt", "passcode", "passphrase", "pwd", "sig"}
_ENDINGS = ("accesskey", "apikey", "passwd", "password", "privatekey", "secret", "secretkey", "token")
"""Endings of the last word, since words may be written together: ``authtoken``."""

_BEFORE_KEY = {"access", "admin", "api", "auth", "encryption", "hmac", "master", "private", "role", "secret"} | {
    "service",
    "shared",
    "signing",
    "stripe",
    "supabase",
    "webhook",
}
_BEFORE_TOKEN = {"cancel", "continuation", "next", "page", "sync"}
"""Words before a token that proves nothing: ``nextPageToken``."""

_COOKIE = "cookie"
_SESSION = re.compile(r"sess|\bsid\b", re.IGNORECASE)


def is_credential(name: str) -> bool:
    """Whether the value of a header, a member or a parameter with this name proves who sends it: ``X-Api-Key``."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words:
        return False
    *before, last = words
    if last == "key":
        return bool(before) and before[-1] in _BEFORE_KEY
    if last.endswith("token") and _is_place([*before, last.removesuffix("token")]):
        return False
    return last in _ALONE or last.endswith(_ENDINGS)


def _is_place(words: list[str]) -> bool:
    """Whether a token after these words marks a place in a list, by the last of the words that is not empty."""
    last = next((word for word in reversed(words) if word), "")
    return any(last.endswith(word) for word in _BEFORE_TOKEN)


def stands_for_itself(value: str) -> bool:
    """Whether a literal in the place of a credential may be one: it is neither a word nor a placeholder."""
    bare = _SCHEME.sub("", _FILTER.sub("", value, count=1), count=1)
    text = PUBLIC.sub("", bare).strip()
    is_word = bare == value and text.isalpha() and len(text) < 2 * LEAST  # after a scheme, nothing else can stand
    return len(text) >= LEAST and not is_word and not _PLACEHOLDER.fullmatch(text)


def is_literal_credential(name: str, value: str) -> bool:
    """Whether a literal with this name is a credential; in a Cookie header, whether the value of one cookie is."""
    if name.lower() != _COOKIE:
        return is_credential(name) and stands_for_itself(value)
    cookies = (pair.strip().partition("=") for pair in value.split(";"))
    return any((is_credential(key) or _SESSION.search(key)) and stands_for_itself(text) for key, _, text in cookies)
