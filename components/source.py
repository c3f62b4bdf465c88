"""A YAML file with its positions, so that every mistake can be told with line and column.

libyaml reads it: in Python alone a thousand jobs take more than a second, in each preview.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import yaml

from components.errors import InvalidConfiguration

Location = Sequence[str | int]
"""A path into the data, as pydantic writes it: ``("jobs", "nightly", "http", "timeout")``."""

_KINDS: dict[type, str] = {list: "sequence", str: "text", int: "number", float: "number", bool: "boolean"}


class _Loader(yaml.CSafeLoader):
    """libyaml with the scalars of YAML 1.2 (its core schema, 10.3.2), where ``on``, ``1:30`` and dates are text.

    The merge key is of YAML 1.1, and kept.
    """

    yaml_implicit_resolvers: ClassVar = {}  # type: ignore[misc]  # of the class, whatever the stubs say


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)
_Loader.add_constructor(
    "tag:yaml.org,2002:int",
    lambda _, node: int(node.value, 0 if node.value[1:2] in {"o", "x"} else 10),  # 1.1 has 010 as octal
)


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
        repeated = list(_repeated_keys(root, set()))  # before the merge keys are resolved, which may be overridden
        data = loader.construct_document(root) if root else None
    except yaml.MarkedYAMLError as exc:
        problem = " ".join(filter(None, (exc.context, exc.problem)))
        raise InvalidConfiguration(
            [f"{path}:{_place(exc.problem_mark or exc.context_mark)}: invalid YAML: {problem}"]
        ) from None
    except yaml.YAMLError as exc:
        raise InvalidConfiguration([f"{path}: invalid YAML: {' '.join(str(exc).split())}"]) from None
    if not isinstance(root, yaml.MappingNode) or not isinstance(data, dict):
        found = "is empty" if data is None else f"holds a {_KINDS[type(data)]}"
        raise InvalidConfiguration([f"{path}: {found}; it must be a mapping with 'secrets' and 'jobs'"])
    if repeated:
        raise InvalidConfiguration(
            f"{path}:{_place(key.start_mark)}: {key.value!r} is declared twice; remove one" for key in repeated
        )
    return Source(path, data, root)


def _below(node: yaml.Node, step: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    """What stands in a node under a key or an index, and where."""
    if isinstance(node, yaml.MappingNode):
        found = ((key.start_mark, value) for key, value in reversed(node.value) if key.value == str(step))
        return next(found, None)  # the last, since what a merge key brings stands in front
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None


def _repeated_keys(node: yaml.Node | None, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    """The keys that come again in the same mapping, of which YAML would keep the last; an alias is looked at once."""
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        keys = set()
        for key, value in node.value:
            name = key.tag, str(key.value)
            if name in keys:
                yield key
            keys.add(name)
            yield from _repeated_keys(value, seen)
    else:
        for value in node.value:
            yield from _repeated_keys(value, seen)


def _place(mark: yaml.Mark | None) -> str:
    return f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
