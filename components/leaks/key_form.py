"""Forms of keys, wherever they stand: the beginnings of well-known issuers' keys, and randomness. Pure.

The functions return the kind of a key and never the key itself.
"""

import re

_FORMS = {
    "a JWT (eyJ…)": r"\beyJ[\w-]{8,1000}\.[\w-]{8,8000}\.[\w-]*",
    "a secret key of Supabase (sb_secret_…)": r"\bsb_secret_[\w-]{8,}",
    "an access token of Supabase (sbp_…)": r"\bsbp_(?:v0_)?[0-9a-f]{40}",
    "a key of Stripe (sk_…, rk_…)": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{8,}",
    "a key that signs webhooks (whsec_…)": r"\bwhsec_[A-Za-z0-9+/=]{8,}",
    "a token of GitHub (gh…_…)": r"\b(?:gh[opsru]_[A-Za-z0-9]{20,}|github_pat_\w{20,})",
    "a token of GitLab (glpat-…)": r"\bglpat-[\w-]{10,}",
    "a token of Slack (xox…)": r"\bxox[abeprs]-[A-Za-z0-9-]{10,}",
    "a token of a Telegram bot (…:…)": r"(?<![0-9])[0-9]{8,10}:[A-Za-z0-9_-]{35}(?![\w-])",
    "an access key of AWS (AKIA…)": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a key of Google (AIza…)": r"\bAIza[\w-]{35}",
    "a key of SendGrid (SG.…)": r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    "a key of OpenAI or Anthropic (sk-…)": r"\bsk-(?=[\w-]{0,100}[0-9])[\w-]{20,}",
    "a token of npm (npm_…)": r"\bnpm_[A-Za-z0-9]{30,}",
    "a private key (PEM)": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}
"""Forms of well-known issuers' keys, which they publish so that scanners find them.

Where a form may begin within itself, its length has a bound, since the doctor reads commands of others.
"""

RANDOM = "a long random literal"

_KNOWN = {kind: re.compile(pattern) for kind, pattern in _FORMS.items()}
_ID = re.compile(
    r"\b(?i:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\b"  # an UUID
    r"|\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b"  # an ULID
    r"|\b[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b"  # a traceparent, https://www.w3.org/TR/trace-context
)
"""Ids of rows, runs and traces, which are as random as keys and prove nothing."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{24,}")
_BASE64 = re.compile(
    r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}(?![A-Za-z0-9+/])"
)  # 30 bytes and more, as openssl writes them
_HEX = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)
_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

PUBLIC = re.compile(r"\bsb_publishable_[\w-]+")
"""A key that anybody may know."""

WORD_LENGTH = 3.0
"""Letters or digits in a row, on average, of a text that consists of words; random base64 and hex have about 2."""


def known_forms(text: str) -> tuple[list[str], str]:
    """The kinds of keys of known forms in a text, and the text without these keys and without public ones."""
    text = PUBLIC.sub(" ", text)
    kinds = []
    for kind, pattern in _KNOWN.items():
        text, many = pattern.subn(" ", text)
        if many:
            kinds.append(kind)
    return kinds, text


def known_places(text: str) -> list[tuple[int, int]]:
    """Begin and end of the keys of known forms in a text, first places first, without those within another."""
    found = sorted((match.span() for pattern in _KNOWN.values() for match in pattern.finditer(text)), key=_outer_first)
    outer: list[tuple[int, int]] = []
    for begin, end in found:
        if not outer or begin >= outer[-1][1]:
            outer.append((begin, end))
    return outer


def _outer_first(place: tuple[int, int]) -> tuple[int, int]:
    return place[0], -place[1]


def key_in(text: str) -> str | None:
    """The kind of key that a text holds by its form, or None."""
    kinds, rest = known_forms(text)
    return kinds[0] if kinds else RANDOM if has_random(rest) else None


def has_random(text: str) -> bool:
    """Whether a text holds a token that only a generator writes, ids of rows, runs and traces aside."""
    text = _ID.sub(" ", text)
    return any(_looks_random(token) for pattern in (_TOKEN, _BASE64) for token in pattern.findall(text))


def _looks_random(token: str) -> bool:
    """Whether letters and digits alternate more often than in names, which may be long and numbered."""
    if _HEX.fullmatch(token):
        return len(set(token)) > 8
    runs = _RUN.findall(token)
    length = sum(map(len, runs))
    if len(token) - length > len(token) / 10:  # parts joined by -, _ and /, as names and paths have
        return False
    has_both = any(run.isdigit() for run in runs) and not all(run.isdigit() for run in runs)
    return has_both and length / len(runs) < WORD_LENGTH
