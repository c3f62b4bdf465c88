"""Keys that somebody wrote out where everybody reads them, or that a job puts into pg_net's queue of headers. Pure.

The functions return the kind of a key and never the key itself. One detector serves the doctor, which looks at living
commands, and the preview, which looks at the catalogue (pasted_key.py), so that both accept the same.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterator

from components.leaks.credential import is_credential, is_literal_credential, stands_for_itself
from components.leaks.key_form import RANDOM, has_random, known_forms
from components.leaks.named_literals import arguments, built_pairs, first_calls, literal, named_literals

_READING = re.compile(r"current_setting|secret|vault|decrypt|credential|password|api_?key|token|\w_key$", re.IGNORECASE)
"""Names that people give to functions that return keys."""

_WRITING = re.compile(r"(?:create|insert|put|rotate|save|set|store|update|upsert)_", re.IGNORECASE)
"""Beginnings of the names of functions that take keys."""

_NAMED_CALL = re.compile(r"\b(\w+)\s*\(\s*'(?:[^']|'')*'\s*(?:,\s*(?:true|false)\s*)?\)", re.IGNORECASE)
_CALL = re.compile(r"\b(\w+)\s*\(")
_PROOF = re.compile(  # the last part: not where something is joined to it, a part of a key is none
    r"""(?:\A|['"])(?:Authorization:\s*)?(Bearer|Basic)\s+(?!eyJ|sb_secret_)([\w.~+/=-]{8,}+)(?!'\s*\|\||\{)""",
    re.IGNORECASE,
)
_BODY = re.compile(r"\bbody\s*(?::=|=>)|\bAS\s+url,", re.IGNORECASE)
_RULE = re.compile(r"""'\{"timeout": (?:[^']|'')*'""")


def planted_keys(text: str) -> tuple[str, ...]:
    """The kinds of keys that a text seems to hold."""
    return _kinds(text, _whole)


def planted_in_command(command: str) -> tuple[str, ...]:
    """The kinds of keys in a job's command, in whose bodies randomness alone does not count: ids are random, too."""
    return _kinds(command, _without_bodies)


def _kinds(text: str, looked_through: Callable[[str], str]) -> tuple[str, ...]:
    issued, text = known_forms(text)  # before calls go, since a key may stand in the place of a name
    kinds, text = _literal_keys(_NAMED_CALL.sub(lambda call: " " if _reads(call[1]) else call[0], text))
    if has_random(looked_through(text)):
        kinds.append(RANDOM)
    return tuple(dict.fromkeys([*issued, *kinds]))


def _reads(function: str) -> bool:
    return bool(_READING.search(function)) and not _WRITING.match(function)


def _whole(text: str) -> str:
    return text


def _without_bodies(command: str) -> str:
    """The command without the bodies of its requests and without the rules of their answers."""
    for begin in reversed(list(first_calls(_BODY, command))):
        body = (arguments(command, begin.end()) or [command[begin.end() :]])[0]
        command = command[: begin.end()] + command[begin.end() + len(body) :]
    return _RULE.sub(" ", command)


def placed_key_in(text: str) -> str | None:
    """The kind of key that a text holds by its issuer's form or by its place, or None."""
    kinds, _ = _literal_keys(text)
    return kinds[0] if kinds else None


def _literal_keys(text: str) -> tuple[list[str], str]:
    """The kinds of keys that a text holds by more than randomness, and the text without these keys."""
    kinds, text = known_forms(text)
    if any(_proves(*proof.groups()) for proof in _PROOF.finditer(text)):
        kinds.append("a literal token after Bearer or Basic")
        text = _PROOF.sub(" ", text)
    for pair in dict.fromkeys(named_literals(text)):
        if is_literal_credential(pair.name, pair.value):
            kinds.append(f"a literal {pair.name}")
            text = text.replace(pair.value, " ")
    return kinds, text


def _proves(scheme: str, token: str) -> bool:
    """Whether the word after Bearer or Basic is a token and no word of a sentence: ``Basic subscription``."""
    if scheme.lower() == "bearer":
        return stands_for_itself(token)
    try:
        return b":" in b64decode(token, validate=True)
    except binascii.Error:
        return False


_SENDS = re.compile(r"\bnet\s*\.\s*http_(get|post|delete)\s*\(", re.IGNORECASE)
_HEADERS_AT = {"get": 2, "post": 3, "delete": 2}
"""Places of the headers among the unnamed arguments of pg_net's functions."""

_DECRYPTS = re.compile(r"\bdecrypted_secret\b", re.IGNORECASE)
_NAMED = re.compile(r"\s*(\w+)\s*(?::=|=>)", re.IGNORECASE)
_PLAIN = re.compile(
    r"jsonb?_build_object|jsonb_(?:object|set|strip_nulls)|to_jsonb?|coalesce|nullif|cast|format|concat(?:_ws)?|replace|"
    r"[lr]pad|trim|left|right|lower|upper|length|substr(?:ing)?|encode|md5|gen_random_uuid|uuid_generate_v4|random|abs|"
    r"ceil|floor|round|now|(?:clock|statement)_timestamp|to_char|extract|date(?:_part|_trunc)?|age|timezone|"
    r"current_database",
    re.IGNORECASE,
)
"""PostgreSQL's own functions that return no key unless they take one."""

_SIGNS = "sign_cron_request"


def sends_reusable_key(command: str) -> bool:
    """Whether a job puts a secret itself, and no signature, into pg_net's queue, where others may read it."""
    if not _SENDS.search(command):
        return False
    if _DECRYPTS.search(command) or any(_is_key(*pair) for pair in built_pairs(command)):
        return True
    return any(_holds_a_call(headers) for headers in _headers(command))


def _headers(command: str) -> Iterator[str]:
    """The expressions of the headers in a command's calls of pg_net."""
    for call in first_calls(_SENDS, command):
        given = arguments(command, call.end())
        named = {name[1].lower(): argument[name.end() :] for argument in given if (name := _NAMED.match(argument))}
        at = _HEADERS_AT[call[1].lower()]
        yield named.get("headers", given[at] if len(given) > at and not _NAMED.match(given[at]) else "")


def _holds_a_call(headers: str) -> bool:
    """Whether an expression of headers calls a function that may return a key."""
    return any(call != _SIGNS and not _PLAIN.fullmatch(call) for call in _calls(headers))


def _is_key(name: str, expression: str) -> bool:
    """Whether an expression is a key: by the function that reads it, or, where it is no literal, by its name."""
    calls = _calls(expression)
    if _SIGNS in calls:
        return False
    return any(_READING.search(call) for call in calls) or (is_credential(name) and literal(expression) is None)


def _calls(expression: str) -> list[str]:
    return _CALL.findall(re.sub(r"'(?:[^']|'')*'", "''", expression))
