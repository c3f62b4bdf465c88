"""Keys that stand in a request in clear: each becomes the place of a secret, or the request cannot be carried. Pure.

No value leaves this module but into :class:`Keys`, which writes none.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from components.importing.call import HttpRequest, Json, JsonText, Text
from components.importing.keys import Keys, as_key
from components.importing.outcome import NoCall, Place, Reason
from components.leaks.credential import is_credential, is_literal_credential, stands_for_itself
from components.leaks.key_form import has_random, key_in, known_forms, known_places

QUERY = "the query of its url"
"""Where a lifted key stood that servers log."""

_SCHEME = re.compile(r"(?i:Bearer|Basic|Token|ApiKey)\s+")
_TO_REPLACE = re.compile(
    r"[A-Z_]*[A-Z][A-Z_]*|<[^<>]*>|\[[^\[\]]*\]|\{\{?[^{}]*\}?\}|\$\{\w+\}|\*+"
    r"|(?i:.*\byour[-_ ].*|.*\byour(?:key|token|secret).*|placeholder.*|change.?me.*|x{4}.*)"
)
"""A whole text in the place of a key that a person is to replace: ``ANON_KEY``, ``<the key>``, ``YOUR_…``."""

_IN_ADDRESS = re.compile(
    r"<[^<>/]+>|\{\{[^{}]*\}\}|\[[A-Za-z_-]+\]|(?i:\byour[-_][a-z0-9_-]+)|(?<=//)[A-Z][A-Z0-9_]+(?=[./:]|$)|\$\{\w+\}"
)
_PARAMETER = re.compile(r"(?<=[?&])([\w.-]+)=([^&#]*)")


def lift(request: HttpRequest, keys: Keys) -> tuple[HttpRequest, tuple[Place, ...]]:
    """The request with a place for each key that stood in it in clear, and these places.

    Raises NoCall for a key that cannot be lifted, and for a placeholder that somebody was to replace.
    """
    lifted: list[Place] = []
    stem = host_stem(request.url, keys)
    url = _address(request.url, keys, stem, lifted)
    headers = {name: _header(name, parts, keys, stem, lifted) for name, parts in request.headers.items()}
    for name, text in _texts(request.body):
        _refuse_in_body(name, text)
    return replace(request, url=url, headers=headers), tuple(lifted)


def host_stem(url: Text, keys: Keys) -> str:
    """A word for the host of an address: ``example`` of api.example.com."""
    first = url[0]
    if isinstance(first, Place):
        return re.sub(r"_(?:base_)?url$", "", keys.placed(first).key)
    try:
        labels = (urlsplit(first).hostname or "").split(".")
    except ValueError:
        return "host"
    return as_key(labels[-2] if len(labels) > 1 and not labels[-2].isdigit() else labels[0])


def _address(url: Text, keys: Keys, stem: str, lifted: list[Place]) -> Text:
    parts: list[str | Place] = []
    for at, part in enumerate(url):
        if isinstance(part, Place):
            parts.append(part)
            continue
        if _IN_ADDRESS.search(part):
            raise NoCall(Reason.PLACEHOLDER, "in the address")
        goes_on = at + 1 < len(url)
        place = 0
        for begin, end, name in sorted(_keys_of_address(part)):
            if begin < place:
                continue
            if goes_on and end == len(part):
                raise NoCall(Reason.KEY_PART, name or "in its path", "url")
            found = keys.lifted(part[begin:end], f"{stem}_{name or 'path'}", QUERY if name else "the path of its url")
            lifted.append(found)
            parts += [part[place:begin], found]
            place = end
        parts.append(part[place:])
    return tuple(part for part in parts if part != "") or ("",)


def _keys_of_address(text: str) -> Iterator[tuple[int, int, str]]:
    """Begin, end and name of the keys in a part of an address; its path's keys have no name."""
    for parameter in _PARAMETER.finditer(text):
        name, value = parameter.groups()
        if is_credential(name) and _TO_REPLACE.fullmatch(value):
            raise NoCall(Reason.PLACEHOLDER, f"in the url's {name}")
        if is_literal_credential(name, value):
            yield parameter.start(2), parameter.end(2), name
    yield from ((begin, end, "") for begin, end in known_places(text))
    for segment in re.finditer(r"[^/?&=#]+", text):
        if has_random(segment[0]):
            yield segment.start(), segment.end(), ""


def _header(name: str, parts: Text, keys: Keys, stem: str, lifted: list[Place]) -> Text:
    match parts:
        case (str() as value,):
            return _literal_header(name, value, keys, stem, lifted)
    for part in parts:
        if isinstance(part, str) and (key_in(part) or (is_credential(name) and stands_for_itself(part))):
            raise NoCall(Reason.KEY_PART, f"in {name}", f"header {name!r}")
    return parts


def _literal_header(name: str, value: str, keys: Keys, stem: str, lifted: list[Place]) -> Text:
    scheme = match[0] if (match := _SCHEME.match(value)) else ""
    bare = value[len(scheme) :]
    if (is_credential(name) or scheme) and _TO_REPLACE.fullmatch(bare.strip()):
        raise NoCall(Reason.PLACEHOLDER, f"in the header {name!r}")
    if not (is_literal_credential(name, value) or known_forms(value)[0] or (scheme and stands_for_itself(value))):
        return (value,)
    found = keys.lifted(bare, f"{stem}_{name}", f"the header {name!r}")
    lifted.append(found)
    return (scheme, found) if scheme else (found,)


def _texts(body: Json, name: str = "") -> Iterator[tuple[str, str]]:
    """The literal texts of a body, each with the name of its innermost member."""
    match body:
        case JsonText(parts):
            yield from ((name, part) for part in parts if isinstance(part, str))
        case Mapping():
            for key, value in body.items():
                yield from _texts(value, key)
        case list():
            for value in body:
                yield from _texts(value, name)


def _refuse_in_body(name: str, text: str) -> None:
    if is_credential(name) and _TO_REPLACE.fullmatch(text):
        raise NoCall(Reason.PLACEHOLDER, f"in the body's {name}")
    if is_literal_credential(name, text):
        raise NoCall(Reason.KEY_IN_BODY, f"a literal {name}")
    if kinds := known_forms(text)[0]:
        raise NoCall(Reason.KEY_IN_BODY, kinds[0])
