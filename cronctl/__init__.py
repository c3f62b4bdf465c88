"""cronctl: what people run after ``pulumi up``."""

__version__ = "0.1.0"
"""The project's, as pyproject.toml has it; the metadata of an installed package takes 40 ms to read."""
