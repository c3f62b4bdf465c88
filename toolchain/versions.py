"""The versions this project builds and accepts, and how versions compare."""

import re

ENGINE = "3.260.0"
"""The engine to build; ``engine/go.mod`` and ``engine/go.sum`` pin it with all its modules."""

OLDEST_ENGINE = "3.259.0"
"""The oldest installed engine to be content with: the oldest this project, with its SDK, was seen to work with."""

OLDEST_GO = "1.26.6"
"""The Go that the engine's ``go.mod`` asks for."""


def parse(text: str) -> tuple[int, int, int]:
    """Major, minor and patch number of the first version in ``text`` (``v3.260.0``, ``go1.26.8``, ``go1.27rc1``).

    Raises ``ValueError`` when there is none.
    """
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if found is None:
        raise ValueError(f"no version in {text!r}")
    major, minor, patch = (int(number or 0) for number in found.groups())
    return major, minor, patch


def at_least(found: str, wanted: str) -> bool:
    """Whether version ``found`` is ``wanted`` or newer; a text without a version is not."""
    try:
        return parse(found) >= parse(wanted)
    except ValueError:
        return False
