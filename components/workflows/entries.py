"""Entries put into the text of a catalogue: what stands there stays to the letter. Pure.

This is the one place that writes YAML, so that another writer can take its place.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any, NamedTuple

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from components.errors import InvalidConfiguration
from components.importing.entries import against_defaults
from components.workflows.outcome import Outcome, Told

HEADER = "# yaml-language-server: $schema=./jobs.schema.json\n"
_FLOW = {"auth", "status", "retry"}


class Entry(NamedTuple):
    """An entry of a mapping, with the comments above it."""

    name: str
    value: Mapping[str, Any]
    comments: tuple[str, ...] = ()


def job_entry(outcome: Outcome, defaults: Mapping[str, Any]) -> Entry:
    """A job's entry: paused where it would not do the same, without what the catalogue's defaults would add."""
    job = dict(outcome.job or {})
    comments = [_comment(told) for told in outcome.notes]
    if outcome.reason:
        comments = [f"NOT THE SAME: {_comment(told)}" for told in outcome.reason] + comments
        job["active"] = False
    return Entry(outcome.name, against_defaults(job, defaults), tuple(comments))


def _comment(told: Told) -> str:
    return f"{told.where.file.replace(chr(92), '/').rpartition('/')[2]}:{told.where.line}: {told.sentence}"


def with_entries(text: str, file: str, secrets: Sequence[Entry], jobs: Sequence[Entry]) -> str:
    """A catalogue's text with more entries at the ends of its mappings.

    Raises InvalidConfiguration for a catalogue that is no mapping, or whose mappings stand in one line.
    """
    text = text or HEADER
    for section, entries in (("secrets", secrets), ("jobs", jobs)):
        if entries:
            text = _with_section(text, file, section, entries)
    return text


def _with_section(text: str, file: str, section: str, entries: Sequence[Entry]) -> str:
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        raise InvalidConfiguration([f"{file}: is no YAML; mend it first (cronctl lint says where)"]) from None
    if root is not None and not isinstance(root, yaml.MappingNode):
        raise InvalidConfiguration([f"{file}: holds no mapping; it must be one with 'secrets' and 'jobs'"])
    pairs = [(key, value) for key, value in (root.value if root else []) if key.value == section]
    ends = text if not text or text.endswith("\n") else f"{text}\n"
    if not pairs:
        if section == "secrets" and (at := _line_of(root, "jobs")) is not None:
            lines = ends.splitlines(keepends=True)
            return "".join([*lines[:at], f"secrets:\n{_written(entries, 2)}\n", *lines[at:]])
        return f"{ends}\n{section}:\n{_written(entries, 2)}"
    key, value = pairs[0]
    lines = ends.splitlines(keepends=True)
    if isinstance(value, yaml.MappingNode) and value.value and not value.flow_style:
        indent = value.value[0][0].start_mark.column
        end = _last_line(value)
        gap = "\n" if section == "jobs" else ""
        return "".join([*lines[:end], gap, _written(entries, indent), *lines[end:]])
    if (isinstance(value, yaml.ScalarNode) and value.value in {"", "~", "null"}) or (
        isinstance(value, yaml.MappingNode) and not value.value
    ):
        at = key.start_mark.line
        lines[at] = re.sub(r":\s*(\{\s*\}|~|null)?(\s*(?:#.*)?)\n?$", r":\2\n", lines[at])
        return "".join([*lines[: at + 1], _written(entries, 2), *lines[at + 1 :]])
    raise InvalidConfiguration([f"{file}: its {section!r} stand in one line; write them one below the other first"])


def _line_of(root: yaml.MappingNode | None, section: str) -> int | None:
    return next((key.start_mark.line for key, _ in (root.value if root else []) if key.value == section), None)


def _last_line(node: yaml.Node) -> int:
    """The number of lines up to the end of a block, without what is blank or a comment behind it."""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and node.value and not node.flow_style:
        node = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
    mark = node.end_mark
    return (
        int(mark.line) + (1 if mark.column else 0)
        if mark.line > node.start_mark.line
        else int(node.start_mark.line) + 1
    )


def _written(entries: Iterable[Entry], indent: int) -> str:
    blank = " " * indent
    made = []
    for entry in entries:
        lines = [f"# {' '.join(comment.split())}" for comment in entry.comments]
        lines += _yaml({entry.name: entry.value}).splitlines()
        made.append("".join(f"{blank}{line}\n" if line else "\n" for line in lines))
    gap = "\n" if any("http" in entry.value for entry in entries) else ""
    return gap.join(made)


def _yaml(data: Any) -> str:  # noqa: ANN401 - JSON
    writer = YAML()
    writer.width = 10_000
    writer.allow_unicode = True
    writer.representer.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    stream = StringIO()
    writer.dump(_styled(data), stream)
    return stream.getvalue()


def _styled(value: Any, name: str = "") -> Any:  # noqa: ANN401 - JSON
    """Data as ruamel writes it, short mappings and lists in one line."""
    if isinstance(value, Mapping):
        made = CommentedMap((key, _styled(part, key)) for key, part in value.items())
        if name in _FLOW or not value:
            made.fa.set_flow_style()
        return made
    if isinstance(value, list):
        items = CommentedSeq([_styled(part) for part in value])
        if name in _FLOW or not value:
            items.fa.set_flow_style()
        return items
    return value
