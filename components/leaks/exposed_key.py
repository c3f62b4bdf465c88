"""Keys that somebody wrote out where everybody reads them, or that a job puts where pg_net keeps queued headers. Pure.

A key is told by its kind alone; what matched is never kept or returned. One detector serves the doctor, which looks at
living commands, and the preview, which looks at the catalogue (pasted_key.py): what the one accepts, the other does.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterator

from components.leaks.credential import is_credential, is_literal_credential, stands_for_itself
from components.leaks.key_form import RANDOM, has_random, known_forms
from components.leaks.named_literals import arguments, built_pairs, first_calls, literal, named_literals

_READING = re.compile(r"current_setting|secret|vault|decrypt|credential|password|api_?key|token|\w_key$", re.IGNORECASE)
"""Functions that return keys, as people name them."""

_WRITING = re.compile(r"(?:create|insert|put|rotate|save|set|store|update|upsert)_", re.IGNORECASE)
"""What the names of those begin with that are given keys."""

_NAMED_CALL = re.compile(r"\b(\w+)\s*\(\s*'(?:[^']|'')*'\s*(?:,\s*(?:true|false)\s*)?\)", re.IGNORECASE)
_CALL = re.compile(r"\b(\w+)\s*\(")
_PROOF = re.compile(  # the last part: not where something is joined to it, a part of a key is none
    r"""(?:\A|['"])(?:Authorization:\s*)?(Bearer|Basic)\s+(?!eyJ|sb_secret_)([\w.~+/=-]{8,}+)(?!'\s*\|\||\{)""",
    re.IGNORECASE,
)
_BODY = re.compile(r"\bbody\s*(?::=|=>)|\bAS\s+url,", re.IGNORECASE)
_RULE = re.compile(r"""'\{"timeout": (?:[^']|'')*'""")


def planted_keys(text: str) -> tuple[str, ...]:
    """The kinds of keys that a text seems to hold; none of it is returned."""
    return _kinds(text, _whole)


def planted_in_command(command: str) -> tuple[str, ...]:
    """The same of a job's command, in whose bodies randomness alone tells nothing: ids are as random as keys are."""
    return _kinds(command, _without_bodies)


def _kinds(text: str, looked_through: Callable[[str], str]) -> tuple[str, ...]:
    issued, text = known_forms(text)  # before a name is taken out, in whose place a key may stand
    found, text = _literal_keys(_NAMED_CALL.sub(lambda call: " " if _reads(call[1]) else call[0], text))
    if has_random(looked_through(text)):
        found.append(RANDOM)
    return tuple(dict.fromkeys([*issued, *found]))


def _reads(function: str) -> bool:
    return bool(_READING.search(function)) and not _WRITING.match(function)


def _whole(text: str) -> str:
    return text


def _without_bodies(command: str) -> str:
    """Without what is sent as a body, and without the rule of the answer."""
    for begin in reversed(list(first_calls(_BODY, command))):
        body = (arguments(command, begin.end()) or [command[begin.end() :]])[0]
        command = command[: begin.end()] + command[begin.end() + len(body) :]
    return _RULE.sub(" ", command)


def placed_key_in(text: str) -> str | None:
    """The kind of key that a text holds by its issuer's form or by its place, or None; none of it is returned."""
    found, _ = _literal_keys(text)
    return found[0] if found else None


def _literal_keys(text: str) -> tuple[list[str], str]:
    """What is told by more than randomness, and the text without it."""
    found, text = known_forms(text)
    if any(_proves(*each.groups()) for each in _PROOF.finditer(text)):
        found.append("a literal token after Bearer or Basic")
        text = _PROOF.sub(" ", text)
    for pair in dict.fromkeys(named_literals(text)):
        if is_literal_credential(pair.name, pair.value):
            found.append(f"a literal {pair.name}")
            text = text.replace(pair.value, " ")
    return found, text


def _proves(scheme: str, token: str) -> bool:
    """Whether it is a token, where it may be the second word of a sentence: ``Basic subscription``."""
    if scheme.lower() == "bearer":
        return stands_for_itself(token)
    try:
        return b":" in b64decode(token, validate=True)
    except binascii.Error:
        return False


_SENDS = re.compile(r"\bnet\s*\.\s*http_(get|post|delete)\s*\(", re.IGNORECASE)
_HEADERS_AT = {"get": 2, "post": 3, "delete": 2}
"""Where the headers stand among the arguments of pg_net's functions that have no names."""

_DECRYPTS = re.compile(r"\bdecrypted_secret\b", re.IGNORECASE)
_NAMED = re.compile(r"\s*(\w+)\s*(?::=|=>)", re.IGNORECASE)
_PLAIN = re.compile(
    r"jsonb?_build_object|jsonb_(?:object|set|strip_nulls)|to_jsonb?|coalesce|nullif|cast|format|concat(?:_ws)?|replace|"
    r"[lr]pad|trim|left|right|lower|upper|length|substr(?:ing)?|encode|md5|gen_random_uuid|uuid_generate_v4|random|abs|"
    r"ceil|floor|round|now|(?:clock|statement)_timestamp|to_char|extract|date(?:_part|_trunc)?|age|timezone|"
    r"current_database",
    re.IGNORECASE,
)
"""PostgreSQL's own functions that return no key, unless what they are given is one."""

_SIGNS = "sign_cron_request"


def sends_reusable_key(command: str) -> bool:
    """Whether a job puts a secret itself, not a signature, where whoever reads pg_net's queue finds it."""
    if not _SENDS.search(command):
        return False
    if _DECRYPTS.search(command) or any(_is_key(*pair) for pair in built_pairs(command)):
        return True
    return any(_holds_a_call(headers) for headers in _headers(command))


def _headers(command: str) -> Iterator[str]:
    """The expressions of the headers that a command has pg_net send."""
    for call in first_calls(_SENDS, command):
        given = arguments(command, call.end())
        named = {found[1].lower(): each[found.end() :] for each in given if (found := _NAMED.match(each))}
        at = _HEADERS_AT[call[1].lower()]
        yield named.get("headers", given[at] if len(given) > at and not _NAMED.match(given[at]) else "")


def _holds_a_call(headers: str) -> bool:
    """Whether a header's value, or all of them, is what a function returns of which nothing says that it is no key."""
    return any(call != _SIGNS and not _PLAIN.fullmatch(call) for call in _calls(headers))


def _is_key(name: str, expression: str) -> bool:
    """Whether what is sent under a name is a key: by what it is read with, or by the name where it is no literal."""
    calls = _calls(expression)
    if _SIGNS in calls:
        return False
    return any(_READING.search(call) for call in calls) or (is_credential(name) and literal(expression) is None)


def _calls(expression: str) -> list[str]:
    return _CALL.findall(re.sub(r"'(?:[^']|'')*'", "''", expression))
