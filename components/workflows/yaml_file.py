"""A workflow's file as texts, lists and mappings with their lines. Pure.

YAML 1.2 by ruamel.yaml, with every scalar a text: ``on`` is a name, and ``1_000``, dates and ``=`` mean themselves.
"""

from dataclasses import dataclass, field
from typing import Union

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

MAX_BYTES = 1_000_000
"""Bytes of a workflow at most; GitHub itself takes less."""

MAX_DEPTH = 60
"""Levels of values in one another at most."""


@dataclass(frozen=True)
class Scalar:
    """A text; ``first_line`` is that of its content, which of a block comes after its mark."""

    text: str
    line: int
    first_line: int
    is_block: bool = False


@dataclass(frozen=True)
class Sequence:
    """A list."""

    items: list["Tree"]
    line: int


@dataclass(frozen=True)
class Mapping:
    """A mapping by name; ``lines`` are those of its names."""

    items: dict[str, "Tree"]
    line: int
    lines: dict[str, int] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """The text under a name, or a default."""
        value = self.items.get(name)
        return value.text if isinstance(value, Scalar) else default

    def mapping(self, name: str) -> "Mapping":
        """The mapping under a name, or an empty one."""
        value = self.items.get(name)
        return value if isinstance(value, Mapping) else Mapping({}, self.line)


Tree = Union[Scalar, Sequence, Mapping]  # noqa: UP007 - a forward reference


class NoYaml(Exception):
    """A text is no YAML, or none that is meant; ``str(error)`` is the end of a sentence."""


def read_yaml(text: str) -> Tree:
    """The first document of a text. Raises NoYaml."""
    reader = YAML(typ="rt", pure=True)
    try:
        nodes = list(reader.compose_all(text))
    except YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        place = f" (line {mark.line + 1})" if mark else ""
        raise NoYaml(f"is no YAML{place}") from None
    except (RecursionError, ValueError, AttributeError, TypeError):
        raise NoYaml("is no YAML that can be read") from None
    if not nodes or nodes[0] is None:
        raise NoYaml("is empty")
    return _tree(nodes[0], {}, 1)


def _tree(node: Node, seen: dict[int, Tree | None], depth: int) -> Tree:
    if depth > MAX_DEPTH:
        raise NoYaml(f"has values more than {MAX_DEPTH} deep in one another")
    line = node.start_mark.line + 1
    if isinstance(node, ScalarNode):
        block = node.style in {"|", ">"}
        return Scalar(node.value, line, line + block, block)
    if id(node) in seen:
        done = seen[id(node)]
        if done is None:
            raise NoYaml("has an alias of what it stands in, which never ends")
        return done
    seen[id(node)] = None
    made: Tree
    if isinstance(node, SequenceNode):
        made = Sequence([_tree(item, seen, depth + 1) for item in node.value], line)
    elif isinstance(node, MappingNode):
        made = Mapping({}, line, {})
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                raise NoYaml(f"has a name that is no text (line {key.start_mark.line + 1})")
            if key.value in made.items:
                raise NoYaml(f"has the name {key.value!r} twice (line {key.start_mark.line + 1})")
            made.items[key.value] = _tree(value, seen, depth + 1)
            made.lines[key.value] = key.start_mark.line + 1
    else:
        raise NoYaml("holds what is no value")
    seen[id(node)] = made
    return made
