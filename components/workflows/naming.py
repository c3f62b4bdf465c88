"""Names of jobs and keys of secrets, made of what a workflow calls them. Pure."""

import re
from collections.abc import Iterable
from typing import Any

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
    """The keys of all places of an import, so that each value has one, and each key one value."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._keys: dict[tuple[str, str, str], str] = {}
        all_places = list(dict.fromkeys(self._identity(place) for place in places))
        by_name: dict[tuple[str, str], set[str]] = {}
        for kind, original, environment in all_places:
            by_name.setdefault((kind, original.upper()), set()).add(environment)
        for kind, original, environment in all_places:
            key = key_of(Place("", "variable", original))
            if kind != "literal" and environment and len(by_name[kind, original.upper()]) > 1:
                key = f"{key_of(Place('', 'variable', environment))}_{key}"
            twin = "github_secret" if kind == "variable" else ""
            if twin and (twin, original.upper()) in by_name:
                key = f"{key}_variable"
            key = key[:63]
            if kind == "literal" and (same := self._same_literal(environment)):
                key = same
            self._keys[kind, original, environment] = (
                key if kind == "literal" and key in self._keys.values() and same else self._once(key)
            )

    def _same_literal(self, environment: str) -> str | None:
        return next(
            (key for (kind, _, same), key in self._keys.items() if kind == "literal" and same == environment), None
        )

    def _once(self, key: str) -> str:
        return once(key, self._keys.values()).replace("-", "_")

    @staticmethod
    def _identity(place: Place) -> tuple[str, str, str]:
        return place.kind, place.original, place.environment

    def with_key(self, place: Place) -> Place:
        """A place with its key."""
        return place._replace(key=self._keys[self._identity(place)])

    def template(self, text: Text) -> str:
        """A text as the catalogue writes it: places in braces, braces doubled."""
        return "".join(
            f"{{{self.with_key(part).key}}}" if isinstance(part, Place) else re.sub(r"([{}])", r"\1\1", part)
            for part in text
        )

    def entry(self, http: dict[str, Any]) -> dict[str, Any]:
        """An action with its places written."""
        made: dict[str, Any] = {"method": http["method"], "url": self.template(http["url"])}
        if "headers" in http:
            made["headers"] = {name: self.template(text) for name, text in http["headers"].items()}
        if "auth" in http:
            made["auth"] = {"bearer": self.with_key(http["auth"]).key}
        return made | {name: value for name, value in http.items() if name not in made}
