"""A YAML file with its positions, so that every error can name line and column.

libyaml reads the file: PyYAML's own reader takes more than a second for a thousand jobs, in each preview.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import yaml

from components.catalogue.yaml_tree import FLOAT, INT, SCALARS, faults, read_float, read_int
from components.errors import InvalidConfiguration

Location = Sequence[str | int]
"""A path into the data, as pydantic writes it: ``("jobs", "nightly", "http", "timeout")``."""

_VALUE = r"^\s*(?:- +)*(?:[^'\"#\s{}\[\]][^'\"#]*?:\s+|- +)"
_REMEDIES = tuple(
    (re.compile(pattern), remedy)
    for pattern, remedy in (
        (rf"{_VALUE}\*", 'a text that begins with * must be in quotes: "*/5 * * * *"'),
        (r"(?<!['\"{])\{\w[\w.-]*\}", 'a text with {its_key} in it must be in quotes: "{its_key}/path"'),
        (rf"{_VALUE}[@`%|>&!]", 'a text that begins with such a character must be in quotes: "@reboot"'),
        (r"^ *\t", "indent with blanks, not with tabs"),
        (rf"{_VALUE}[^'\"\s].*: ", "a text with a colon and a blank in it must be in quotes"),
    )
)
"""Patterns of lines that are no YAML, each with the remedy."""

_KINDS: dict[type, str] = {list: "sequence", str: "text", int: "number", float: "number", bool: "boolean"}


class _Loader(yaml.CSafeLoader):
    """libyaml with the scalars of YAML 1.2 (its core schema, 10.3.2), where ``on``, ``1:30`` and dates are text.

    The merge key of YAML 1.1 stays.
    """

    yaml_implicit_resolvers: ClassVar = {}  # type: ignore[misc]  # of the class, whatever the stubs say


for _tag, _scalar in SCALARS.items():
    _Loader.add_implicit_resolver(_tag, _scalar.pattern, _scalar.first)
_Loader.add_constructor(INT, lambda _, node: read_int(node.value))
_Loader.add_constructor(FLOAT, lambda _, node: read_float(node.value))


class Source(NamedTuple):
    """The data of a file, and its nodes, which have the positions of all values."""

    path: Path
    data: dict[Any, Any]
    root: yaml.MappingNode

    def position(self, location: Location) -> tuple[int, int] | None:
        """Line and column (from 1) of a value's key, or None for a location that this file lacks."""
        node: yaml.Node = self.root
        mark = None
        for step in location:
            below = _below(node, step)
            if below is None:
                return None
            mark, node = below
        return (mark.line + 1, mark.column + 1) if mark else None

    def nearest(self, location: Location) -> tuple[int, int] | None:
        """The position of the innermost value around a location that this file has, or None."""
        positions = (self.position(location[:end]) for end in range(len(location), 0, -1))
        return next((position for position in positions if position), None)


def read_source(path: Path) -> Source:
    """Read a YAML mapping.

    Raises InvalidConfiguration for a file that is missing or unreadable, and as :func:`source_of` does.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InvalidConfiguration(
            [f"{path}: no such file; cronctl init writes one, and pulumi config set catalogue FILE names another"]
        ) from None
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8 text"
        raise InvalidConfiguration([f"{path}: cannot be read: {reason}"]) from exc
    return source_of(path, text)


def source_of(path: Path, text: str) -> Source:
    """A YAML mapping by its text; ``path`` is the file that has it, or is to have it.

    Raises InvalidConfiguration for what is no YAML (with line and column), no mapping, or has a key twice.
    """
    try:
        loader = _Loader(text)
        root: yaml.Node | None = loader.get_single_node()
        refused = faults(root) if root else []  # before the merge keys are resolved, which may be overridden
        data = loader.construct_document(root) if root and not refused else None
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        problem = " ".join(filter(None, (exc.context, exc.problem)))
        raise InvalidConfiguration([f"{path}:{_place(mark)}: invalid YAML: {problem}{_remedy(text, exc)}"]) from None
    except yaml.YAMLError as exc:
        raise InvalidConfiguration([f"{path}: invalid YAML: {' '.join(str(exc).split())}"]) from None
    if refused:
        raise InvalidConfiguration(f"{path}:{_place(mark)}: {sentence}" for mark, sentence in refused)
    if not isinstance(root, yaml.MappingNode) or not isinstance(data, dict):
        content = "is empty" if data is None else f"holds a {_KINDS[type(data)]}"
        raise InvalidConfiguration([f"{path}: {content}; it must be a mapping with 'secrets' and 'jobs'"])
    return Source(path, data, root)


def _below(node: yaml.Node, step: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    """The position and the node under a key or an index; None where a node has no such part."""
    if isinstance(node, yaml.MappingNode):
        values = ((key.start_mark, value) for key, value in reversed(node.value) if key.value == str(step))
        return next(values, None)  # the last, since the values of a merge key stand in front
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None


def _remedy(text: str, error: yaml.MarkedYAMLError) -> str:
    """The remedy for the line of an error, as the end of a sentence; empty for a line without a common mistake."""
    if isinstance(error, yaml.constructor.ConstructorError) or error.problem_mark is None:
        return ""
    line = "".join(text.splitlines()[error.problem_mark.line :][:1])
    return next((f"; {remedy}" for pattern, remedy in _REMEDIES if pattern.search(line)), "")


def _place(mark: yaml.Mark | None) -> str:
    return f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
