"""The base of all resources' inputs: plain, frozen values, which the program takes from its validated configuration.

No pydantic here: a provider would import it in each operation, only to check again what the catalogue has checked.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from components.errors import UnreadableState

STATE_NAMES: Final = {"stack": "owner", "declared_roles": "made_here"}
"""The inputs that states call by the name that the first version gave them: another would update every resource."""


@dataclass(frozen=True, kw_only=True)
class Args:
    """The inputs of a resource; their values are such as JSON has."""

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> Self:
        """The inputs among a resource's properties. Raises UnreadableState where one is missing."""
        names = {field.name: state_name(field.name) for field in fields(cls)}
        try:
            return cls(**{name: properties[stored] for name, stored in names.items() if stored in properties})
        except TypeError:
            raise UnreadableState from None

    def properties(self, *, without: Collection[str] = ()) -> dict[str, Any]:
        """All inputs that are not None by their names in the state, but for ``without``, by their names here."""
        declared = {name: value for name, value in vars(self).items() if value is not None and name not in without}
        return {state_name(name): value for name, value in declared.items()}


def state_name(name: str) -> str:
    """What the state calls an input."""
    return STATE_NAMES.get(name, name)
