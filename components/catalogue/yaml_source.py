"""A YAML file with its positions, so that every mistake can be told with line and column.

libyaml reads it: in Python alone a thousand jobs take more than a second, in each preview.
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
"""What is wrong with a line that is no YAML, by what is seen in it, and what to do."""

_KINDS: dict[type, str] = {list: "sequence", str: "text", int: "number", float: "number", bool: "boolean"}


class _Loader(yaml.CSafeLoader):
    """libyaml with the scalars of YAML 1.2 (its core schema, 10.3.2), where ``on``, ``1:30`` and dates are text.

    The merge key is of YAML 1.1, and kept.
    """

    yaml_implicit_resolvers: ClassVar = {}  # type: ignore[misc]  # of the class, whatever the stubs say


for _tag, _scalar in SCALARS.items():
    _Loader.add_implicit_resolver(_tag, _scalar.pattern, _scalar.first)
_Loader.add_constructor(INT, lambda _, node: read_int(node.value))
_Loader.add_constructor(FLOAT, lambda _, node: read_float(node.value))


class Source(NamedTuple):
    """What a file holds, and the nodes that tell where in it each value stands."""

    path: Path
    data: dict[Any, Any]
    root: yaml.MappingNode

    def position(self, location: Location) -> tuple[int, int] | None:
        """Line and column (from 1) of a value's key, or None where this file has nothing at that place."""
        node: yaml.Node = self.root
        mark = None
        for step in location:
            below = _below(node, step)
            if below is None:
                return None
            mark, node = below
        return (mark.line + 1, mark.column + 1) if mark else None

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
        found = "is empty" if data is None else f"holds a {_KINDS[type(data)]}"
        raise InvalidConfiguration([f"{path}: {found}; it must be a mapping with 'secrets' and 'jobs'"])
    return Source(path, data, root)


def _below(node: yaml.Node, step: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    """What stands in a node under a key or an index, and where."""
    if isinstance(node, yaml.MappingNode):
        found = ((key.start_mark, value) for key, value in reversed(node.value) if key.value == str(step))
        return next(found, None)  # the last, since what a merge key brings stands in front
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None


def _remedy(text: str, error: yaml.MarkedYAMLError) -> str:
    """What to write instead, where a line has one of the mistakes that are made most."""
    if isinstance(error, yaml.constructor.ConstructorError) or error.problem_mark is None:
        return ""
    line = "".join(text.splitlines()[error.problem_mark.line :][:1])
    return next((f"; {remedy}" for pattern, remedy in _REMEDIES if pattern.search(line)), "")


def _place(mark: yaml.Mark | None) -> str:
    return f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
