"""A YAML file with its positions, so that every mistake can be told with line and column."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from components.errors import InvalidConfiguration

Location = Sequence[str | int]
"""A path into the data, as pydantic writes it: ``("jobs", "nightly", "http", "timeout")``."""


class Source(NamedTuple):
    """What a file holds and where in it each value stands."""

    path: Path
    data: CommentedMap

    def position(self, location: Location) -> tuple[int, int] | None:
        """Line and column (from 1) of a value's key, or None where this file has nothing at that place."""
        node: Any = self.data
        found = None
        for step in location:
            if isinstance(node, CommentedMap) and step in node:
                found = node.lc.key(step)
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                found = node.lc.item(step)
            else:
                return None
            node = node[step]
        return None if found is None else (found[0] + 1, found[1] + 1)

    def nearest(self, location: Location) -> tuple[int, int] | None:
        """The position of the closest thing around a place that does stand in this file, for what is missing there."""
        found = (self.position(location[:end]) for end in range(len(location), 0, -1))
        return next((place for place in found if place), None)


def read_source(path: Path) -> Source:
    """Read a YAML mapping.

    Raises InvalidConfiguration for a file that is missing, unreadable, no YAML (with line and column), or that has a
    key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidConfiguration(
            [f"{path}: no such file; create it or name another in supabase-cron:catalogue"]
        ) from None
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise InvalidConfiguration([f"{path}: cannot be read: {reason}"]) from exc
    try:
        data = YAML(typ="rt").load(text)
    except DuplicateKeyError as exc:
        line, column = _mark(exc)
        name = (exc.problem or "").split('"')[1]
        raise InvalidConfiguration([f"{path}:{line}:{column}: {name!r} is declared twice; remove one"]) from None
    except MarkedYAMLError as exc:
        line, column = _mark(exc)
        raise InvalidConfiguration([f"{path}:{line}:{column}: invalid YAML: {exc.problem}"]) from None
    except YAMLError as exc:
        raise InvalidConfiguration([f"{path}: invalid YAML: {' '.join(str(exc).split())}"]) from None
    if not isinstance(data, CommentedMap):
        found = "is empty" if data is None else f"holds a {type(data).__name__.removeprefix('Commented').lower()}"
        raise InvalidConfiguration([f"{path}: {found}; it must be a mapping with 'secrets' and 'jobs'"])
    return Source(path, data)


def _mark(exc: MarkedYAMLError) -> tuple[int, int]:
    mark = exc.problem_mark or exc.context_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def plain(node: Any) -> Any:  # noqa: ANN401 - YAML holds anything
    """The same data as plain dicts, lists and scalars, without positions."""
    if isinstance(node, dict):
        return {key: plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    for kind in (str, int, float):  # ruamel keeps how a scalar was written in subclasses of these
        if isinstance(node, kind):
            return kind(node)
    return node
