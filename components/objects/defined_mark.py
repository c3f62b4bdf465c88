"""A mark that tells how an object was left, by a digest of the text that defines it."""

import hashlib
import re

from components.objects.stack_mark import mark

_DEFINITION = re.compile(r"\ndefinition [0-9a-f]{16}\Z")


def defined_mark(stack: str, definition: str) -> str:
    """The comment of an object of a stack, as the object is when it has been made by ``definition``."""
    return f"{mark(stack)}\ndefinition {hashlib.sha256(definition.encode()).hexdigest()[:16]}"


def is_defined(comment: str | None) -> bool:
    """Whether a comment has a digest; functions of earlier versions have none."""
    return _DEFINITION.search(comment or "") is not None
