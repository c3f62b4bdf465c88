"""Keys that somebody wrote out where everybody reads them, or that a job puts where pg_net keeps queued headers. Pure.

A key is told by its kind alone; what matched is never kept or returned. One detector serves the doctor, which looks at
living commands, and the preview, which looks at the catalogue (pasted_key.py).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_FORMS = {
    "a JWT (eyJ…)": r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",
    "a secret key of Supabase (sb_secret_…)": r"\bsb_secret_[\w-]{8,}",
    "an access token of Supabase (sbp_…)": r"\bsbp_(?:v0_)?[0-9a-f]{40}",
    "a key of Stripe (sk_…, rk_…)": r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{8,}",
    "a key that signs webhooks (whsec_…)": r"\bwhsec_[A-Za-z0-9+/=]{8,}",
    "a token of GitHub (gh…_…)": r"\b(?:gh[opsru]_[A-Za-z0-9]{20,}|github_pat_\w{20,})",
    "a token of GitLab (glpat-…)": r"\bglpat-[\w-]{10,}",
    "a token of Slack (xox…)": r"\bxox[abeprs]-[A-Za-z0-9-]{10,}",
    "an access key of AWS (AKIA…)": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a key of Google (AIza…)": r"\bAIza[\w-]{35}",
    "a key of SendGrid (SG.…)": r"\bSG\.[\w-]{16,}\.[\w-]{16,}",
    "a key of OpenAI or Anthropic (sk-…)": r"\bsk-(?=[\w-]*[0-9])[\w-]{20,}",
    "a token of npm (npm_…)": r"\bnpm_[A-Za-z0-9]{30,}",
    "a private key (PEM)": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}
"""What well-known issuers' keys begin with, as they publish it so that scanners find them."""

_KNOWN = {kind: re.compile(pattern) for kind, pattern in _FORMS.items()}
_PUBLIC = re.compile(r"\bsb_publishable_[\w-]+")
_UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE)
_READING = re.compile(r"current_setting|secret|vault|decrypt|credential|password|api_?key|token|\w_key$", re.IGNORECASE)
"""Functions that return keys, as people name them."""

_NAMED_CALL = re.compile(r"(\w+)\s*\(\s*'(?:[^']|'')*'\s*(?:,\s*(?:true|false)\s*)?\)", re.IGNORECASE)
_CALL = re.compile(r"\b(\w+)\s*\(")
_PROOF = re.compile(r"""['"](?:Bearer|Basic)\s+(?!eyJ|sb_secret_)([\w.~+/=-]{8,})""", re.IGNORECASE)
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|ApiKey)\s+", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"[A-Z_]+|(?i:your.*|placeholder.*|change.?me.*|x{4}.*)|<.*>|\*+")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{24,}")
_HEX = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)
_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

WORD_LENGTH = 3.0
"""Letters or digits in a row, on average, from which a text reads as words: random base64 and hex have about 2."""

LEAST = 8
"""Characters that a key has at least."""


class Named(NamedTuple):
    """A literal, and the name under which it is sent or kept."""

    name: str
    value: str


def planted_keys(command: str) -> tuple[str, ...]:
    """The kinds of keys that a command seems to hold; none of it is returned."""
    text = _NAMED_CALL.sub(lambda call: " " if _READING.search(call[1]) else call[0], command)
    found, text = _known(text)
    if any(not _PLACEHOLDER.fullmatch(each[1]) for each in _PROOF.finditer(text)):
        found.append("a literal token after Bearer or Basic")
    text = _PROOF.sub(" ", text)
    for pair in _named_literals(text):
        if is_credential(pair.name) and stands_for_itself(pair.value):
            found.append(f"a literal {pair.name}")
            text = text.replace(pair.value, " ")
    if _has_random(text):
        found.append("a long random literal")
    return tuple(dict.fromkeys(found))


def known_key_in(text: str) -> str | None:
    """The kind of key that a text holds by what its issuer's keys begin with, or None; none of it is returned."""
    found, _ = _known(text)
    return found[0] if found else None


def key_in(text: str) -> str | None:
    """The same, and what looks like a key by its randomness alone."""
    return known_key_in(text) or ("a long random literal" if _has_random(_known(text)[1]) else None)


def _known(text: str) -> tuple[list[str], str]:
    """The kinds of keys of known forms in a text, and the text without them and without what anybody may know."""
    text = _PUBLIC.sub(" ", text)
    found = []
    for kind, pattern in _KNOWN.items():
        text, many = pattern.subn(" ", text)
        if many:
            found.append(kind)
    return found, text


def _has_random(text: str) -> bool:
    return any(_looks_random(token) for token in _TOKEN.findall(_UUID.sub(" ", text)))


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


_ALONE = {"authorization", "cookie", "jwt", "passphrase", "passwd", "password", "pwd", "secret", "token"} | {
    "credential",
    "credentials",
    "apikey",
}
_BEFORE_KEY = {"access", "api", "auth", "encryption", "private", "role", "secret", "service", "signing", "webhook"}
_BEFORE_TOKEN = {"cancel", "continuation", "next", "page", "sync"}
"""With these words in front a token is none that proves anything: ``nextPageToken``."""


