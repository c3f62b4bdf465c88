"""The configuration keys of a stack."""

import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field, SecretStr, model_validator

from components.catalogue.base_model import Model
from components.catalogue.fields import ContainerName, Count, OwnRoleName, PlainText, RoleName, SchemaName, SecretKey
from components.catalogue.yaml_tree import MAX_DEPTH
from components.database.conninfo import resolve_conninfo
from components.values.choices import DEFAULT_SCHEMA, ExtensionName, OnRotated, StoreKind
from components.values.exact_number import decimal_number, not_finite, whole_number

_ENGINE_LIMIT = 2**63
"""From here on the engine makes a double of a whole number in a stack's file."""


class OperatorsConfig(Model):
    """People who may rotate and look: a group role and its members; needs Pulumi's postgresql plugin."""

    role: OwnRoleName
    members: list[RoleName] = Field(default_factory=list)

    @model_validator(mode="after")
    def _members_once(self) -> Self:
        if self.role in self.members:
            raise ValueError(f"{self.role!r} cannot be a member of itself; name the roles that log in")
        if twice := next((member for member in self.members if self.members.count(member) > 1), None):
            raise ValueError(f"{twice!r} stands twice among the members; remove one")
        return self


class ExtensionConfig(Model):
    """How an extension is kept: at a version, or at whatever the server offers; and whether destroy drops it."""

    version: str | None = None
    drop: bool = False


class RetentionConfig(Model):
    """For how many days runs are kept: in the ledger, and in pg_cron's own job_run_details."""

    runs: Count = Field(default=30, ge=1, le=3650)
    details: Count = Field(default=7, ge=1, le=3650)


class Settings(Model):
    """The configuration keys of a stack, ``supabase-cron:<key>`` in ``Pulumi.<stack>.yaml``."""

    database_url: SecretStr | None = Field(default=None, alias="databaseUrl")
    allow_unverified_tls: bool = Field(default=False, alias="allowUnverifiedTls")
    catalogue: PlainText = "jobs.yaml"
    schema_name: SchemaName = Field(default=DEFAULT_SCHEMA, alias="schema")
    plain_http_hosts: list[ContainerName] = Field(default_factory=list, alias="plainHttpHosts")
    secrets: dict[SecretKey, SecretStr] = Field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = Field(default_factory=dict)
    store: StoreKind = "table"
    on_rotated_in_database: OnRotated = Field(default="keep", alias="onRotatedInDatabase")
    extensions: dict[ExtensionName, ExtensionConfig] = Field(default_factory=dict)
    rotators: list[RoleName] = Field(default_factory=list)
    operators: OperatorsConfig | None = None
    retention: RetentionConfig = Field(default_factory=RetentionConfig)
    verify_first_run: bool = Field(default=False, alias="verifyFirstRun")
    adopt: bool = False
    destroy_foreign_secrets: bool = Field(default=False, alias="destroyForeignSecrets")

    def conninfo(self, environment: Mapping[str, str]) -> str:
        """The conninfo to connect with, see :func:`resolve_conninfo`. Raises InvalidConfiguration."""
        configured = self.database_url.get_secret_value() if self.database_url else None
        return resolve_conninfo(configured, environment, allow_unverified_tls=self.allow_unverified_tls)

    @model_validator(mode="before")
    @classmethod
    def _structured_values_arrive_as_json(cls, data: Any) -> Any:  # noqa: ANN401 - what the engine passes
        if not isinstance(data, dict):
            return data
        structured = {"secrets", "jobs", "extensions", "rotators", "operators", "retention", "plainHttpHosts"}
        read = {k: _from_json(k, v) if k in structured and isinstance(v, str) else v for k, v in data.items()}
        # Pulumi.yaml must give every key a default, or the engine demands it of each stack: empty means unset
        return {k: v for k, v in read.items() if v not in ("", {}, [])}

    @model_validator(mode="after")
    def _rotators_once(self) -> Self:
        if self.operators and self.operators.role in self.rotators:
            raise ValueError(
                f"{self.operators.role!r} is the operators' role and may rotate anyway; drop it from rotators"
            )
        return self


def _from_json(key: str, text: str) -> object:
    try:
        structure = json.loads(text, parse_int=_kept_number, parse_float=decimal_number, parse_constant=not_finite)
    except (json.JSONDecodeError, RecursionError):
        raise ValueError(
            f"{key!r} must be a structure; set its parts with: pulumi config set --path '{key}.<name>'"
        ) from None
    except ValueError as exc:
        raise ValueError(f"{key!r} has a part that {exc}") from None
    if _depth(structure) > MAX_DEPTH:
        raise ValueError(f"{key!r} has values that stand more than {MAX_DEPTH} deep in one another; write it flat")
    return structure


def _depth(value: object) -> int:
    """The depth of a structure: 1 for a value alone."""
    layer, depth = [value], 0
    while layer:
        depth += 1
        below = (part.values() if isinstance(part, dict) else part for part in layer if isinstance(part, dict | list))
        layer = [part for parts in below for part in parts]
    return depth


def _kept_number(text: str) -> int:
    number = whole_number(text)
    if not -_ENGINE_LIMIT <= number < _ENGINE_LIMIT:
        raise ValueError("is a whole number of which the engine keeps 17 digits; write it in the catalogue itself")
    return number
