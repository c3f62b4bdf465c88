"""Every text of some data, with its place, for checks that look through a whole catalogue."""

from collections.abc import Iterator
from typing import NamedTuple

from pydantic import JsonValue

Place = tuple[str | int, ...]
"""A path into the data: ``("jobs", "nightly", "http")``."""


class Text(NamedTuple):
    """A text, or the name of a member, and its place."""

    place: Place
    text: str


def texts(data: JsonValue, place: Place = ()) -> Iterator[Text]:
    """The texts of JSON data, the names of members included."""
    match data:
        case str():
            yield Text(place, data)
        case dict():
            for key, part in data.items():
                yield Text((*place, key), key)
                yield from texts(part, (*place, key))
        case list():
            for at, part in enumerate(data):
                yield from texts(part, (*place, at))
