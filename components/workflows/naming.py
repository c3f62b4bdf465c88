"""Names of jobs and keys of secrets, made of what a workflow calls them. Pure."""

import re
from collections.abc import Iterable
from typing import Any

from components.values.template import Literal, SecretRef, template_text
from components.workflows.outcome import Place, Text

MAX_NAME = 60


def slug(text: str) -> str:
    """A text as part of a job's name: lower case, with ``-`` between words."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:MAX_NAME].strip("-")


def once(name: str, taken: Iterable[str]) -> str:
    """A name, with a number behind it where it is taken."""
    there = set(taken)
    if name not in there:
        return name
    return next(f"{name}-{number}" for number in range(2, len(there) + 3) if f"{name}-{number}" not in there)


def key_of(place: Place) -> str:
    """The key of a place by its original name, in lower case."""
    key = re.sub(r"[^a-z0-9]+", "_", place.original.lower()).strip("_")[:MAX_NAME] or "secret"
    return f"s_{key}" if key[0].isdigit() else key


class Keys:
    """The keys of all places of an import, so that each value has one, and each key one value.

    One name may be two values: in two environments, or with two defaults.
    """

    def __init__(self, places: Iterable[Place]) -> None:
        self._keys: dict[Place, str] = {}
        all_places = list(dict.fromkeys(places))
        environments: dict[tuple[str, str], set[str]] = {}
        for place in all_places:
            environments.setdefault((place.kind, place.original), set()).add(place.environment)
        for place in all_places:
            self._keys[place] = self._same_literal(place) or self._new(place, environments)

    def _same_literal(self, place: Place) -> str | None:
        """The key of a text in clear that stands elsewhere, too."""
        if place.kind != "literal":
            return None
        return next((key for other, key in self._keys.items() if other.environment == place.environment), None)

    def _new(self, place: Place, environments: dict[tuple[str, str], set[str]]) -> str:
        key = key_of(place)
        if place.kind != "literal" and place.environment and len(environments[place.kind, place.original]) > 1:
            key = f"{key_of(place._replace(original=place.environment))}_{key}"
        if place.kind == "variable" and ("github_secret", place.original) in environments:
            key = f"{key}_variable"
        return once(key[:MAX_NAME], self._keys.values()).replace("-", "_")

    def with_key(self, place: Place) -> Place:
        """A place with its key."""
        return place._replace(key=self._keys[place])

    def template(self, text: Text) -> str:
        """A text as the catalogue writes it."""
        return template_text(
            SecretRef(self.with_key(part).key) if isinstance(part, Place) else Literal(part) for part in text
        )

    def entry(self, http: dict[str, Any]) -> dict[str, Any]:
        """An action with its places written."""
        made: dict[str, Any] = {"method": http["method"], "url": self.template(http["url"])}
        if "headers" in http:
            made["headers"] = {name: self.template(text) for name, text in http["headers"].items()}
        if "auth" in http:
            made["auth"] = {"bearer": self.with_key(http["auth"]).key}
        return made | {name: value for name, value in http.items() if name not in made}
