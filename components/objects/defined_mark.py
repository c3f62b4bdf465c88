"""A mark that tells how an object, or a set of them, was left, by a digest of the text that defines it."""

import hashlib
import re
from typing import NamedTuple

from components.objects.object_kind import Difference
from components.objects.stack_mark import mark

_DEFINITION = re.compile(r"\ndefinition [0-9a-f]{16}\Z")


def defined_mark(stack: str, definition: str) -> str:
    """The comment of an object of a stack, as the object is when it has been made by ``definition``."""
    return f"{mark(stack)}\ndefinition {hashlib.sha256(definition.encode()).hexdigest()[:16]}"


def is_defined(comment: str | None) -> bool:
    """Whether a comment has a digest; functions of earlier versions have none."""
    return _DEFINITION.search(comment or "") is not None


class SetMark(NamedTuple):
    """The mark of a whole set of objects, which the comment of one table carries: ``ours`` and the ``live`` one.

    ``live`` is None where the table is gone or has no comment, so that nothing tells who left the set.
    """

    ours: str
    live: str | None

    def lack(self, name: str, declared: object, found: str) -> Difference:
        """The difference of something that the set lacks: where another version left the set, this one brings it."""
        if self.live not in (None, self.ours) and not is_defined(self.live):
            found += ", an earlier version's or removed by hand"
        return Difference(name, declared, found, newer=self.live != self.ours and is_defined(self.live))
