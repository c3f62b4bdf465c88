"""Keys that somebody pasted into the catalogue instead of declaring them: refused before anything is deployed. Pure.

A pasted key would stand in the job's command, in each diff and in the state. The sentences give its kind alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, urlsplit

from pydantic import JsonValue

from components.catalogue.request import Request
from components.catalogue.texts import Place, Text
from components.leaks.credential import is_literal_credential
from components.leaks.exposed_key import placed_key_in, planted_in_command
from components.leaks.key_form import key_in, known_forms
from components.values.template import Template

Found = Iterator[tuple[Place, str]]
"""Pairs of a place, below the part that is searched, and the sentence on the key there."""

TELLING = 8
"""Characters from which on a value cannot stand in a text by chance."""

_SHOWN_TO_BE_ONE = "what looks like a key"


def pasted_in_request(request: Request) -> Found:
    """Keys in a request: in its url, its headers, its body and the rule of its answer."""
    url = request.url.filled(_SECRET)
    if kind := key_in(url) or placed_key_in(url):
        yield ("url",), f"{_holds(kind)}; {_declare('url')}"
    elif "@" in urlsplit(url).netloc:
        yield ("url",), "has a user name before its host, which everybody reads in the command; send it by 'auth'"
    for name, template in request.headers.items():
        if kind := _in_header(name, template):
            yield ("headers", name), f"{_holds(kind)}; {_declare(name)}"
    yield from _in_json(request.body, ("body",))
    if (rule := request.success.body) and (kind := placed_key_in(rule)):
        yield ("success", "body"), f"{_holds(kind)}, and a rule is no place for one; leave it out"


def pasted_in_expressions(made: Mapping[str, JsonValue], place: Place = ("body_sql",)) -> Found:
    """Keys in the SQL expressions of a body (by key), by their issuers' forms and their places, as in a body."""
    for name, part in made.items():
        if kinds := known_forms(name)[0]:
            yield place, _in_body(*kinds)
        elif isinstance(part, dict):
            yield from pasted_in_expressions(part, (*place, name))
        elif kind := placed_key_in("jsonb_build_object('{}', {})".format(name.replace("'", "''"), part)):
            yield (*place, name), _in_body(kind)


def pasted_in_inputs(defaults: Mapping[str, JsonValue]) -> Found:
    """Keys in the defaults of a job's inputs (name: default), which go out in its body."""
    yield from _in_json(dict(defaults), ("inputs",))


def pasted_in_statement(statement: str) -> Found:
    """Keys in a job's own SQL."""
    if kinds := planted_in_command(statement):
        yield (
            ("sql",),
            f"{_holds(*kinds)}; declare it under secrets and read it with get_secret('its_key')",
        )


def pasted_in_description(description: str) -> Found:
    """Keys in a description, by their issuers' forms alone, since names and examples stand in it, too."""
    if kinds := known_forms(description)[0]:
        yield ("description",), f"{_holds(*kinds)}, and everybody reads a description; leave it out"


def pasted_as_name(key: str) -> str | None:
    """The sentence on a key in the place of a secret's name, or None; it does not quote the key."""
    kind = key_in(key)
    return f"{_holds(kind)} where a secret's name stands; declare it and write its name" if kind else None


def pasted_as_field(name: str) -> str | None:
    """The sentence on a key in the place of a field in an alert's body, or None; it does not quote the key."""
    kind = key_in(name)
    return (
        f"{_holds(kind)} in the place of a field; a body goes out as it is written, so leave it out" if kind else None
    )


def written_values(texts: Iterable[Text], values: Mapping[str, str]) -> Iterator[tuple[Place, str]]:
    """(place, key) for each text in which a secret's value stands; ``values`` are by key.

    Values shorter than TELLING are left out.
    """
    telling = {key: value for key, value in values.items() if len(value) >= TELLING}
    for place, text in texts:
        forms = _read(text)
        yield from ((place, key) for key, value in telling.items() if any(value in form for form in forms))


def _read(text: str) -> set[str]:
    """The readings of a text as template, SQL, JSON and address, which write some characters with two or more."""
    in_sql = text.replace("''", "'").replace("\\\\", "\\")
    return {text, text.replace("{{", "{").replace("}}", "}"), in_sql, in_sql.replace('\\"', '"'), unquote(text)}


def _holds(*kinds: str) -> str:
    return f"holds {_SHOWN_TO_BE_ONE} ({' and '.join(kinds)})"


def _declare(place: str) -> str:
    return f"declare it under secrets and write {{its_key}} in {place}"


_SECRET = "{}"  # noqa: S105 - the place of a secret's value


def _in_header(name: str, template: Template) -> str | None:
    """The kind of key that is written out in a header's value, or None."""
    text = template.filled(_SECRET)
    is_literal = not template.keys and is_literal_credential(name, text)
    return key_in(text) or (f"a literal {name}" if is_literal else placed_key_in(text))


def _in_json(value: JsonValue, place: Place, name: str = "") -> Found:
    match value:
        case str():  # not by randomness: ids of documents and commits are as random, and could be no secrets
            kind = placed_key_in(value) or (f"a literal {name}" if is_literal_credential(name, value) else None)
            if kind:
                yield place, _in_body(kind)
        case dict():
            for key, part in value.items():
                if kinds := known_forms(key)[0]:
                    yield place, _in_body(*kinds)
                else:
                    yield from _in_json(part, (*place, key), key)
        case list():
            for at, part in enumerate(value):
                yield from _in_json(part, (*place, at), name)


def _in_body(*kinds: str) -> str:
    return f"{_holds(*kinds)}, and a body goes out as it is written; declare it under secrets and send it in a header"
