"""A secret as the catalogue declares it: its description, the format of its values, and its probe."""

from typing import Self

from pydantic import Field, model_validator

from components.catalogue.base_model import Model
from components.catalogue.fields import HostName, Seconds
from components.catalogue.request import Probe
from components.values.choices import SecretFormat
from components.values.duration import DAY_SECONDS

MAX_GRACE = 30 * DAY_SECONDS
"""Seconds that a previous value is kept at most; a value that lives longer is a second secret."""


class SecretSpec(Model):
    """A secret that jobs read at run time; its value is in the stack's configuration, never here."""

    description: str = Field(description="What the secret is and where its value comes from.")
    format: SecretFormat = Field(
        description="url: a web address; jwt: a legacy key (eyJ…); api_key: a new one (sb_…); token: any other."
    )
    role: str | None = Field(default=None, description="jwt only: the role that the key must carry.")
    probe: Probe | None = Field(default=None, description="A request that tells whether a new value works.")
    grace: Seconds = Field(
        default=DAY_SECONDS, le=MAX_GRACE, description="Seconds that the previous value is kept after a rotation."
    )

    hosts: list[HostName] = Field(
        default_factory=list,
        description="url only: where those who rotate may move it; without any, who deploys alone sets it.",
    )

    @model_validator(mode="after")
    def _role_is_of_a_jwt(self) -> Self:
        if self.role is not None and self.format != "jwt":
            raise ValueError(f"'role' is a claim of a jwt, but the format is {self.format}; remove it")
        return self

    @model_validator(mode="after")
    def _hosts_are_of_an_address(self) -> Self:
        if self.hosts and self.format != "url":
            raise ValueError(f"'hosts' are for an address, but the format is {self.format}; remove them")
        return self
