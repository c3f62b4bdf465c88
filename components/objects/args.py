"""The base of all resources' inputs: plain, frozen values, which the program takes from its validated configuration.

No pydantic here: a provider would import it in each operation, only to check again what the catalogue has checked.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from components.errors import UnreadableState


@dataclass(frozen=True, kw_only=True)
class Args:
    """The inputs of a resource, by their names in the state. Their values are such as JSON has."""

    @classmethod
    def known(cls, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Those properties that are inputs, without outputs and what another version of the project wrote."""
        return {field.name: properties[field.name] for field in fields(cls) if field.name in properties}

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> Self:
        """The inputs among a resource's properties. Raises UnreadableState where one is missing."""
        try:
            return cls(**cls.known(properties))
        except TypeError:
            raise UnreadableState from None

    def properties(self, *, without: Collection[str] = ()) -> dict[str, Any]:
        """All inputs that are not None, but for some."""
        return {name: value for name, value in vars(self).items() if value is not None and name not in without}
