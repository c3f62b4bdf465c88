"""Keys that somebody pasted into the catalogue instead of declaring them: told before anything is deployed. Pure.

They would stand in the job's command, in each diff and in the state; what is found is told by its kind alone.
"""

from collections.abc import Iterable, Iterator, Mapping

from pydantic import JsonValue

from components.exposed_key import (
    is_credential,
    key_in,
    known_key_in,
    literals_of_address,
    planted_keys,
    stands_for_itself,
)
from components.request import Request
from components.template import Literal, parse_template
from components.texts import Place, Text

Found = Iterator[tuple[Place, str]]
"""Where below the place that is looked at, and what is said of it."""

TELLING = 8
"""Characters from which a value that stands in a text cannot be there by chance."""

_COOKIE = "cookie"
_SHOWN_TO_BE_ONE = "what looks like a key"


def pasted_in_request(request: Request) -> Found:
    """What a request holds: in its url, its headers and its body."""
    yield from ((("url",), f"{found}; {_declare('url')}") for found in _in_url(request.url))
    for name, template in request.headers.items():
        if found := _in_header(name, template):
            yield ("headers", name), f"{found}; {_declare(name)}"
    yield from _in_json(getattr(request, "body", None), ("body",))


def pasted_in_inputs(defaults: Mapping[str, JsonValue]) -> Found:
    """What the inputs of a job have as their defaults, which go out in its body."""
    yield from _in_json(dict(defaults), ("inputs",))


def pasted_in_statement(statement: str) -> Found:
    """What a job's own SQL holds."""
    if kinds := planted_keys(statement):
        yield (
            ("sql",),
            f"holds {_SHOWN_TO_BE_ONE} ({' and '.join(kinds)}); declare it under secrets and read it with "
            "get_secret('its_key')",
        )


def written_values(texts: Iterable[Text], values: Mapping[str, str]) -> Iterator[tuple[Place, str]]:
    """(place, key) for each text of what is declared in which the value of a secret stands, whatever it looks like."""
    telling = {key: value for key, value in values.items() if len(value) >= TELLING}
    for place, text in texts:
        forms = {text, text.replace("{{", "{").replace("}}", "}")}
        yield from ((place, key) for key, value in telling.items() if any(value in form for form in forms))


def _declare(place: str) -> str:
    return f"declare it under secrets and write {{its_key}} in {place}"


def _in_url(template: str) -> Iterator[str]:
    """A secret's place in it counts as nothing: what stands around it is looked at."""
    text = "".join(part.text if isinstance(part, Literal) else "{}" for part in parse_template(template))
    kind = key_in(text)
    if kind is None:
        names = (name for name, value in literals_of_address(text) if is_credential(name) and _is_literal(value))
        kind = next((f"a literal {name}" for name in names), None)
    if kind:
        yield f"holds {_SHOWN_TO_BE_ONE} ({kind})"


def _in_header(name: str, template: str) -> str | None:
    parts = parse_template(template)
    for part in parts:
        if isinstance(part, Literal) and (kind := key_in(part.text)):
            return f"holds {_SHOWN_TO_BE_ONE} ({kind})"
    if any(not isinstance(part, Literal) for part in parts):
        return None
    value = "".join(part.text for part in parts if isinstance(part, Literal))
    if name.lower() == _COOKIE:
        pairs = (pair.strip().partition("=") for pair in value.split(";"))
        told = any((is_credential(key) or "sess" in key.lower()) and stands_for_itself(text) for key, _, text in pairs)
    else:
        told = is_credential(name) and stands_for_itself(value)
    return f"holds {_SHOWN_TO_BE_ONE} (a literal {name})" if told else None


def _in_json(value: JsonValue, place: Place, name: str = "") -> Found:
    match value:
        case str():
            kind = known_key_in(value)  # ids of documents and commits are as random as keys, and could not be a secret
            if kind is None and is_credential(name) and stands_for_itself(value):
                kind = f"a literal {name}"
            if kind:
                yield (
                    place,
                    f"holds {_SHOWN_TO_BE_ONE} ({kind}), and a body goes out as it is written; declare it under "
                    "secrets and send it in a header",
                )
        case dict():
            for key, part in value.items():
                yield from _in_json(part, (*place, key), key)
        case list():
            for at, part in enumerate(value):
                yield from _in_json(part, (*place, at), name)


def _is_literal(value: str) -> bool:
    return "{}" not in value and stands_for_itself(value)
