"""What a stack remembers between runs: its ports, passwords and world, in a file for its owner's eyes."""

import contextlib
import secrets
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from devstack.errors import StackConflict
from devstack.files import write_private
from devstack.places import Places

Defaults = Literal["old", "new"]
"""Supabase's default privileges in schema public: ``old`` opens new objects to the API roles, ``new`` (October 2026)
does not."""

LOGINS = ("supabase_admin", "postgres", "authenticator")
"""The roles that may log in, each with a password of its own."""


def _passwords() -> dict[str, str]:
    return {role: secrets.token_hex(16) for role in LOGINS}


class Settings(BaseModel):
    """One stack's settings; ports are on loopback."""

    model_config = ConfigDict(extra="forbid")

    defaults: Defaults
    postgres_port: int
    receiver_port: int
    bindir: Path
    socket_folder: Path
    passwords: dict[str, str] = Field(default_factory=_passwords, repr=False)


def read_settings(path: Path) -> Settings | None:
    """The settings in ``path``, or None where no stack was made.

    Raises:
        StackConflict: the file is not ours to read, or damaged.
    """
    try:
        return Settings.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise StackConflict(f"{path} belongs to another user; use that user or another --name") from None
    except ValidationError as exc:
        places = ", ".join(".".join(str(part) for part in error["loc"]) or "the file" for error in exc.errors())
        raise StackConflict(f"{path} is damaged at {places}; clean the stack and bring it up again") from None


def write_settings(path: Path, settings: Settings) -> None:
    """Replaces the file at once, readable by its owner alone: it holds passwords."""
    write_private(path, settings.model_dump_json(indent=2) + "\n")


def ports_of_others(places: Places) -> set[int]:
    """The ports of the other stacks beside this one, running or not."""
    ports: set[int] = set()
    for path in places.root.glob("*/settings.json"):
        if path != places.settings:
            with contextlib.suppress(StackConflict):
                other = read_settings(path)
                ports |= {other.postgres_port, other.receiver_port} if other else set()
    return ports
