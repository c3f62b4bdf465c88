"""Entries in the text of a catalogue: what is there keeps its comments, its order and its form. Pure."""

import difflib
import io
from collections.abc import Mapping, Sequence
from typing import Any

import yaml as pyyaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

from components.catalogue.yaml_tree import SCALARS
from components.errors import InvalidConfiguration

_HEAD = "# yaml-language-server: $schema=./jobs.schema.json\n"
_WIDE = 10_000


def with_entries(
    text: str | None,
    secrets: Mapping[str, Any],
    jobs: Mapping[str, Any],
    comments: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The catalogue with new secrets and jobs behind the ones it has; ``text`` is None where there is no catalogue.

    ``comments`` are sentences to stand above jobs. Raises InvalidConfiguration for a text that is no mapping.
    """
    new: dict[str, CommentedMap] = {part: _written(each) for part, each in _parts(secrets, jobs)}
    above = {name: "\n".join(map(_one_line, sentences)) for name, sentences in (comments or {}).items() if sentences}
    if text is None or not text.strip():
        return (text or "") + _HEAD + "".join(_part(part, entries, above) for part, entries in new.items())
    before = _loaded(text)
    expected = before | {part: {**(before.get(part) or {}), **each} for part, each in _parts(secrets, jobs)}
    written = _inserted(text, new, above)
    if written is None or not _says(written, expected):
        written = _merged(text, new, above)
    if not _says(written, expected):
        raise InvalidConfiguration(["the catalogue has a form in which no entry can be written; write them by hand"])
    return written


def _one_line(sentence: str) -> str:
    return " ".join(sentence.split())


def _part(part: str, entries: CommentedMap, above: Mapping[str, str]) -> str:
    return f"{part}:\n{_lines(part, entries, above, '  ')}"


def _lines(part: str, entries: CommentedMap, above: Mapping[str, str], indent: str) -> str:
    """The lines of a part's new entries, with the comments above jobs."""
    _comment(part, entries, above)
    lines = _dumped(entries).splitlines(keepends=True)
    return "".join(indent + line if line.strip() else line for line in lines)


def _comment(part: str, entries: CommentedMap, above: Mapping[str, str], indent: int = 0) -> None:
    for name in entries if part == "jobs" else ():
        if name in above:
            entries.yaml_set_comment_before_after_key(name, before=above[name], indent=indent)


def _parts(secrets: Mapping[str, Any], jobs: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(part, entries) for part, entries in (("secrets", secrets), ("jobs", jobs)) if entries]


def _inserted(text: str, new: Mapping[str, CommentedMap], above: Mapping[str, str]) -> str | None:
    """The text with entries behind the last ones of their parts; None where a part is not in lines of its own."""
    root = pyyaml.compose(text, pyyaml.CSafeLoader)
    lines = text.splitlines(keepends=True)
    if lines[-1][-1:] not in {"\n", "\r"}:
        lines[-1] += "\n"
    is_block = isinstance(root, pyyaml.MappingNode) and not root.flow_style
    parts = {key.value: value for key, value in root.value} if isinstance(root, pyyaml.MappingNode) else {}
    additions: list[tuple[int, str]] = []
    for part, entries in new.items():
        if (node := parts.get(part)) is None:
            additions.append((len(lines), "\n" + _part(part, entries, above)))
            continue
        if not is_block or not isinstance(node, pyyaml.MappingNode) or node.flow_style or not node.value:
            return None
        indent = " " * node.value[0][0].start_mark.column
        shown = _lines(part, entries, above, indent)
        at = _behind(node)
        while not lines[at - 1].strip():  # which a block has behind it
            at -= 1
        is_spaced = any(not line.strip() for line in lines[node.start_mark.line : at])
        additions.append((at, "\n" + shown if is_spaced and part == "jobs" else shown))
    additions.reverse()  # of two at one line, the first is put in front last
    for at, addition in sorted(additions, key=lambda each: -each[0]):
        lines[at:at] = [addition]
    return "".join(lines)


def _behind(node: pyyaml.Node) -> int:
    """The number of lines up to the end of a node's last value."""
    while not getattr(node, "flow_style", None) and isinstance(node.value, list) and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end: pyyaml.Mark = node.end_mark
    return int(end.line if end.column == 0 else end.line + 1)


def _merged(text: str, new: Mapping[str, CommentedMap], above: Mapping[str, str]) -> str:
    """The text with entries as ruamel writes it, which may lay out anew what is there."""
    yaml = _yaml()
    catalogue = yaml.load(text)
    for part, entries in new.items():
        if not catalogue.get(part):
            catalogue[part] = CommentedMap()
        catalogue[part].fa.set_block_style()
        for name, entry in entries.items():
            catalogue[part][name] = entry
            _comment(part, catalogue[part], {name: above[name]} if name in above else {}, indent=2)
    return _dumped(catalogue)


def _says(text: str, expected: Mapping[str, Any]) -> bool:
    try:
        return _loaded(text) == expected
    except InvalidConfiguration:
        return False


def _loaded(text: str) -> dict[str, Any]:
    """The data of a catalogue. Raises InvalidConfiguration."""
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except YAMLError as exc:
        raise InvalidConfiguration([f"the catalogue is no YAML: {' '.join(str(exc).split())}"]) from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InvalidConfiguration(["the catalogue is no mapping with 'secrets' and 'jobs'"])
    return data


def against_defaults(entry: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """An entry with a null for each of a catalogue's defaults that it does not have, so that none is added to it."""
    whole = dict(entry)
    for key, default in defaults.items():
        if key not in entry:
            whole[key] = None
        elif isinstance(default, Mapping) and isinstance(own := entry[key], Mapping):
            whole[key] = against_defaults(own, default)
    return whole


def difference(before: str | None, after: str, name: str) -> str:
    """The change of the catalogue's text as a unified diff."""
    lines = difflib.unified_diff(
        (before or "").splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"{name} (now)" if before is not None else "/dev/null",
        f"{name} (with --write)",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


class _Representer(RoundTripRepresenter):
    """Writes null as a word, so that no line ends in a blank."""


_Representer.add_representer(
    type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
)


def _yaml() -> YAML:
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = _WIDE
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(data: Any) -> str:  # noqa: ANN401 - a tree of ruamel's
    stream = io.StringIO()
    _yaml().dump(data, stream)
    return stream.getvalue()


def _written(value: Any) -> Any:  # noqa: ANN401 - data as YAML has it
    match value:
        case Mapping():
            return CommentedMap((_text(key), _written(part)) for key, part in value.items())
        case list():
            return [_written(part) for part in value]
        case str():
            return _text(value)
    return value


def _text(value: str) -> Any:  # noqa: ANN401 - a text, or one of ruamel's
    """A text that each reader of YAML takes for the same: statements as blocks, and in quotes what is not plain."""
    is_block = "\n" in value and value.strip() and all(c == "\n" or c.isprintable() for c in value)
    if is_block and not value[0].isspace() and not any(line != line.rstrip() for line in value.split("\n")):
        return LiteralScalarString(value)
    plain = value.isprintable() and value.isascii() and value[:1].isalpha() and not set(value) & set("{}[]#,:'\"\\&*")
    is_word = any(scalar.pattern.match(value) for scalar in SCALARS.values())
    old_words = value.lower() in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
    return (
        value if plain and not is_word and not old_words and value == value.strip() else DoubleQuotedScalarString(value)
    )
