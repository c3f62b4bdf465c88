"""psycopg imported without asyncio and without the metadata of packages: a third less time at the start of a command.

psycopg's asynchronous half, which no command uses, names asyncio when it is imported, and its version is looked up in
the metadata. While it is imported, both have stand-ins, which know what psycopg 3.3 asks them for; whatever else is
asked of asyncio comes from the real one. Afterwards both are what they were.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

NAMES = ("CancelledError", "Future", "Lock", "Queue", "Task", "get_running_loop", "sleep")
"""What psycopg takes from asyncio when it is imported."""


class _Unused(BaseException):
    """Stands for each of NAMES, as a type, as a base, and in an ``except``."""

    def __new__(cls, *_given: object) -> "_Unused":
        raise RuntimeError("psycopg was imported for commands, which are not asynchronous")

    def __class_getitem__(cls, _parameter: object) -> type["_Unused"]:
        return cls


class _StandIn(ModuleType):
    """asyncio, as far as psycopg's import goes."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a module's attribute
        if name in NAMES:
            return _Unused
        if name.startswith("__"):  # asked for by the import itself
            raise AttributeError(name)
        sys.modules.pop(self.__name__, None)
        return getattr(importlib.import_module(self.__name__), name)


class _NotLookedUp(Exception):
    """psycopg's own way to go on without a version."""


def _no_version(_package: str) -> str:
    raise _NotLookedUp


def import_driver() -> None:
    """Import psycopg, unless it is there, or what would be spared is."""
    if "psycopg" not in sys.modules and "asyncio" not in sys.modules and "importlib.metadata" not in sys.modules:
        metadata = ModuleType("importlib.metadata")
        vars(metadata).update(version=_no_version, PackageNotFoundError=_NotLookedUp)
        with _instead(_StandIn("asyncio")), _instead(metadata):
            importlib.import_module("psycopg")


@contextmanager
def _instead(module: ModuleType) -> Iterator[None]:
    """Let a module be imported by its name in this block."""
    package, _, name = module.__name__.rpartition(".")
    sys.modules[module.__name__] = module
    if package:
        setattr(sys.modules[package], name, module)
    try:
        yield
    finally:
        if sys.modules.get(module.__name__) is module:
            del sys.modules[module.__name__]
        if package:
            delattr(sys.modules[package], name)
