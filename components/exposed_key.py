"""Keys that a job's command exposes: written into it, or put where pg_net keeps the headers of queued requests. Pure.

A key is told by its kind alone; what matched is never kept or returned.
"""

import re

_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_SECRET_CALL = re.compile(r"get_secret\s*\(\s*'(?:[^']|'')*'\s*\)", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*")
_API_KEY = re.compile(r"\bsb_secret_[\w-]{8,}")
_PROOF = re.compile(r"""['"](?:Bearer|Basic)\s+(?!eyJ|sb_secret_)([\w.~+/=-]{8,})""", re.IGNORECASE)
_SHOUTED = re.compile(r"[A-Z_]+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24,}")
_HEX = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)
_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

WORD_LENGTH = 3.0
"""Letters or digits in a row, on average, from which a text reads as words: random base64 and hex have about 2."""


def planted_keys(command: str) -> tuple[str, ...]:
    """The kinds of keys that a command seems to hold; none of it is returned."""
    text = _SECRET_CALL.sub(" ", _UUID.sub(" ", command))
    kinds = {
        "a JWT (eyJ…)": _JWT,
        "a secret key of Supabase (sb_secret_…)": _API_KEY,
    }
    found = [kind for kind, pattern in kinds.items() if pattern.search(text)]
    if any(not _is_placeholder(each[1]) for each in _PROOF.finditer(text)):
        found.append("a literal token after Bearer or Basic")
    rest = _PROOF.sub(" ", _API_KEY.sub(" ", _JWT.sub(" ", text)))
    if any(_looks_random(token) for token in _TOKEN.findall(rest)):
        found.append("a long random literal")
    return tuple(found)


def _is_placeholder(token: str) -> bool:
    return bool(_SHOUTED.fullmatch(token) or re.match(r"your|placeholder|x{4}", token, re.IGNORECASE))


def _looks_random(token: str) -> bool:
    """Whether letters and digits change more often than in names, however long and numbered these are."""
    if _HEX.fullmatch(token):
        return len(set(token)) > 8
    runs = _RUN.findall(token)
    length = sum(map(len, runs))
    if len(token) - length > len(token) / 10:  # parts joined by - and _, as names have
        return False
    has_both = any(each.isdigit() for each in runs) and not all(each.isdigit() for each in runs)
    return has_both and length / len(runs) < WORD_LENGTH


_HEADER_READS = re.compile(
    r"'[\w-]+'\s*,\s*"  # a header's name in jsonb_build_object
    r"(?:'(?:[^']|'')*'\s*\|\|\s*)*"  # 'Bearer ' ||
    r'(?:(?:"(?:[^"]|"")+"|\w+)\s*\.\s*)?get_secret\s*\(',
    re.IGNORECASE,
)
_HEADER_DECRYPTS = re.compile(r"\bnet\s*\.\s*http_\w+\s*\(.*\bdecrypted_secret\b", re.IGNORECASE | re.DOTALL)


def sends_reusable_key(command: str) -> bool:
    """Whether a job puts a secret itself, not a signature, where whoever reads pg_net's queue finds it."""
    return bool(_HEADER_READS.search(command) or _HEADER_DECRYPTS.search(command))
