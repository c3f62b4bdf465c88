"""The stack's SQL, a file a subject, read by name."""

from importlib.resources import files
from typing import LiteralString


def load(name: str) -> LiteralString:
    """The text of ``<name>.sql``; it ships with the package, so it is as literal as code."""
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
