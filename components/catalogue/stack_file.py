"""The stack's file, Pulumi.<stack>.yaml: which values stand in it in clear, which the engine does not report.

The engine calls a whole key secret where one part of it is encrypted, so it lets a plain value beside that part pass.
To read a plain value here takes a tenth of the time in which the engine returns it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
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
    file = _stack_file(*_project_file(root), stack)
    yield from _in_clear(_own_keys(_mapping(file).get("config"), project), project, stack)


def plain_values(root: Path, stack: str, keys: Collection[str]) -> dict[str, object] | None:
    """What the stack's file, or else the project's, has for some keys of the project's, without the engine.

    None where the engine alone knows: there is no such file, an environment adds to it (Pulumi ESC), one of the keys
    is encrypted or set in parts, or ``stack`` names another project. Raises InvalidConfiguration for what must be
    encrypted and is not.
    """
    path, said = _project_file(root)
    project, file = said.get("name"), _stack_file(path, said, stack)
    stated = _mapping(file)
    of_another = stack.count("/") > 1 and stack.split("/")[-2] != project
    if of_another or not isinstance(project, str) or not file.is_file() or stated.get("environment"):
        return None
    own = list(_own_keys(stated.get("config"), project))
    if found := list(_in_clear(own, project, stack)):
        raise InvalidConfiguration(found)
    ours = [(key, _default(value)) for key, value in _own_keys(said.get("config"), project)]
    if next(_in_clear(ours, project, stack), None):
        return None
    values = {key: value for key, value in (*ours, *own) if _head(key) in keys}
    if any(key not in keys or isinstance(value, dict | list) for key, value in values.items()):
        return None
    return values


def _in_clear(own: Iterable[tuple[str, Any]], project: str, stack: str) -> Iterator[str]:
    for path, value in own:
        if _head(path) in SECRET_KEYS:
            for place in _plain(value, path):
                yield (
                    f"{project}:{place} stands in clear in the stack's file; run: pulumi config set --secret --path "
                    f"{place} --stack {stack}"
                )


def _own_keys(config: object, project: str) -> Iterator[tuple[str, Any]]:
    """The keys of the project's namespace without it, each with what stands there."""
    for name, value in config.items() if isinstance(config, dict) else ():
        namespace, _, path = str(name).partition(":") if ":" in str(name) else (project, "", str(name))
        if namespace == project:
            yield path.removeprefix(_OLD_FORM), value


def _head(path: str) -> str:
    """The key itself of one that may be set in parts: ``secrets`` of ``secrets.a``."""
    return path.partition(".")[0].partition("[")[0]


def _default(declared: object) -> object:
    """What Pulumi.yaml gives a key that it declares with its type; else what stands there."""
    if isinstance(declared, dict) and not {"value", "secret"} & declared.keys():
        return declared.get("default")
    return declared


def keys_in_clear(project: str, values: Mapping[str, str | None], encrypted: Collection[str]) -> Iterator[str]:
    """A sentence for each whole key that must be encrypted and is not, also where ``Pulumi.yaml`` gives its value.

    ``values`` and ``encrypted`` are the engine's, with the project's namespace in front of the keys.
    """
    for key, how in SECRET_KEYS.items():
        name = f"{project}:{key}"
        if values.get(name) not in _UNSET and name not in encrypted:
            yield f"{name} stands in clear in the stack's file; run: pulumi config set --secret {how}"


def _project_file(root: Path) -> tuple[Path, dict[Any, Any]]:
    """The project's file with its content, or the folder where there is none."""
    path = next((root / f"Pulumi{ending}" for ending in _ENDINGS if (root / f"Pulumi{ending}").exists()), root)
    return path, _mapping(path)


def _stack_file(project: Path, said: Mapping[Any, Any], stack: str) -> Path:
    """The stack's file: beside the project's file or in the folder that it names, and with the same ending."""
    root = project if project.is_dir() else project.parent
    folder = said.get("stackConfigDir") or said.get("config")  # the older name of the same; its keys, else
    return root / (folder if isinstance(folder, str) else "") / f"Pulumi.{stack.rpartition('/')[2]}{project.suffix}"


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
