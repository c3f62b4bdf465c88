"""Parts of a YAML document that no catalogue means, found in its nodes before they become data. Pure."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import yaml

from components.leaks.key_form import key_in
from components.values.exact_number import decimal_number, not_finite, whole_number

MAX_DEPTH = 100
"""Levels of values in one another at most."""

MAX_REPEATED = 100_000
"""Values that all aliases of a document together repeat at most."""

_PREFIX = "tag:yaml.org,2002:"
_STRING, _MERGE, INT, FLOAT = (f"{_PREFIX}{name}" for name in ("str", "merge", "int", "float"))
_COLLECTIONS = {yaml.MappingNode: f"{_PREFIX}map", yaml.SequenceNode: f"{_PREFIX}seq"}

_FINITE = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"


def read_int(text: str) -> int:
    """A whole number, decimal unless it begins with 0o or 0x. Raises ValueError with the end of a sentence."""
    return whole_number(text, 0 if text[1:2] in {"o", "x"} else 10)


def read_float(text: str) -> float:
    """A number that is not whole. Raises ValueError with the end of a sentence."""
    return decimal_number(text) if re.fullmatch(_FINITE, text) else not_finite(text)


class _Scalar(NamedTuple):
    pattern: re.Pattern[str]
    first: list[str]
    """Characters with which such a scalar begins."""
    read: Callable[[str], object] | None = None


SCALARS = {
    f"{_PREFIX}{name}": _Scalar(re.compile(rf"(?:{pattern})\Z"), list(first), read)
    for name, pattern, first, read in (
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""], None),
        ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF", None),
        ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789", read_int),
        ("float", rf"{_FINITE}|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+.0123456789", read_float),
        ("merge", r"<<", "<", None),
    )
}
"""The scalars of YAML 1.2 (its core schema, 10.3.2), where ``on``, ``1:30`` and dates are text; and the merge key."""


class Fault(NamedTuple):
    """The position of a part that is refused, and the sentence on it."""

    mark: yaml.Mark
    sentence: str


class _Size(NamedTuple):
    """The depth of a node and the number of nodes in it, itself included; an alias counts as its anchor's node."""

    depth: int
    nodes: int


_LEAF = _Size(1, 1)


def faults(root: yaml.Node) -> list[Fault]:
    """The faults of a document in order; one fault alone for a document that is too deep or too large."""
    walk = _Walk()
    try:
        size = walk.size(root, 1)
    except _Endless as endless:
        return [endless.fault]
    if size.nodes - walk.seen > MAX_REPEATED:
        return [Fault(root.start_mark, f"its aliases bring more than {MAX_REPEATED} values again; write fewer of them")]
    return sorted(walk.faults, key=lambda fault: fault.mark.index)


class _Endless(Exception):
    def __init__(self, node: yaml.Node, sentence: str) -> None:
        self.fault = Fault(node.start_mark, sentence)
        super().__init__(sentence)


class _Walk:
    """A walk through all nodes, which visits each once and collects faults."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.seen = 0
        self._sizes: dict[int, _Size | None] = {}

    def size(self, node: yaml.Node, level: int) -> _Size:
        if not isinstance(node, yaml.CollectionNode):
            self.seen += 1
            if node.tag != _STRING:
                self._refuse(node.start_mark, _scalar_fault(node))
            return _LEAF
        if id(node) in self._sizes:
            size = self._sizes[id(node)]
            if size is None:
                raise _Endless(node, "it has an alias of what it stands in, which never ends; take it out")
        else:
            self.seen += 1
            self._sizes[id(node)] = None
            size = self._sizes[id(node)] = self._collection_size(node, level)
        if level + size.depth > MAX_DEPTH:
            raise _Endless(node, f"values stand more than {MAX_DEPTH} deep in one another; write it flat")
        return size

    def _collection_size(self, node: yaml.CollectionNode, level: int) -> _Size:
        if level > MAX_DEPTH:
            return _LEAF
        if node.tag != _COLLECTIONS[type(node)]:
            self._refuse(node.start_mark, _meaningless(node.tag))
        below = list(self._below(node))
        sizes = [self.size(child, level + 1) for child in below]
        return _Size(1 + max((size.depth for size in sizes), default=0), 1 + sum(size.nodes for size in sizes))

    def _below(self, node: yaml.CollectionNode) -> Iterator[yaml.Node]:
        if isinstance(node, yaml.SequenceNode):
            yield from node.value
            return
        keys = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag not in {_STRING, _MERGE}:
                self._refuse(key.start_mark, "a name must be a text; put it in quotes")
            elif key.value in keys:
                self._refuse(key.start_mark, f"{key.value!r} is declared twice; remove one")
            else:
                keys.add(key.value)
            if _is_unquoted(node, key) and key_in(key.value) is None:
                self._refuse(
                    node.start_mark, f'{{{key.value}}} is a mapping to YAML; put it in quotes: "{{{key.value}}}"'
                )
            yield value

    def _refuse(self, mark: yaml.Mark, sentence: str | None) -> None:
        if sentence is not None:
            self.faults.append(Fault(mark, sentence))


def _is_unquoted(node: yaml.CollectionNode, key: yaml.Node) -> bool:
    """Whether a mapping is ``{key}`` without a colon: a secret's place that lacks quotes."""
    return (
        len(node.value) == 1
        and isinstance(key, yaml.ScalarNode)
        and bool(node.flow_style)
        and node.end_mark.index == key.end_mark.index + 1
    )


def _scalar_fault(node: yaml.Node) -> str | None:
    kind = SCALARS.get(node.tag)
    if kind is None:
        return _meaningless(node.tag)
    if node.tag == _MERGE or not kind.pattern.match(node.value):
        return f"this is no value of the tag {_shown(node.tag)!r}; put a text in quotes, and take the tag out"
    try:
        if kind.read is not None:
            kind.read(node.value)
    except ValueError as exc:
        return f"this {exc}"
    return None


def _meaningless(tag: str) -> str:
    return f"the tag {_shown(tag)!r} means nothing here; take it out"


def _shown(tag: str) -> str:
    return tag.replace(_PREFIX, "!!")