def is_credential(name: str) -> bool:
    """Whether a header, a member or a parameter of this name holds what proves who sends it: ``X-Api-Key``."""
    words = [word.lower() for word in _RUN.findall(name)]
    if not words:
        return False
    *before, last = words
    previous = before[-1] if before else ""
    if last == "key":
        return previous in _BEFORE_KEY
    if last == "token" and previous in _BEFORE_TOKEN:
        return False
    return last in _ALONE or "".join(words) in _ALONE


def stands_for_itself(value: str) -> bool:
    """Whether a literal in the place of a credential may be one, and not a word or a placeholder."""
    text = _PUBLIC.sub("", _SCHEME.sub("", value, count=1)).strip()
    is_word = text.isalpha() and len(text) < 2 * LEAST
    return len(text) >= LEAST and not is_word and not _PLACEHOLDER.fullmatch(text)


_JSON_PAIR = re.compile(r'"([\w .-]{2,60})"\s*:\s*"((?:[^"\\]|\\.)*)"')
_ARGUMENT = re.compile(r"\b(\w{2,60})\s*(?::=|=>)\s*'((?:[^']|'')*)'(?!\s*\|\|)")
_PASSWORD = re.compile(r"\b(PASSWORD)\s+'((?:[^']|'')*)'", re.IGNORECASE)
_IN_CONNINFO = re.compile(r"'[^']*\b(password)=([^\s'\";&]+)[^']*'")
_QUERY_PAIR = re.compile(r"[?&]([\w.-]{2,60})=([^&#'\"\s]+)(?!'\s*\|\|)")
_USERINFO = re.compile(r"https?://[^\s/?#@'\":]*:([^\s/?#@'\"]+)@")
_BUILD_OBJECT = re.compile(r"\bjsonb?_build_object\s*\(", re.IGNORECASE)
_LITERAL = re.compile(r"\s*'((?:[^']|'')*)'\s*(?:::\s*\w+\s*)?")


def _named_literals(text: str) -> Iterator[Named]:
    """The literals of a command that have a name, in SQL, JSON or an address."""
    for pattern in (_JSON_PAIR, _ARGUMENT, _PASSWORD, _IN_CONNINFO):
        yield from (Named(name, value) for name, value in pattern.findall(text))
    yield from literals_of_address(text)
    for name, expression in _built_pairs(text):
        if literal := _LITERAL.fullmatch(expression):
            yield Named(name, literal[1])


def literals_of_address(text: str) -> Iterator[Named]:
    """The parameters of the addresses in a text, and the password that stands before a host."""
    yield from (Named(name, value) for name, value in _QUERY_PAIR.findall(text))
    yield from (Named("password", value) for value in _USERINFO.findall(text))


def _built_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Each name and the expression of its value in calls of jsonb_build_object, the inner ones too."""
    for call in _BUILD_OBJECT.finditer(text):
        arguments = _arguments(text, call.end())
        for name, expression in zip(arguments[::2], arguments[1::2], strict=False):
            if literal := _LITERAL.fullmatch(name):
                yield literal[1], expression


def _arguments(text: str, at: int) -> list[str]:
    """The arguments of a call, from behind its opening parenthesis on; of one that does not end, what there is."""
    found, depth, begin = [], 0, at
    for token in re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[(),\[\]]").finditer(text, at):
        if token[0] in "([":
            depth += 1
        elif token[0] in ")]":
            depth -= 1
        if depth < 0 or (depth == 0 and token[0] == ","):
            found.append(text[begin : token.start()])
            begin = token.end()
        if depth < 0:
            break
    return found


_SENDS = re.compile(r"\bnet\s*\.\s*http_\w+\s*\(", re.IGNORECASE)
_DECRYPTS = re.compile(r"\bdecrypted_secret\b", re.IGNORECASE)
_HEADERS_OF_A_CALL = re.compile(
    r"\bheaders\s*(?::=|=>)\s*(?:(?:\"(?:[^\"]|\"\")+\"|\w+)\s*\.\s*)?(\w+)\s*\(", re.IGNORECASE
)
_BUILDERS = {"json_build_object", "jsonb_build_object", "jsonb_strip_nulls", "coalesce"}
_SIGNS = "sign_cron_request"


def sends_reusable_key(command: str) -> bool:
    """Whether a job puts a secret itself, not a signature, where whoever reads pg_net's queue finds it."""
    if not _SENDS.search(command):
        return False
    if _DECRYPTS.search(command) or any(_is_key(*pair) for pair in _built_pairs(command)):
        return True
    return any(made.lower() not in _BUILDERS for made in _HEADERS_OF_A_CALL.findall(command))


def _is_key(name: str, expression: str) -> bool:
    """Whether what is sent under a name is a key: by what it is read with, or by the name where it is no literal."""
    calls = _CALL.findall(re.sub(r"'(?:[^']|'')*'", "''", expression))
    if _SIGNS in calls:
        return False
    reads = any(_READING.search(call) for call in calls)
    return reads or (is_credential(name) and _LITERAL.fullmatch(expression) is None)
