"""The base of all resources' inputs: frozen values, which come from validated configuration.

They are no pydantic models: a provider would import pydantic in each operation, to validate them a second time.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from components.errors import UnreadableState

STATE_NAMES: Final = {"stack": "owner", "declared_roles": "made_here"}
"""Inputs that have another name in states, the one of the first version: a new one would update every resource."""


@dataclass(frozen=True, kw_only=True)
class Args:
    """The inputs of a resource; their values are of JSON's types."""

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> Self:
        """The inputs among a resource's properties, by their names in the state.

        Raises UnreadableState where one without a default is missing.
        """
        names = {field.name: state_name(field.name) for field in fields(cls)}
        try:
            return cls(**{name: properties[stored] for name, stored in names.items() if stored in properties})
        except TypeError:
            raise UnreadableState from None

    def properties(self, *, without: Collection[str] = ()) -> dict[str, Any]:
        """The inputs that are not None, by their names in the state; ``without`` has field names of inputs to omit."""
        inputs = {name: value for name, value in vars(self).items() if value is not None and name not in without}
        return {state_name(name): value for name, value in inputs.items()}


def state_name(name: str) -> str:
    """The name of an input, given by its field name, in the state."""
    return STATE_NAMES.get(name, name)
