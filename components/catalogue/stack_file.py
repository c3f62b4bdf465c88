"""The stack's file, Pulumi.<stack>.yaml: which values stand in it in clear, which the engine does not report.

The engine calls a whole key secret where one part of it is encrypted, so it lets a plain value beside that part pass.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from components.errors import InvalidConfiguration

SECRET_KEYS = {"databaseUrl": "databaseUrl", "secrets": "--path secrets.<key>, for each key"}
"""Keys of the project's namespace whose values must be encrypted in all parts, with the arguments that set each."""

_ENDINGS = (".yaml", ".yml", ".json")  # all of it is YAML
_OLD_FORM = "config:"
"""``<project>:config:<key>`` is the same key to the engine (pulumi/sdk, common/resource/config/key.go)."""

_ENCRYPTED = "secure"
_UNSET = (None, "", "{}")


def values_in_clear(root: Path, project: str, stack: str) -> Iterator[str]:
    """A sentence for each value that must be encrypted and is not; no sentence shows a value.

    ``root`` is the project's folder; ``stack`` may have its organization and project in front. There are no sentences
    on a stack whose file is elsewhere (``--config-file``). Raises InvalidConfiguration for a file that is no YAML.
    """
    config = _mapping(_file(root, stack.rpartition("/")[2])).get("config")
    for name, value in config.items() if isinstance(config, dict) else ():
        namespace, _, path = str(name).partition(":") if ":" in str(name) else (project, "", str(name))
        path = path.removeprefix(_OLD_FORM)
        if namespace == project and path.partition(".")[0].partition("[")[0] in SECRET_KEYS:
            for place in _plain(value, path):
                yield (
                    f"{namespace}:{place} stands in clear in the stack's file; run: pulumi config set --secret --path "
                    f"{place} --stack {stack}"
                )


def keys_in_clear(project: str, values: Mapping[str, str | None], encrypted: Collection[str]) -> Iterator[str]:
    """A sentence for each whole key that must be encrypted and is not, also where ``Pulumi.yaml`` gives its value.

    ``values`` and ``encrypted`` are the engine's, with the project's namespace in front of the keys.
    """
    for key, how in SECRET_KEYS.items():
        name = f"{project}:{key}"
        if values.get(name) not in _UNSET and name not in encrypted:
            yield f"{name} stands in clear in the stack's file; run: pulumi config set --secret {how}"


def _file(root: Path, stack: str) -> Path:
    """The stack's file: beside the project's file or in the folder that it names, and with the same ending."""
    project = next((root / f"Pulumi{ending}" for ending in _ENDINGS if (root / f"Pulumi{ending}").exists()), root)
    said = _mapping(project)
    folder = said.get("stackConfigDir") or said.get("config")  # the older name of the same; its keys, else
    return root / (folder if isinstance(folder, str) else "") / f"Pulumi.{stack}{project.suffix}"


class _Loader(yaml.CSafeLoader):
    """A reader of YAML that ignores unknown tags, as the engine's own reader does."""


def _untagged(loader: yaml.CSafeLoader, _tag: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else node.value


_Loader.add_multi_constructor("", _untagged)


def _mapping(file: Path) -> dict[Any, Any]:
    """The first document of a YAML file; an empty mapping where there is no file or no mapping.

    Raises InvalidConfiguration for a file that cannot be read, since the engine might be able to read it.
    """
    if not file.is_file():
        return {}
    try:
        data = next(iter(yaml.load_all(file.read_text(encoding="utf-8-sig"), _Loader)), None)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError, AttributeError):
        raise InvalidConfiguration(
            [f"{file.name}: cannot be read as YAML, so nobody knows what stands in clear in it"]
        ) from None
    return data if isinstance(data, dict) else {}


def _plain(value: object, place: str, within: frozenset[int] = frozenset()) -> Iterator[str]:
    """The places of values in clear; ``within`` are the ids of the values around this one."""
    if id(value) in within:  # an alias of a value around it
        return
    within |= {id(value)}
    if isinstance(value, dict):
        if set(value) == {_ENCRYPTED} and isinstance(value[_ENCRYPTED], str):
            return
        for key, part in value.items():
            yield from _plain(part, f"{place}.{key}", within)
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _plain(part, f"{place}[{at}]", within)
    elif value not in _UNSET:
        yield place
