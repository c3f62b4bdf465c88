"""The keys of the secrets that imported jobs read: one for each place of a value and for each lifted value. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from components.importing.call import Text
from components.importing.outcome import Place
from components.values.choices import SecretFormat
from components.values.template import KEY, Literal, SecretRef, template_text

_MOST = 63


class Keys:
    """Gives each place a key that no other place has; ``declared`` are the secrets of the existing catalogue.

    A lifted value is held in memory alone, so that a value that occurs twice is one secret.
    """

    def __init__(self, declared: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._declared = declared or {}
        self._of_place: dict[tuple[str, str], str] = {}
        self._of_value: dict[str, str] = {}
        self._formats: dict[str, SecretFormat] = {}
        self._places: dict[str, Place] = {}

    def placed(self, place: Place) -> Place:
        """The place with its key."""
        if place.key:
            return place
        known = (place.kind, place.original)
        if known not in self._of_place:
            name = _name(place)
            stem = name if place.kind == "get_secret" and re.fullmatch(KEY, name) else as_key(name)
            self._of_place[known] = self._free([stem, f"{place.kind}_{stem}"])
        key = self._of_place[known]
        return self._places.setdefault(key, Place(key, place.kind, place.original))

    def lifted(self, value: str, stem: str, where: str) -> Place:
        """The place of a value that stands in clear; ``stem`` is what its key begins with, ``where`` where it stood."""
        if value not in self._of_value:
            key = self._free([as_key(stem)], self._declared)
            self._of_value[value] = key
            self._places[key] = Place(key, "literal", where)
            self._formats[key] = _format(value)
        return self._places[self._of_value[value]]

    def begins_url(self, place: Place) -> None:
        """Note that a value is an address."""
        self._formats[place.key] = "url"

    def is_declared(self, key: str) -> bool:
        """Whether the existing catalogue declares a key."""
        return key in self._declared

    def spec(self, key: str) -> dict[str, Any]:
        """The entry of a secret under ``secrets``."""
        if key in self._declared:
            return dict(self._declared[key])
        place = self._places[key]
        return {"description": _DESCRIPTIONS[place.kind].format(place.original), "format": self.format(key)}

    def format(self, key: str) -> SecretFormat:
        """The format of a secret's value, as far as it is known."""
        if key in self._declared:
            declared: SecretFormat = self._declared[key]["format"]
            return declared
        return self._formats.get(key, "token")

    def _free(self, stems: Sequence[str], more: Collection[str] = ()) -> str:
        """The first of some keys, or numbers of it, that neither a place has nor ``more``."""
        taken = {key.lower() for key in (*self._places, *self._of_place.values(), *more)}
        stems = [stem[:_MOST] for stem in stems]
        for stem in stems:
            if stem.lower() not in taken:
                return stem
        numbered = (f"{stems[-1][: _MOST - 4]}_{number}" for number in range(2, len(taken) + 3))
        return next(key for key in numbered if key.lower() not in taken)


_DESCRIPTIONS = {
    "get_secret": "Read with get_secret({!r}) before the import.",
    "table": "The {} before the import.",
    "vault": "In Vault as {!r} before the import.",
    "setting": "In the setting {!r} before the import.",
    "literal": "Stood in clear in {} before the import; make a new one.",
}


def _name(place: Place) -> str:
    """The part of a place's original name that tells it from others of its kind."""
    if place.kind == "setting":
        return place.original.rpartition(".")[2]
    return place.original.rpartition(" of ")[0] if place.kind == "table" else place.original


def as_key(name: str) -> str:
    """A name as a secret's key: lower case, letters, digits and ``_``."""
    key = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return key if re.fullmatch(KEY, key) else f"key_{key}".rstrip("_")


def _format(value: str) -> SecretFormat:
    if re.fullmatch(r"eyJ[\w-]+\.[\w-]+\.[\w-]*", value):
        return "jwt"
    return "api_key" if value.startswith("sb_secret_") else "token"


def template(parts: Text) -> str:
    """Parts as the catalogue's template; the places have their keys."""
    return template_text(Literal(part) if isinstance(part, str) else SecretRef(part.key) for part in parts)
